-- Files as rows, each under the hash of its bytes (infra/storage/rows.py; docs/adr/0019).
CREATE TABLE {schema}.stored_files (
    tenant_id uuid NOT NULL,
    sha256 text NOT NULL COLLATE "C" CHECK (sha256 ~ '^[0-9a-f]{64}$'),
    size bigint NOT NULL CHECK (size = length(bytes)),
    bytes bytea NOT NULL,
    put_at timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, sha256)
);
-- PDFs do not shrink; an external value is read without being unpacked.
ALTER TABLE {schema}.stored_files ALTER COLUMN bytes SET STORAGE EXTERNAL;

ALTER TABLE {schema}.stored_files ENABLE ROW LEVEL SECURITY;
ALTER TABLE {schema}.stored_files FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON {schema}.stored_files TO {schema}_app
    USING (tenant_id = {schema}.current_tenant())
    WITH CHECK (tenant_id = {schema}.current_tenant());
GRANT SELECT, INSERT, UPDATE, DELETE ON {schema}.stored_files TO {schema}_app;
