-- Deferred and recognised revenue, append-only, and the months that are still to come.

CREATE TABLE {schema}.recognition_entries (
    tenant_id uuid NOT NULL,
    document_id uuid NOT NULL,
    sequence bigint NOT NULL,
    legal_entity_id uuid NOT NULL,
    customer text COLLATE "C",
    line_id text NOT NULL COLLATE "C",
    kind text NOT NULL COLLATE "C"
        CHECK (kind IN ('deferred', 'recognized', 'credited', 'reversed')),
    part text NOT NULL COLLATE "C",
    on_date date NOT NULL,
    amount numeric NOT NULL CHECK (amount <> 0),
    currency text NOT NULL COLLATE "C",
    booked_amount numeric,
    book_currency text NOT NULL COLLATE "C",
    revenue_account text COLLATE "C",
    deferral_account text COLLATE "C",
    recorded_at timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, document_id, sequence),
    FOREIGN KEY (tenant_id, document_id) REFERENCES {schema}.settlements
);
CREATE INDEX recognition_entries_day
    ON {schema}.recognition_entries (tenant_id, legal_entity_id, on_date, document_id);

-- Of each line what was deferred and recognised so far: the sums of its entries, whoever writes.
CREATE TABLE {schema}.recognition_lines (
    tenant_id uuid NOT NULL,
    document_id uuid NOT NULL,
    line_id text NOT NULL COLLATE "C",
    method text NOT NULL COLLATE "C" CHECK (method IN ('straight_line', 'milestone')),
    net numeric NOT NULL,
    deferred numeric NOT NULL,
    recognized numeric NOT NULL,
    credited numeric NOT NULL,
    plan json NOT NULL,
    PRIMARY KEY (tenant_id, document_id, line_id),
    FOREIGN KEY (tenant_id, document_id) REFERENCES {schema}.settlements,
    CONSTRAINT revenue_is_somewhere CHECK (deferred + recognized = net - credited)
);
CREATE FUNCTION {schema}.check_recognition() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE aside numeric; earned numeric;
BEGIN
    SELECT coalesce(sum(amount) FILTER (WHERE kind = 'deferred'), 0)
            - coalesce(sum(amount) FILTER (WHERE kind IN ('recognized', 'credited')), 0),
        coalesce(sum(amount) FILTER (WHERE kind = 'recognized'), 0)
            - coalesce(sum(amount) FILTER (WHERE kind = 'reversed'), 0)
        INTO aside, earned FROM {schema}.recognition_entries
        WHERE tenant_id = NEW.tenant_id AND document_id = NEW.document_id
            AND line_id = NEW.line_id;
    IF aside <> NEW.deferred OR earned <> NEW.recognized THEN
        RAISE EXCEPTION 'entries hold % deferred and % recognised, the line says % and %',
            aside, earned, NEW.deferred, NEW.recognized
            USING ERRCODE = 'check_violation', CONSTRAINT = 'recognition_is_the_sum_of_entries';
    END IF;
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER recognition_is_the_sum_of_entries
    AFTER INSERT OR UPDATE ON {schema}.recognition_lines
    DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION {schema}.check_recognition();

DO $$
DECLARE name text;
BEGIN
    FOREACH name IN ARRAY ARRAY['recognition_entries', 'recognition_lines'] LOOP
        EXECUTE format('ALTER TABLE {schema}.%I ENABLE ROW LEVEL SECURITY', name);
        EXECUTE format('ALTER TABLE {schema}.%I FORCE ROW LEVEL SECURITY', name);
        EXECUTE format('CREATE POLICY tenant ON {schema}.%I TO {schema}_app'
            ' USING (tenant_id = {schema}.current_tenant())'
            ' WITH CHECK (tenant_id = {schema}.current_tenant())', name);
    END LOOP;
END $$;
GRANT SELECT, INSERT, UPDATE ON {schema}.recognition_entries, {schema}.recognition_lines
    TO {schema}_app;
