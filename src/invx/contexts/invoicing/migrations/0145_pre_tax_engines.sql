-- What tax engines are told of documents that they taxed, and whether they have taken it.

CREATE TABLE {schema}.engine_entries (
    tenant_id uuid NOT NULL,
    engine_entry_id uuid NOT NULL,
    version bigint NOT NULL,
    document_id uuid NOT NULL,
    legal_entity_id uuid NOT NULL,
    kind text NOT NULL COLLATE "C" CHECK (kind IN ('sale', 'refund', 'void')),
    engine text NOT NULL COLLATE "C",
    quote text NOT NULL,
    reverses uuid,
    status text NOT NULL COLLATE "C" CHECK (status IN ('pending', 'committed', 'failed')),
    attempts bigint NOT NULL,
    reason text,
    retry_at timestamptz,
    reference text,
    owed_at timestamptz NOT NULL,
    committed_at timestamptz,
    PRIMARY KEY (tenant_id, engine_entry_id),
    FOREIGN KEY (tenant_id, engine_entry_id) REFERENCES {schema}.streams,
    FOREIGN KEY (tenant_id, document_id) REFERENCES {schema}.documents,
    CHECK ((status = 'committed') = (reference IS NOT NULL))
);
CREATE INDEX engine_entries_owed ON {schema}.engine_entries (tenant_id, owed_at, engine_entry_id);
CREATE INDEX engine_entries_status
    ON {schema}.engine_entries (tenant_id, status, owed_at, engine_entry_id);
CREATE INDEX engine_entries_document
    ON {schema}.engine_entries (tenant_id, document_id, owed_at, engine_entry_id);

ALTER TABLE {schema}.engine_entries ENABLE ROW LEVEL SECURITY;
ALTER TABLE {schema}.engine_entries FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON {schema}.engine_entries TO {schema}_app
    USING (tenant_id = {schema}.current_tenant())
    WITH CHECK (tenant_id = {schema}.current_tenant());
GRANT SELECT, INSERT, UPDATE ON {schema}.engine_entries TO {schema}_app;
