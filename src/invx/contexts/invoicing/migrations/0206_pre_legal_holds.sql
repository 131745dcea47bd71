-- Legal holds: what must stay whatever retention says, why, and who said so.
CREATE TABLE {schema}.legal_holds (
    tenant_id uuid NOT NULL,
    hold_id uuid NOT NULL,
    version bigint NOT NULL,
    scope text NOT NULL COLLATE "C" CHECK (scope IN ('document', 'customer', 'legal_entity')),
    target_id uuid NOT NULL,
    subject_id uuid NOT NULL,
    customer text COLLATE "C",
    reason text,
    placed_at timestamptz NOT NULL,
    placed_by text NOT NULL,
    released_at timestamptz,
    released_by text,
    release_reason text,
    PRIMARY KEY (tenant_id, hold_id),
    FOREIGN KEY (tenant_id, hold_id) REFERENCES {schema}.streams,
    CONSTRAINT released_by_somebody CHECK ((released_at IS NULL) = (released_by IS NULL)),
    CONSTRAINT a_customer_is_named CHECK ((scope = 'customer') = (customer IS NOT NULL))
);
COMMENT ON COLUMN {schema}.legal_holds.target_id IS
    'The document, the subject behind the customer, or the legal entity.';
CREATE INDEX legal_holds_standing ON {schema}.legal_holds (tenant_id, hold_id)
    WHERE released_at IS NULL;
CREATE INDEX legal_holds_subject ON {schema}.legal_holds (tenant_id, subject_id);
ALTER TABLE {schema}.legal_holds ENABLE ROW LEVEL SECURITY;
ALTER TABLE {schema}.legal_holds FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON {schema}.legal_holds TO {schema}_app
    USING (tenant_id = {schema}.current_tenant()) WITH CHECK (tenant_id = {schema}.current_tenant());
GRANT SELECT, INSERT, UPDATE ON {schema}.legal_holds TO {schema}_app;

-- Which holds stopped an erasure: it goes on when one of them is released.
ALTER TABLE {schema}.erasures ADD COLUMN holds uuid[];
