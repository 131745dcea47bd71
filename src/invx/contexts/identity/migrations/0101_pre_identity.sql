-- People, organizations, tenants and sessions belong to the installation, members to their tenant.

CREATE TABLE {schema}.users (
    tenant_id uuid NOT NULL,
    user_id uuid NOT NULL,
    email text,
    email_key text COLLATE "C",
    name text,
    language text NOT NULL COLLATE "C",
    status text NOT NULL COLLATE "C" CHECK (status IN ('active', 'disabled')),
    password_hash text,
    registered_at timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, user_id)
);
CREATE UNIQUE INDEX users_email ON {schema}.users (tenant_id, email_key);
COMMENT ON COLUMN {schema}.users.password_hash IS 'argon2id; it stands in no event.';

CREATE TABLE {schema}.organizations (
    tenant_id uuid NOT NULL,
    organization_id uuid NOT NULL,
    name text NOT NULL,
    owner_id uuid NOT NULL,
    founded_at timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, organization_id),
    FOREIGN KEY (tenant_id, owner_id) REFERENCES {schema}.users
);

CREATE INDEX organizations_of ON {schema}.organizations (tenant_id, owner_id);

CREATE TABLE {schema}.opened_tenants (
    tenant_id uuid NOT NULL,
    opened_tenant_id uuid NOT NULL,
    organization_id uuid NOT NULL,
    name text NOT NULL,
    mode text NOT NULL COLLATE "C" CHECK (mode IN ('live', 'test')),
    status text NOT NULL COLLATE "C" CHECK (status IN ('active', 'suspended')),
    clock_offset_seconds bigint NOT NULL,
    sandbox_of uuid,
    opened_at timestamptz NOT NULL,
    ends_at timestamptz,
    PRIMARY KEY (tenant_id, opened_tenant_id),
    FOREIGN KEY (tenant_id, organization_id) REFERENCES {schema}.organizations
);
CREATE INDEX opened_tenants_of ON {schema}.opened_tenants (tenant_id, organization_id);
COMMENT ON TABLE {schema}.opened_tenants IS
    'Which tenants there are, as their owner knows them; every context follows in its directory.';

CREATE TABLE {schema}.sessions (
    tenant_id uuid NOT NULL,
    session_id uuid NOT NULL,
    user_id uuid NOT NULL,
    method text NOT NULL COLLATE "C",
    address text,
    user_agent text,
    opened_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    revoked_at timestamptz,
    reason text COLLATE "C",
    PRIMARY KEY (tenant_id, session_id),
    FOREIGN KEY (tenant_id, user_id) REFERENCES {schema}.users
);
CREATE INDEX sessions_open ON {schema}.sessions (tenant_id, user_id, opened_at)
    WHERE revoked_at IS NULL;

CREATE TABLE {schema}.refresh_tokens (
    tenant_id uuid NOT NULL,
    token_hash text NOT NULL COLLATE "C",
    session_id uuid NOT NULL,
    expires_at timestamptz NOT NULL,
    used_at timestamptz,
    PRIMARY KEY (tenant_id, token_hash),
    FOREIGN KEY (tenant_id, session_id) REFERENCES {schema}.sessions
);
CREATE INDEX refresh_tokens_of ON {schema}.refresh_tokens (tenant_id, session_id);

CREATE TABLE {schema}.failed_attempts (
    tenant_id uuid NOT NULL,
    key text NOT NULL COLLATE "C",
    count integer NOT NULL,
    last_at timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, key)
);
COMMENT ON COLUMN {schema}.failed_attempts.key IS
    'SHA-256 of an account or a network: neither address stands here.';

CREATE TABLE {schema}.members (
    tenant_id uuid NOT NULL,
    member_id uuid NOT NULL,
    user_id uuid NOT NULL,
    email text,
    name text,
    role text NOT NULL COLLATE "C",
    seated_at timestamptz NOT NULL,
    removed_at timestamptz,
    PRIMARY KEY (tenant_id, member_id)
);
CREATE UNIQUE INDEX members_user ON {schema}.members (tenant_id, user_id);
CREATE INDEX members_seats ON {schema}.members (user_id) WHERE removed_at IS NULL;
COMMENT ON INDEX {schema}.members_seats IS
    'Over all tenants: to which of them a person who signs in belongs (`tenants_of`).';

DO $$
DECLARE name text;
BEGIN
    FOREACH name IN ARRAY ARRAY['users', 'organizations', 'opened_tenants', 'sessions',
                                'refresh_tokens', 'failed_attempts', 'members'] LOOP
        EXECUTE format('ALTER TABLE {schema}.%I ENABLE ROW LEVEL SECURITY', name);
        EXECUTE format('ALTER TABLE {schema}.%I FORCE ROW LEVEL SECURITY', name);
        EXECUTE format('CREATE POLICY tenant ON {schema}.%I TO {schema}_app'
            ' USING (tenant_id = {schema}.current_tenant())'
            ' WITH CHECK (tenant_id = {schema}.current_tenant())', name);
        EXECUTE format('GRANT SELECT, INSERT, UPDATE ON {schema}.%I TO {schema}_app', name);
    END LOOP;
END $$;
GRANT DELETE ON {schema}.refresh_tokens, {schema}.failed_attempts TO {schema}_app;

-- Which tenants a person belongs to, asked from inside the installation only: the one question
-- over all tenants, by a role that reads this one table.
DO $$ BEGIN
    CREATE ROLE {schema}_search NOLOGIN NOSUPERUSER NOBYPASSRLS;
EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL;  -- roles are the server's
END $$;
GRANT USAGE ON SCHEMA {schema} TO {schema}_search;
GRANT SELECT ON {schema}.members TO {schema}_search;
CREATE POLICY search ON {schema}.members FOR SELECT TO {schema}_search USING (true);
CREATE FUNCTION {schema}.tenants_of(p_user uuid) RETURNS TABLE (member_of uuid, role text)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog AS $$
BEGIN
    IF {schema}.current_tenant() IS DISTINCT FROM '00000000-0000-0000-0000-000000000001'::uuid THEN
        RAISE EXCEPTION 'only the installation knows who belongs where' USING ERRCODE = '42501';
    END IF;
    RETURN QUERY SELECT m.tenant_id, m.role FROM {schema}.members m
        WHERE m.user_id = p_user AND m.removed_at IS NULL ORDER BY m.tenant_id;
END $$;
GRANT CREATE ON SCHEMA {schema} TO {schema}_search;
ALTER FUNCTION {schema}.tenants_of(uuid) OWNER TO {schema}_search;
REVOKE CREATE ON SCHEMA {schema} FROM {schema}_search;
REVOKE ALL ON FUNCTION {schema}.tenants_of(uuid) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION {schema}.tenants_of(uuid) TO {schema}_app;
