-- The tax ledger (M5): append-only entries, made by the events of settlements. A registration is an
-- id made from country and number, never the number itself, which may be a sole trader's.

CREATE TABLE {schema}.tax_entries (
    tenant_id uuid NOT NULL,
    document_id uuid NOT NULL,
    sequence bigint NOT NULL,
    tax_entry_id uuid NOT NULL,
    legal_entity_id uuid NOT NULL,
    cause text NOT NULL COLLATE "C" CHECK (cause IN ('issued', 'advance_received',
        'cash_received', 'discount_taken', 'credited', 'written_off', 'corrected', 'voided')),
    settlement_entry uuid,
    reverses uuid,
    tax_point date NOT NULL,
    period text NOT NULL COLLATE "C",
    country text COLLATE "C",
    registration_id uuid,
    basis text NOT NULL COLLATE "C" CHECK (basis IN ('accrual', 'cash')),
    scheme text COLLATE "C",
    regime text NOT NULL COLLATE "C",
    jurisdiction text COLLATE "C",
    category text NOT NULL COLLATE "C",
    rate numeric NOT NULL,
    currency text NOT NULL COLLATE "C",
    base numeric NOT NULL,
    tax numeric NOT NULL,
    tax_currency text COLLATE "C",
    exchange_rate numeric,
    rate_source text COLLATE "C",
    accounted_base numeric,
    accounted_tax numeric,
    provisional boolean NOT NULL,
    recorded_at timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, document_id, sequence),
    FOREIGN KEY (tenant_id, document_id) REFERENCES {schema}.settlements,
    CONSTRAINT both_currencies_or_one CHECK (
        (tax_currency IS NULL) = (accounted_tax IS NULL)
        AND (tax_currency IS NULL) = (accounted_base IS NULL)
        AND (tax_currency IS NULL) = (exchange_rate IS NULL)),
    CONSTRAINT an_entry_moves_something CHECK (base <> 0 OR tax <> 0)
);
CREATE INDEX tax_entries_point ON {schema}.tax_entries (tenant_id, tax_point, document_id, sequence);
CREATE INDEX tax_entries_period ON {schema}.tax_entries
    (tenant_id, legal_entity_id, period, tax_point, document_id, sequence);
CREATE INDEX tax_entries_registration ON {schema}.tax_entries
    (tenant_id, legal_entity_id, registration_id, period, tax_point, document_id, sequence);

ALTER TABLE {schema}.tax_entries ENABLE ROW LEVEL SECURITY;
ALTER TABLE {schema}.tax_entries FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON {schema}.tax_entries TO {schema}_app
    USING (tenant_id = {schema}.current_tenant())
    WITH CHECK (tenant_id = {schema}.current_tenant());
GRANT SELECT, INSERT, UPDATE ON {schema}.tax_entries TO {schema}_app;

-- What the ledger holds of a document as its settlement says, and the tax that it does not hold:
-- not received yet, or given up. Both together are the document's tax.
ALTER TABLE {schema}.settlements
    ADD COLUMN entered_base numeric NOT NULL DEFAULT 0,
    ADD COLUMN entered_tax numeric NOT NULL DEFAULT 0,
    ADD COLUMN unentered_tax numeric NOT NULL DEFAULT 0;

-- M4 and M5: a balance equals the sum of its entries, and so does what is entered of its tax.
CREATE OR REPLACE FUNCTION {schema}.check_settlement() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE total numeric; bases numeric; taxes numeric;
BEGIN
    SELECT coalesce(sum(amount), 0) INTO total FROM {schema}.settlement_entries
        WHERE tenant_id = NEW.tenant_id AND document_id = NEW.document_id;
    IF NEW.status <> 'void' AND total <> NEW.settled THEN
        RAISE EXCEPTION 'settled % is not the sum of the entries %', NEW.settled, total
            USING ERRCODE = 'check_violation', CONSTRAINT = 'settled_is_the_sum_of_entries';
    END IF;
    SELECT coalesce(sum(base), 0), coalesce(sum(tax), 0) INTO bases, taxes
        FROM {schema}.tax_entries
        WHERE tenant_id = NEW.tenant_id AND document_id = NEW.document_id;
    IF bases <> NEW.entered_base OR taxes <> NEW.entered_tax THEN
        RAISE EXCEPTION 'the tax ledger holds % and %, the settlement says % and %',
            bases, taxes, NEW.entered_base, NEW.entered_tax
            USING ERRCODE = 'check_violation', CONSTRAINT = 'entered_is_the_sum_of_tax_entries';
    END IF;
    RETURN NULL;
END $$;
