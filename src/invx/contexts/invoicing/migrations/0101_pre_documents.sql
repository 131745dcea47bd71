-- Invoicing: its rows. Statuses are text with a CHECK, amounts that are sorted have a bigint twin in
-- the smallest unit, names have a sort key made in Python: only such columns may serve as an index
-- under row-level security (design, section 5).

CREATE TABLE {schema}.legal_entities (
    tenant_id uuid NOT NULL,
    legal_entity_id uuid NOT NULL,
    version bigint NOT NULL,
    external_id text COLLATE "C",
    name text NOT NULL,
    resource json NOT NULL,
    PRIMARY KEY (tenant_id, legal_entity_id),
    FOREIGN KEY (tenant_id, legal_entity_id) REFERENCES {schema}.streams
);
CREATE UNIQUE INDEX legal_entities_external_id ON {schema}.legal_entities (tenant_id, external_id);

CREATE TABLE {schema}.series (
    tenant_id uuid NOT NULL,
    series_id uuid NOT NULL,
    version bigint NOT NULL,
    legal_entity_id uuid NOT NULL,
    name text NOT NULL,
    pattern text NOT NULL,
    types text[] NOT NULL,
    reset text NOT NULL COLLATE "C" CHECK (reset IN ('none', 'yearly', 'monthly')),
    legal boolean NOT NULL,
    held boolean NOT NULL,
    period text NOT NULL COLLATE "C",
    last_number bigint NOT NULL,
    last_date date,
    PRIMARY KEY (tenant_id, series_id),
    FOREIGN KEY (tenant_id, legal_entity_id) REFERENCES {schema}.legal_entities,
    FOREIGN KEY (tenant_id, series_id) REFERENCES {schema}.streams
);
CREATE INDEX series_of_entity ON {schema}.series (tenant_id, legal_entity_id, series_id);

-- The series that a document type draws from when the request names none.
CREATE TABLE {schema}.default_series (
    tenant_id uuid NOT NULL,
    legal_entity_id uuid NOT NULL,
    type text NOT NULL COLLATE "C",
    series_id uuid NOT NULL,
    PRIMARY KEY (tenant_id, legal_entity_id, type),
    FOREIGN KEY (tenant_id, series_id) REFERENCES {schema}.series
);

CREATE TABLE {schema}.documents (
    tenant_id uuid NOT NULL,
    document_id uuid NOT NULL,
    version bigint NOT NULL,
    legal_entity_id uuid NOT NULL,
    type text NOT NULL COLLATE "C" CHECK (type IN ('invoice', 'credit_note', 'proforma')),
    status text NOT NULL COLLATE "C"
        CHECK (status IN ('draft', 'finalized', 'cancelled', 'replaced')),
    voided boolean NOT NULL,
    series_id uuid,
    number text COLLATE "C",
    external_id text COLLATE "C",
    customer text COLLATE "C",
    buyer_name text,
    buyer_sort text COLLATE "C",
    currency text NOT NULL COLLATE "C",
    issue_date date,
    due_date date,
    net numeric NOT NULL,
    tax numeric NOT NULL,
    gross numeric NOT NULL,
    due numeric NOT NULL,
    gross_units bigint NOT NULL,
    test boolean NOT NULL,
    released_at timestamptz,
    credits uuid,
    credit_notes uuid[] NOT NULL,
    replaces uuid,
    replaced_by uuid,
    cancels uuid,
    cancelled_by uuid,
    created_at timestamptz NOT NULL,
    finalized_at timestamptz,
    PRIMARY KEY (tenant_id, document_id),
    FOREIGN KEY (tenant_id, document_id) REFERENCES {schema}.streams,
    FOREIGN KEY (tenant_id, legal_entity_id) REFERENCES {schema}.legal_entities,
    FOREIGN KEY (tenant_id, series_id) REFERENCES {schema}.series,
    FOREIGN KEY (tenant_id, credits) REFERENCES {schema}.documents,
    CONSTRAINT net_and_tax_make_gross CHECK (net + tax = gross),
    CONSTRAINT a_number_comes_with_finalizing CHECK ((status = 'draft') = (number IS NULL))
);
CREATE UNIQUE INDEX documents_external_id ON {schema}.documents (tenant_id, external_id);
CREATE UNIQUE INDEX documents_number
    ON {schema}.documents (tenant_id, legal_entity_id, number, series_id);
CREATE INDEX documents_status ON {schema}.documents (tenant_id, status, document_id);
CREATE INDEX documents_type ON {schema}.documents (tenant_id, type, document_id);
CREATE INDEX documents_entity ON {schema}.documents (tenant_id, legal_entity_id, document_id);
CREATE INDEX documents_customer ON {schema}.documents (tenant_id, customer, document_id);
CREATE INDEX documents_issue_date ON {schema}.documents (tenant_id, issue_date, document_id);
CREATE INDEX documents_due_date ON {schema}.documents (tenant_id, due_date, document_id);
CREATE INDEX documents_gross ON {schema}.documents (tenant_id, gross_units, document_id);
CREATE INDEX documents_buyer ON {schema}.documents (tenant_id, buyer_sort, document_id);
CREATE INDEX documents_currency ON {schema}.documents (tenant_id, currency, document_id);
-- Drafts have no number, and few documents credit another: the others pay nothing for these two.
CREATE INDEX documents_number_sort ON {schema}.documents (tenant_id, number, document_id)
    WHERE number IS NOT NULL;
CREATE INDEX documents_credits ON {schema}.documents (tenant_id, credits, document_id)
    WHERE credits IS NOT NULL;
CREATE INDEX documents_created ON {schema}.documents (tenant_id, created_at, document_id);

-- Every number ever drawn, and every range left out with its reason: the gap report (N01).
CREATE TABLE {schema}.numbers (
    tenant_id uuid NOT NULL,
    series_id uuid NOT NULL,
    period text NOT NULL COLLATE "C",
    number bigint NOT NULL,
    text text NOT NULL COLLATE "C",
    document_id uuid NOT NULL,
    on_date date NOT NULL,
    PRIMARY KEY (tenant_id, series_id, period, number),
    UNIQUE (tenant_id, series_id, text),
    UNIQUE (tenant_id, document_id),
    FOREIGN KEY (tenant_id, series_id) REFERENCES {schema}.series,
    FOREIGN KEY (tenant_id, document_id) REFERENCES {schema}.documents
);
CREATE TABLE {schema}.skipped_numbers (
    tenant_id uuid NOT NULL,
    series_id uuid NOT NULL,
    period text NOT NULL COLLATE "C",
    first_skipped bigint NOT NULL,
    next bigint NOT NULL,
    reason text,
    actor text NOT NULL,
    PRIMARY KEY (tenant_id, series_id, period, first_skipped),
    FOREIGN KEY (tenant_id, series_id) REFERENCES {schema}.series
);

-- What the API says of a document and never changes between two edits, made once.
CREATE TABLE {schema}.document_contents (
    tenant_id uuid NOT NULL,
    document_id uuid NOT NULL,
    resource json NOT NULL,
    PRIMARY KEY (tenant_id, document_id),
    FOREIGN KEY (tenant_id, document_id) REFERENCES {schema}.documents ON DELETE CASCADE
);

CREATE TABLE {schema}.settlements (
    tenant_id uuid NOT NULL,
    document_id uuid NOT NULL,
    version bigint NOT NULL,
    legal_entity_id uuid NOT NULL,
    customer text COLLATE "C",
    currency text NOT NULL COLLATE "C",
    total numeric NOT NULL,
    settled numeric NOT NULL,
    open numeric NOT NULL,
    surplus numeric NOT NULL,
    open_units bigint NOT NULL,
    paid numeric NOT NULL,
    credited numeric NOT NULL,
    written_off numeric NOT NULL,
    discounted numeric NOT NULL,
    withheld numeric NOT NULL,
    refunded numeric NOT NULL,
    status text NOT NULL COLLATE "C"
        CHECK (status IN ('open', 'partial', 'settled', 'overpaid', 'written_off', 'void')),
    disputed boolean NOT NULL,
    due_date date,
    overdue_from timestamptz,
    PRIMARY KEY (tenant_id, document_id),
    FOREIGN KEY (tenant_id, document_id) REFERENCES {schema}.documents,
    CONSTRAINT open_is_what_is_not_settled
        CHECK (status = 'void' OR open = greatest(total - settled, 0)),
    CONSTRAINT surplus_is_what_is_too_much
        CHECK (status = 'void' OR surplus = greatest(settled - total, 0)),
    CONSTRAINT open_is_never_below_zero CHECK (open >= 0 AND surplus >= 0)
);
CREATE INDEX settlements_status ON {schema}.settlements (tenant_id, status, document_id);
CREATE INDEX settlements_open ON {schema}.settlements (tenant_id, open_units, document_id);
CREATE INDEX settlements_overdue ON {schema}.settlements (tenant_id, overdue_from, document_id)
    WHERE open > 0;

CREATE TABLE {schema}.settlement_entries (
    tenant_id uuid NOT NULL,
    document_id uuid NOT NULL,
    sequence bigint NOT NULL,
    entry_id uuid NOT NULL,
    kind text NOT NULL COLLATE "C" CHECK (kind IN
        ('payment', 'credit', 'write_off', 'withholding', 'discount', 'refund')),
    amount numeric NOT NULL CHECK (amount <> 0),
    settled_after numeric NOT NULL,
    source text NOT NULL COLLATE "C",
    on_date date NOT NULL,
    note text,
    reverses uuid,
    recorded_at timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, document_id, sequence),
    FOREIGN KEY (tenant_id, document_id) REFERENCES {schema}.settlements,
    UNIQUE (tenant_id, document_id, source),
    UNIQUE (tenant_id, entry_id)
);

-- M4: a balance equals the sum of its entries, whoever writes.
CREATE FUNCTION {schema}.check_settlement() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE total numeric;
BEGIN
    SELECT coalesce(sum(amount), 0) INTO total FROM {schema}.settlement_entries
        WHERE tenant_id = NEW.tenant_id AND document_id = NEW.document_id;
    IF NEW.status <> 'void' AND total <> NEW.settled THEN
        RAISE EXCEPTION 'settled % is not the sum of the entries %', NEW.settled, total
            USING ERRCODE = 'check_violation', CONSTRAINT = 'settled_is_the_sum_of_entries';
    END IF;
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER settled_is_the_sum_of_entries
    AFTER INSERT OR UPDATE ON {schema}.settlements
    FOR EACH ROW EXECUTE FUNCTION {schema}.check_settlement();

-- What was first issued, byte for byte (D1).
CREATE TABLE {schema}.archives (
    tenant_id uuid NOT NULL,
    document_id uuid NOT NULL,
    kind text NOT NULL COLLATE "C" CHECK (kind IN ('pdf')),
    media_type text NOT NULL,
    sha256 text NOT NULL,
    bytes bytea NOT NULL,
    archived_at timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, document_id, kind),
    FOREIGN KEY (tenant_id, document_id) REFERENCES {schema}.documents
);
ALTER TABLE {schema}.archives ALTER COLUMN bytes SET STORAGE EXTERNAL;

DO $$
DECLARE name text;
BEGIN
    FOREACH name IN ARRAY ARRAY['legal_entities', 'series', 'default_series', 'documents',
            'numbers', 'skipped_numbers',
            'document_contents', 'settlements', 'settlement_entries', 'archives'] LOOP
        EXECUTE format('ALTER TABLE {schema}.%I ENABLE ROW LEVEL SECURITY', name);
        EXECUTE format('ALTER TABLE {schema}.%I FORCE ROW LEVEL SECURITY', name);
        EXECUTE format('CREATE POLICY tenant ON {schema}.%I TO {schema}_app'
            ' USING (tenant_id = {schema}.current_tenant())'
            ' WITH CHECK (tenant_id = {schema}.current_tenant())', name);
    END LOOP;
END $$;
GRANT SELECT, INSERT, UPDATE ON {schema}.legal_entities, {schema}.series, {schema}.default_series,
    {schema}.documents, {schema}.document_contents, {schema}.settlements, {schema}.numbers,
    {schema}.skipped_numbers, {schema}.settlement_entries TO {schema}_app;
GRANT DELETE ON {schema}.documents, {schema}.document_contents TO {schema}_app;
GRANT SELECT, INSERT, DELETE ON {schema}.archives TO {schema}_app;
