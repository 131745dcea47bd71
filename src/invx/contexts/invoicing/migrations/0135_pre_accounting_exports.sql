-- Exports of the journal to accountants. `exported_bookings` decides who has a booking: a destination
-- has each once, whoever races (0135: ADR 0014). No table here holds a personal value but the reason
-- of a cancellation, which is the legal entity's own word, and the caller's own ids of customers.

CREATE TABLE {schema}.accounting_exports (
    tenant_id uuid NOT NULL,
    export_id uuid NOT NULL,
    version bigint NOT NULL,
    legal_entity_id uuid NOT NULL,
    destination text NOT NULL COLLATE "C",
    format text NOT NULL COLLATE "C" CHECK (format IN ('datev', 'csv', 'jsonl')),
    status text NOT NULL COLLATE "C" CHECK (status IN ('ready', 'handed_over', 'cancelled')),
    until date NOT NULL,
    settings json NOT NULL,
    bookings integer NOT NULL CHECK (bookings > 0),
    first_day date NOT NULL,
    last_day date NOT NULL,
    digest text NOT NULL COLLATE "C",
    more boolean NOT NULL,
    file_name text,
    file_media_type text,
    file_sha256 text COLLATE "C",
    file_size bigint,
    opened_at timestamptz NOT NULL,
    opened_by text NOT NULL,
    handed_over_at timestamptz,
    handed_over_by text,
    cancelled_at timestamptz,
    cancelled_by text,
    reason text,
    PRIMARY KEY (tenant_id, export_id),
    FOREIGN KEY (tenant_id, export_id) REFERENCES {schema}.streams,
    FOREIGN KEY (tenant_id, legal_entity_id) REFERENCES {schema}.legal_entities
);
CREATE INDEX accounting_exports_destination ON {schema}.accounting_exports
    (tenant_id, legal_entity_id, destination, export_id);
CREATE INDEX accounting_exports_status ON {schema}.accounting_exports
    (tenant_id, status, export_id);

CREATE TABLE {schema}.exported_bookings (
    tenant_id uuid NOT NULL,
    export_id uuid NOT NULL,
    position bigint NOT NULL,
    booking_id uuid NOT NULL,
    destination text NOT NULL COLLATE "C",
    debtor text NOT NULL COLLATE "C",
    released boolean NOT NULL,
    PRIMARY KEY (tenant_id, export_id, position),
    FOREIGN KEY (tenant_id, booking_id) REFERENCES {schema}.bookings,
    FOREIGN KEY (tenant_id, export_id) REFERENCES {schema}.accounting_exports
        DEFERRABLE INITIALLY DEFERRED
);
CREATE UNIQUE INDEX exported_once ON {schema}.exported_bookings
    (tenant_id, booking_id, destination) WHERE NOT released;

-- A customer's account in the books of a legal entity, given out once. Callers who state a number
-- themselves may let two customers share one.
CREATE TABLE {schema}.debtor_numbers (
    tenant_id uuid NOT NULL,
    legal_entity_id uuid NOT NULL,
    customer text NOT NULL COLLATE "C",
    number text NOT NULL COLLATE "C",
    stated boolean NOT NULL,
    export_id uuid NOT NULL,
    PRIMARY KEY (tenant_id, legal_entity_id, customer),
    FOREIGN KEY (tenant_id, export_id) REFERENCES {schema}.streams
);
CREATE UNIQUE INDEX debtor_numbers_given_once ON {schema}.debtor_numbers
    (tenant_id, legal_entity_id, number) WHERE NOT stated;

-- What was first made of an export, byte for byte, compressed; the hash is that of the file.
CREATE TABLE {schema}.accounting_files (
    tenant_id uuid NOT NULL,
    export_id uuid NOT NULL,
    sha256 text NOT NULL COLLATE "C",
    compressed bytea NOT NULL,
    archived_at timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, export_id),
    FOREIGN KEY (tenant_id, export_id) REFERENCES {schema}.accounting_exports
);
ALTER TABLE {schema}.accounting_files ALTER COLUMN compressed SET STORAGE EXTERNAL;

DO $$
DECLARE name text;
BEGIN
    FOREACH name IN ARRAY ARRAY['accounting_exports', 'exported_bookings', 'debtor_numbers',
            'accounting_files'] LOOP
        EXECUTE format('ALTER TABLE {schema}.%I ENABLE ROW LEVEL SECURITY', name);
        EXECUTE format('ALTER TABLE {schema}.%I FORCE ROW LEVEL SECURITY', name);
        EXECUTE format('CREATE POLICY tenant ON {schema}.%I TO {schema}_app'
            ' USING (tenant_id = {schema}.current_tenant())'
            ' WITH CHECK (tenant_id = {schema}.current_tenant())', name);
    END LOOP;
END $$;
GRANT SELECT, INSERT, UPDATE ON {schema}.accounting_exports, {schema}.exported_bookings,
    {schema}.debtor_numbers TO {schema}_app;
GRANT SELECT, INSERT ON {schema}.accounting_files TO {schema}_app;
