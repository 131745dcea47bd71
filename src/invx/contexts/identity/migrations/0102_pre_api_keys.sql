-- How programs get in: keys of a tenant, known by the hash of their secret.

CREATE TABLE {schema}.api_keys (
    tenant_id uuid NOT NULL,
    api_key_id uuid NOT NULL,
    name text NOT NULL,
    mode text NOT NULL COLLATE "C" CHECK (mode IN ('live', 'test')),
    permissions text[] NOT NULL,
    limit_currencies text[],
    limit_amounts numeric[],
    hint text NOT NULL,
    created_by text NOT NULL,
    created_at timestamptz NOT NULL,
    expires_at timestamptz,
    secret_hash text NOT NULL COLLATE "C",
    previous_hash text COLLATE "C",
    previous_until timestamptz,
    rotated_at timestamptz,
    revoked_at timestamptz,
    last_used_at timestamptz,
    PRIMARY KEY (tenant_id, api_key_id),
    CHECK ((limit_currencies IS NULL) = (limit_amounts IS NULL)),
    CHECK (cardinality(limit_currencies) = cardinality(limit_amounts)),
    CHECK ((previous_hash IS NULL) = (previous_until IS NULL))
);
CREATE UNIQUE INDEX api_keys_secret ON {schema}.api_keys (tenant_id, secret_hash);
CREATE UNIQUE INDEX api_keys_previous ON {schema}.api_keys (tenant_id, previous_hash);
COMMENT ON COLUMN {schema}.api_keys.secret_hash IS
    'SHA-256 of a secret of 256 random bits; it stands in no event.';
COMMENT ON COLUMN {schema}.api_keys.last_used_at IS
    'Noted at most once a minute, by no event and no projection.';
COMMENT ON COLUMN {schema}.api_keys.limit_currencies IS
    'Up to which amount the key approves, by currency; null is any amount.';

ALTER TABLE {schema}.api_keys ENABLE ROW LEVEL SECURITY;
ALTER TABLE {schema}.api_keys FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON {schema}.api_keys TO {schema}_app
    USING (tenant_id = {schema}.current_tenant())
    WITH CHECK (tenant_id = {schema}.current_tenant());
GRANT SELECT, INSERT, UPDATE ON {schema}.api_keys TO {schema}_app;
