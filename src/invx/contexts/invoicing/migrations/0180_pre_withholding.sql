-- Tax that buyers keep back: what documents expect, and the certificates that prove it.

ALTER TABLE {schema}.settlements ADD COLUMN expected_withholding numeric NOT NULL DEFAULT 0;
CREATE INDEX settlements_withholding
    ON {schema}.settlements (tenant_id, legal_entity_id, document_id)
    WHERE expected_withholding <> 0;

CREATE TABLE {schema}.withholding_certificates (
    tenant_id uuid NOT NULL,
    document_id uuid NOT NULL,
    source text NOT NULL COLLATE "C",
    legal_entity_id uuid NOT NULL,
    customer text COLLATE "C",
    currency text NOT NULL COLLATE "C",
    on_date date NOT NULL,
    amount numeric NOT NULL CHECK (amount >= 0),
    final boolean NOT NULL,
    recorded_at timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, document_id, source),
    FOREIGN KEY (tenant_id, document_id) REFERENCES {schema}.settlements
);
CREATE INDEX withholding_certificates_day
    ON {schema}.withholding_certificates (tenant_id, on_date, document_id);

ALTER TABLE {schema}.withholding_certificates ENABLE ROW LEVEL SECURITY;
ALTER TABLE {schema}.withholding_certificates FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON {schema}.withholding_certificates TO {schema}_app
    USING (tenant_id = {schema}.current_tenant())
    WITH CHECK (tenant_id = {schema}.current_tenant());
GRANT SELECT, INSERT, UPDATE ON {schema}.withholding_certificates TO {schema}_app;
