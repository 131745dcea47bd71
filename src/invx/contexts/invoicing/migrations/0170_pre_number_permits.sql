-- In which database a series may give numbers, and up to where the outside journal knows of them
-- (D2; docs/adr/0020). Not made from events: it says something of this very database.

-- One life of this database. A restore to a moment and a promoted replica begin another timeline, a
-- dump that was loaded has another system identifier, and a copy beside the first has another oid.
CREATE FUNCTION {schema}.incarnation() RETURNS text LANGUAGE sql STABLE AS $$
    SELECT CASE WHEN pg_is_in_recovery() THEN 'standby' ELSE
        c.system_identifier || '-' || left(pg_walfile_name(pg_current_wal_insert_lsn()), 8)
            || '-' || d.oid END
    FROM pg_control_system() c, pg_database d WHERE d.datname = current_database()
$$;

CREATE TABLE {schema}.number_permits (
    tenant_id uuid NOT NULL,
    series_id uuid NOT NULL,
    incarnation text NOT NULL DEFAULT {schema}.incarnation() COLLATE "C",
    reserved json NOT NULL DEFAULT '{}',
    PRIMARY KEY (tenant_id, series_id),
    FOREIGN KEY (tenant_id, series_id) REFERENCES {schema}.streams
);
COMMENT ON TABLE {schema}.number_permits IS
    'A series whose incarnation is not the running one, or that has no row, gives no numbers.';
COMMENT ON COLUMN {schema}.number_permits.reserved IS
    'By period: the last number that the outside journal knows may be given.';

-- Row-level security is forced on the owner too; what stands was opened here.
ALTER TABLE {schema}.series NO FORCE ROW LEVEL SECURITY;
INSERT INTO {schema}.number_permits (tenant_id, series_id)
    SELECT tenant_id, series_id FROM {schema}.series;
ALTER TABLE {schema}.series FORCE ROW LEVEL SECURITY;

ALTER TABLE {schema}.number_permits ENABLE ROW LEVEL SECURITY;
ALTER TABLE {schema}.number_permits FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON {schema}.number_permits TO {schema}_app
    USING (tenant_id = {schema}.current_tenant())
    WITH CHECK (tenant_id = {schema}.current_tenant());
GRANT SELECT, INSERT, UPDATE ON {schema}.number_permits TO {schema}_app;
