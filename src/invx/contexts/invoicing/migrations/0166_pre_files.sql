-- Uploaded files, which documents name as their attachments (BG-24). What they are is made from
-- events (`files`); where their bytes lie is stated once and may move (`file_contents`).
CREATE TABLE {schema}.files (
    tenant_id uuid NOT NULL,
    file_id uuid NOT NULL,
    version bigint NOT NULL,
    name text,
    media_type text NOT NULL COLLATE "C",
    size bigint NOT NULL CHECK (size >= 0),
    sha256 text NOT NULL COLLATE "C",
    added_at timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, file_id),
    FOREIGN KEY (tenant_id, file_id) REFERENCES {schema}.streams
);
CREATE INDEX files_media_type ON {schema}.files (tenant_id, media_type, file_id);
CREATE INDEX files_sha256 ON {schema}.files (tenant_id, sha256, file_id);
-- How much there is: summed up at each upload, from the index alone.
CREATE INDEX files_size ON {schema}.files (tenant_id) INCLUDE (size);

CREATE TABLE {schema}.file_contents (
    tenant_id uuid NOT NULL,
    file_id uuid NOT NULL,
    sha256 text NOT NULL COLLATE "C",
    size bigint NOT NULL,
    place text NOT NULL COLLATE "C" CHECK (place IN ('database', 'folder', 's3')),
    row_sha256 text COLLATE "C",
    PRIMARY KEY (tenant_id, file_id),
    FOREIGN KEY (tenant_id, file_id) REFERENCES {schema}.streams,
    FOREIGN KEY (tenant_id, row_sha256) REFERENCES {schema}.stored_files,
    CONSTRAINT file_contents_row_is_named
        CHECK ((place = 'database') = (row_sha256 IS NOT NULL) AND row_sha256 = sha256)
);
CREATE INDEX file_contents_sha256 ON {schema}.file_contents (tenant_id, sha256);
CREATE INDEX file_contents_row ON {schema}.file_contents (tenant_id, row_sha256)
    WHERE row_sha256 IS NOT NULL;

-- Which document names which file: a file that is named cannot be deleted.
CREATE TABLE {schema}.document_files (
    tenant_id uuid NOT NULL,
    document_id uuid NOT NULL,
    file_id uuid NOT NULL,
    PRIMARY KEY (tenant_id, document_id, file_id),
    FOREIGN KEY (tenant_id, document_id) REFERENCES {schema}.documents ON DELETE CASCADE,
    CONSTRAINT document_files_file
        FOREIGN KEY (tenant_id, file_id) REFERENCES {schema}.files
);
CREATE INDEX document_files_of_file ON {schema}.document_files (tenant_id, file_id, document_id);

DO $$
DECLARE name text;
BEGIN
    FOREACH name IN ARRAY ARRAY['files', 'file_contents', 'document_files'] LOOP
        EXECUTE format('ALTER TABLE {schema}.%I ENABLE ROW LEVEL SECURITY', name);
        EXECUTE format('ALTER TABLE {schema}.%I FORCE ROW LEVEL SECURITY', name);
        EXECUTE format('CREATE POLICY tenant ON {schema}.%I TO {schema}_app'
            ' USING (tenant_id = {schema}.current_tenant())'
            ' WITH CHECK (tenant_id = {schema}.current_tenant())', name);
    END LOOP;
END $$;
GRANT SELECT, INSERT, UPDATE, DELETE ON {schema}.files, {schema}.file_contents,
    {schema}.document_files TO {schema}_app;
