-- A contract that was done stays known by its message id, so it is never done twice: `republish`
-- makes the same ids anew from events, and events are kept for ever. Its body is forgotten.
ALTER TABLE {schema}.inbox ALTER COLUMN body DROP NOT NULL;
COMMENT ON COLUMN {schema}.inbox.body IS 'Null when it was done long ago; the message id stays.';
CREATE INDEX inbox_remembered ON {schema}.inbox (tenant_id, finished_at)
    WHERE state = 'done' AND body IS NOT NULL;

-- Frees the days that are over; today's list and those of the last eight days stay. An empty list
-- is left alone, since TRUNCATE waits for everybody who reads or writes answers, and everybody for
-- it; where it would wait long it gives up until the next time.
CREATE OR REPLACE FUNCTION {schema}.forget_idempotency(p_today date) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog SET lock_timeout = '1s' AS $$
DECLARE list text;
BEGIN
    FOR age IN 9..15 LOOP
        list := format('{schema}.idempotency_%s', ((p_today - date '2020-01-01') - age) % 16);
        IF pg_relation_size(list::regclass) > 0 THEN
            EXECUTE 'TRUNCATE ' || list;
        END IF;
    END LOOP;
END $$;
