-- Every finalized document once, as revenue sees it; amounts are signed.

CREATE TABLE {schema}.documents (
    tenant_id uuid NOT NULL,
    document_id uuid NOT NULL,
    type text NOT NULL COLLATE "C",
    legal_entity_id uuid NOT NULL,
    currency text NOT NULL COLLATE "C",
    month date NOT NULL CHECK (extract(day FROM month) = 1),
    net numeric NOT NULL,
    tax numeric NOT NULL,
    gross numeric NOT NULL CHECK (gross = net + tax),
    voided boolean NOT NULL,
    counts boolean NOT NULL CHECK (counts = (type <> 'proforma' AND NOT voided)),
    PRIMARY KEY (tenant_id, document_id)
);
-- Revenue is read from this index alone.
CREATE INDEX documents_revenue ON {schema}.documents
    (tenant_id, month, currency, legal_entity_id) INCLUDE (net, tax, gross) WHERE counts;

ALTER TABLE {schema}.documents ENABLE ROW LEVEL SECURITY;
ALTER TABLE {schema}.documents FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON {schema}.documents TO {schema}_app
    USING (tenant_id = {schema}.current_tenant())
    WITH CHECK (tenant_id = {schema}.current_tenant());
GRANT SELECT, INSERT, UPDATE ON {schema}.documents TO {schema}_app;
