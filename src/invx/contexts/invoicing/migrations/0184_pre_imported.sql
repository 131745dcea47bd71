-- Documents that another system issued: they stand in lists and receivables beside our own.

ALTER TABLE {schema}.documents
    ADD COLUMN origin text NOT NULL DEFAULT 'issued' COLLATE "C"
        CHECK (origin IN ('issued', 'imported'));
CREATE INDEX documents_imported ON {schema}.documents (tenant_id, document_id)
    WHERE origin = 'imported';

-- What an import brought, by its number there: one document per number, unless it was taken back.
CREATE TABLE {schema}.imported_documents (
    tenant_id uuid NOT NULL,
    document_id uuid NOT NULL,
    import_id uuid NOT NULL,
    legal_entity_id uuid NOT NULL,
    source text NOT NULL COLLATE "C",
    number text NOT NULL COLLATE "C",
    digest text NOT NULL COLLATE "C",
    file text COLLATE "C",
    voided boolean NOT NULL,
    PRIMARY KEY (tenant_id, document_id),
    FOREIGN KEY (tenant_id, document_id) REFERENCES {schema}.documents
);
CREATE UNIQUE INDEX imported_documents_number
    ON {schema}.imported_documents (tenant_id, legal_entity_id, source, number) WHERE NOT voided;
CREATE INDEX imported_documents_import
    ON {schema}.imported_documents (tenant_id, import_id, document_id);
CREATE INDEX imported_documents_file
    ON {schema}.imported_documents (tenant_id, import_id, file) WHERE file IS NOT NULL;
COMMENT ON COLUMN {schema}.imported_documents.digest IS
    'SHA-256 of what was imported: the same row again is the same document, another one is refused.';

CREATE TABLE {schema}.imports (
    tenant_id uuid NOT NULL,
    import_id uuid NOT NULL,
    version bigint NOT NULL,
    legal_entity_id uuid NOT NULL,
    source text NOT NULL COLLATE "C",
    status text NOT NULL COLLATE "C" CHECK (status IN ('open', 'committed', 'reversed')),
    as_of date NOT NULL,
    file_name text,
    sha256 text NOT NULL COLLATE "C",
    size bigint NOT NULL,
    columns json NOT NULL,
    columns_sha256 text NOT NULL COLLATE "C",
    row_count bigint NOT NULL,
    mapping json NOT NULL,
    operation_id uuid,
    opened_at timestamptz NOT NULL,
    opened_by text NOT NULL,
    committed_at timestamptz,
    reversed_at timestamptz,
    PRIMARY KEY (tenant_id, import_id),
    FOREIGN KEY (tenant_id, import_id) REFERENCES {schema}.streams,
    FOREIGN KEY (tenant_id, legal_entity_id) REFERENCES {schema}.legal_entities,
    CONSTRAINT committed_is_when_an_operation_began
        CHECK ((status = 'open') = (operation_id IS NULL))
);
CREATE INDEX imports_columns ON {schema}.imports (tenant_id, columns_sha256, import_id);

-- The uploaded file until it is committed, and its documents until each is imported.
CREATE TABLE {schema}.import_files (
    tenant_id uuid NOT NULL,
    import_id uuid NOT NULL,
    bytes bytea NOT NULL,
    uploaded_at timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, import_id),
    FOREIGN KEY (tenant_id, import_id) REFERENCES {schema}.imports
);
ALTER TABLE {schema}.import_files ALTER COLUMN bytes SET STORAGE EXTERNAL;
CREATE TABLE {schema}.import_items (
    tenant_id uuid NOT NULL,
    import_id uuid NOT NULL,
    document_id uuid NOT NULL,
    customer text COLLATE "C",
    item json NOT NULL,
    PRIMARY KEY (tenant_id, document_id),
    FOREIGN KEY (tenant_id, import_id) REFERENCES {schema}.imports
);
CREATE INDEX import_items_import ON {schema}.import_items (tenant_id, import_id, document_id);

-- What is open at the takeover is booked against an account of its own.
ALTER TABLE {schema}.bookings DROP CONSTRAINT bookings_kind_check;
ALTER TABLE {schema}.bookings ADD CONSTRAINT bookings_kind_check CHECK (kind IN ('revenue',
    'payment', 'refund', 'discount', 'write_off', 'withholding', 'exchange', 'allocation', 'rounding',
    'recognition', 'opening_balance')) NOT VALID;

DO $$
DECLARE name text;
BEGIN
    FOREACH name IN ARRAY ARRAY['imported_documents', 'imports', 'import_files', 'import_items']
    LOOP
        EXECUTE format('ALTER TABLE {schema}.%I ENABLE ROW LEVEL SECURITY', name);
        EXECUTE format('ALTER TABLE {schema}.%I FORCE ROW LEVEL SECURITY', name);
        EXECUTE format('CREATE POLICY tenant ON {schema}.%I TO {schema}_app'
            ' USING (tenant_id = {schema}.current_tenant())'
            ' WITH CHECK (tenant_id = {schema}.current_tenant())', name);
    END LOOP;
END $$;
GRANT SELECT, INSERT, UPDATE ON {schema}.imported_documents, {schema}.imports TO {schema}_app;
GRANT SELECT, INSERT, DELETE ON {schema}.import_files, {schema}.import_items TO {schema}_app;
