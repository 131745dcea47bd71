-- M4 and M5 as before, asked once per statement for all rows that it states: asked row by row, this
-- was the dearest check of a chunk of invoices. Both are looked at when the whole statement is done,
-- so the order in which a write set states its tables does not matter.
CREATE FUNCTION {schema}.check_settlements() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE wrong record;
BEGIN
    SELECT s.settled, s.entered_base, s.entered_tax, e.total, t.bases, t.taxes,
            s.status <> 'void' AND e.total <> s.settled AS off_balance
        INTO wrong
        FROM stated s
        CROSS JOIN LATERAL (SELECT coalesce(sum(amount), 0) AS total
            FROM {schema}.settlement_entries
            WHERE tenant_id = s.tenant_id AND document_id = s.document_id) e
        CROSS JOIN LATERAL (SELECT coalesce(sum(base), 0) AS bases, coalesce(sum(tax), 0) AS taxes
            FROM {schema}.tax_entries
            WHERE tenant_id = s.tenant_id AND document_id = s.document_id) t
        WHERE (s.status <> 'void' AND e.total <> s.settled)
            OR t.bases <> s.entered_base OR t.taxes <> s.entered_tax
        LIMIT 1;
    IF NOT FOUND THEN
        RETURN NULL;
    END IF;
    IF wrong.off_balance THEN
        RAISE EXCEPTION 'settled % is not the sum of the entries %', wrong.settled, wrong.total
            USING ERRCODE = 'check_violation', CONSTRAINT = 'settled_is_the_sum_of_entries';
    END IF;
    RAISE EXCEPTION 'the tax ledger holds % and %, the settlement says % and %',
        wrong.bases, wrong.taxes, wrong.entered_base, wrong.entered_tax
        USING ERRCODE = 'check_violation', CONSTRAINT = 'entered_is_the_sum_of_tax_entries';
END $$;

DROP TRIGGER settled_is_the_sum_of_entries ON {schema}.settlements;
DROP FUNCTION {schema}.check_settlement();
CREATE TRIGGER settled_is_the_sum_of_entries AFTER INSERT ON {schema}.settlements
    REFERENCING NEW TABLE AS stated
    FOR EACH STATEMENT EXECUTE FUNCTION {schema}.check_settlements();
CREATE TRIGGER settled_stays_the_sum_of_entries AFTER UPDATE ON {schema}.settlements
    REFERENCING NEW TABLE AS stated
    FOR EACH STATEMENT EXECUTE FUNCTION {schema}.check_settlements();
