-- The register: a row per legal document that was issued or voided, in the order of issue, chained.
CREATE TABLE {schema}.register (
    tenant_id uuid NOT NULL,
    legal_entity_id uuid NOT NULL,
    position bigint NOT NULL CHECK (position > 0),
    kind text NOT NULL COLLATE "C" CHECK (kind IN ('issued', 'voided')),
    document_id uuid NOT NULL,
    type text NOT NULL COLLATE "C",
    number text NOT NULL COLLATE "C",
    series_id uuid NOT NULL,
    drawn bigint,
    issue_date date NOT NULL,
    happened_at timestamptz NOT NULL,
    currency text NOT NULL COLLATE "C",
    net numeric NOT NULL,
    tax numeric NOT NULL,
    gross numeric NOT NULL,
    due numeric NOT NULL,
    taxes json NOT NULL,
    document_hash text NOT NULL COLLATE "C",
    credits uuid,
    cancels uuid,
    replaces uuid,
    previous text NOT NULL COLLATE "C",
    fingerprint text NOT NULL COLLATE "C",
    entered_at timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, legal_entity_id, position),
    UNIQUE (tenant_id, document_id, kind),
    FOREIGN KEY (tenant_id, legal_entity_id) REFERENCES {schema}.legal_entities,
    FOREIGN KEY (tenant_id, document_id) REFERENCES {schema}.documents,
    CHECK ((kind = 'issued') = (drawn IS NOT NULL))
);
COMMENT ON COLUMN {schema}.register.drawn IS
    'The version of the series at which the number was drawn: where to go on from.';
CREATE UNIQUE INDEX register_drawn ON {schema}.register (tenant_id, series_id, drawn)
    WHERE drawn IS NOT NULL;
-- Few documents are voided: the others pay nothing for it.
CREATE INDEX documents_voided ON {schema}.documents (tenant_id, legal_entity_id, document_id)
    WHERE voided;

ALTER TABLE {schema}.register ENABLE ROW LEVEL SECURITY;
ALTER TABLE {schema}.register FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON {schema}.register TO {schema}_app
    USING (tenant_id = {schema}.current_tenant())
    WITH CHECK (tenant_id = {schema}.current_tenant());
GRANT SELECT, INSERT, UPDATE ON {schema}.register TO {schema}_app;
