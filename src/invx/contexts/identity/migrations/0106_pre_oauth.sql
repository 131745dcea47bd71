-- OAuth 2.1: clients belong to their tenant; codes and sessions, which are people's, to the
-- installation.

CREATE TABLE {schema}.oauth_clients (
    tenant_id uuid NOT NULL,
    client_id uuid NOT NULL,
    name text NOT NULL,
    kind text NOT NULL COLLATE "C" CHECK (kind IN ('public', 'confidential')),
    redirect_uris text[] NOT NULL,
    scopes text[] NOT NULL,
    secret_hash text COLLATE "C",
    registered_at timestamptz NOT NULL,
    removed_at timestamptz,
    PRIMARY KEY (tenant_id, client_id),
    CHECK (removed_at IS NOT NULL OR (secret_hash IS NULL) = (kind = 'public'))
);
COMMENT ON COLUMN {schema}.oauth_clients.secret_hash IS 'SHA-256 of 256 random bits.';

CREATE TABLE {schema}.authorization_codes (
    tenant_id uuid NOT NULL,
    code_hash text NOT NULL COLLATE "C",
    user_id uuid NOT NULL,
    client text NOT NULL COLLATE "C",
    into_tenant uuid NOT NULL,
    scope text NOT NULL COLLATE "C",
    redirect_uri text NOT NULL COLLATE "C",
    challenge text NOT NULL COLLATE "C",
    session_id uuid NOT NULL,
    expires_at timestamptz NOT NULL,
    used_at timestamptz,
    PRIMARY KEY (tenant_id, code_hash),
    FOREIGN KEY (tenant_id, user_id) REFERENCES {schema}.users
);
CREATE INDEX authorization_codes_old ON {schema}.authorization_codes (tenant_id, expires_at);
COMMENT ON COLUMN {schema}.authorization_codes.session_id IS
    'Of the session that the code opens: it is there once the code was used.';

DO $$
DECLARE name text;
BEGIN
    FOREACH name IN ARRAY ARRAY['oauth_clients', 'authorization_codes'] LOOP
        EXECUTE format('ALTER TABLE {schema}.%I ENABLE ROW LEVEL SECURITY', name);
        EXECUTE format('ALTER TABLE {schema}.%I FORCE ROW LEVEL SECURITY', name);
        EXECUTE format('CREATE POLICY tenant ON {schema}.%I TO {schema}_app'
            ' USING (tenant_id = {schema}.current_tenant())'
            ' WITH CHECK (tenant_id = {schema}.current_tenant())', name);
        EXECUTE format('GRANT SELECT, INSERT, UPDATE ON {schema}.%I TO {schema}_app', name);
    END LOOP;
END $$;
GRANT DELETE ON {schema}.authorization_codes TO {schema}_app;

ALTER TABLE {schema}.sessions ADD COLUMN client text COLLATE "C",
    ADD COLUMN into_tenant uuid, ADD COLUMN scope text COLLATE "C";
COMMENT ON COLUMN {schema}.sessions.client IS
    'The OAuth client that a person let into a tenant; null where the person is here themselves.';
