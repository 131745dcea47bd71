-- Seals over the heads of streams (D3; docs/adr/0018). Both tables only grow: what was sealed is
-- stated once. An anchor is a place outside this database that holds a seal's root.
CREATE TABLE {schema}.seals (
    tenant_id uuid NOT NULL,
    number bigint NOT NULL CHECK (number > 0),
    previous bytea NOT NULL CHECK (length(previous) = 32),
    root bytea NOT NULL CHECK (length(root) = 32),
    leaves integer NOT NULL CHECK (leaves > 0),
    sealed_at timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, number)
);
CREATE TABLE {schema}.seal_leaves (
    tenant_id uuid NOT NULL,
    number bigint NOT NULL,
    stream_id uuid NOT NULL,
    version bigint NOT NULL CHECK (version > 0),
    head_hash bytea NOT NULL CHECK (length(head_hash) = 32),
    PRIMARY KEY (tenant_id, number, stream_id),
    UNIQUE (tenant_id, stream_id, version),
    FOREIGN KEY (tenant_id, number) REFERENCES {schema}.seals
);
CREATE TABLE {schema}.seal_anchors (
    tenant_id uuid NOT NULL,
    number bigint NOT NULL,
    anchor text NOT NULL COLLATE "C",
    receipt json NOT NULL,
    anchored_at timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, number, anchor),
    FOREIGN KEY (tenant_id, number) REFERENCES {schema}.seals
);

-- What has moved since it was sealed: small, since each seal empties it.
CREATE INDEX streams_moved ON {schema}.streams (tenant_id, stream_id)
    WHERE version > sealed_version;

DO $$
DECLARE name text;
BEGIN
    FOREACH name IN ARRAY ARRAY['seals', 'seal_leaves', 'seal_anchors'] LOOP
        EXECUTE format('ALTER TABLE {schema}.%I ENABLE ROW LEVEL SECURITY', name);
        EXECUTE format('ALTER TABLE {schema}.%I FORCE ROW LEVEL SECURITY', name);
        EXECUTE format('CREATE POLICY tenant ON {schema}.%I TO {schema}_app'
            ' USING (tenant_id = {schema}.current_tenant())'
            ' WITH CHECK (tenant_id = {schema}.current_tenant())', name);
        EXECUTE format('GRANT SELECT, INSERT ON {schema}.%I TO {schema}_app', name);
    END LOOP;
END $$;
