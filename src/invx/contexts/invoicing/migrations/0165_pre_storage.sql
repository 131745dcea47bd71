-- Archived files lie in a storage (docs/adr/0019): the row keeps hash, size and place. Files that
-- were archived before stay in their row until `invx storage move` takes them elsewhere.
ALTER TABLE {schema}.archives
    ALTER COLUMN bytes DROP NOT NULL,
    ADD COLUMN size bigint,
    ADD COLUMN place text NOT NULL DEFAULT 'row' COLLATE "C"
        CHECK (place IN ('row', 'database', 'folder', 's3')),
    ADD COLUMN row_sha256 text COLLATE "C",
    ADD CONSTRAINT archives_bytes_are_somewhere CHECK ((place = 'row') = (bytes IS NOT NULL)),
    ADD CONSTRAINT archives_size_is_known CHECK (place = 'row' OR size IS NOT NULL),
    ADD CONSTRAINT archives_row_is_named
        CHECK ((place = 'database') = (row_sha256 IS NOT NULL) AND row_sha256 = sha256),
    ADD FOREIGN KEY (tenant_id, row_sha256) REFERENCES {schema}.stored_files;
COMMENT ON COLUMN {schema}.archives.row_sha256 IS
    'The hash again where the bytes are rows: the key that keeps them from being deleted.';

-- Whether a file is still named is asked before it is deleted.
CREATE INDEX archives_sha256 ON {schema}.archives (tenant_id, sha256);
CREATE INDEX archives_row ON {schema}.archives (tenant_id, row_sha256)
    WHERE row_sha256 IS NOT NULL;

-- A move changes where the bytes lie, never what they are.
GRANT UPDATE (place, bytes, size, row_sha256) ON {schema}.archives TO {schema}_app;
