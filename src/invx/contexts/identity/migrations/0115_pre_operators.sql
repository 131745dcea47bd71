-- Who runs the installation: operators and what they announce belong to the installation, what a
-- tenant lets them do to the tenant.

CREATE TABLE {schema}.operators (
    tenant_id uuid NOT NULL,
    operator_id uuid NOT NULL,
    user_id uuid NOT NULL,
    name text,
    asked uuid[] NOT NULL,
    appointed_at timestamptz NOT NULL,
    revoked_at timestamptz,
    PRIMARY KEY (tenant_id, operator_id),
    FOREIGN KEY (tenant_id, user_id) REFERENCES {schema}.users
);
CREATE UNIQUE INDEX operators_user ON {schema}.operators (tenant_id, user_id)
    WHERE revoked_at IS NULL;
COMMENT ON COLUMN {schema}.operators.asked IS
    'The tenants that the operator asked to be let into: where access ends when the operator does.';

CREATE TABLE {schema}.announcements (
    tenant_id uuid NOT NULL,
    announcement_id uuid NOT NULL,
    text text NOT NULL,
    severity text NOT NULL COLLATE "C" CHECK (severity IN ('info', 'warning', 'critical')),
    starts_at timestamptz NOT NULL,
    ends_at timestamptz NOT NULL,
    made_by text NOT NULL COLLATE "C",
    made_at timestamptz NOT NULL,
    withdrawn_at timestamptz,
    PRIMARY KEY (tenant_id, announcement_id),
    CHECK (starts_at < ends_at)
);
CREATE INDEX announcements_shown ON {schema}.announcements (tenant_id, ends_at)
    WHERE withdrawn_at IS NULL;

CREATE TABLE {schema}.support_grants (
    tenant_id uuid NOT NULL,
    support_grant_id uuid NOT NULL,
    operator_id uuid NOT NULL,
    operator text,
    reason text,
    asked_at timestamptz NOT NULL,
    permissions text[] NOT NULL,
    decided_by text COLLATE "C",
    decided_at timestamptz,
    granted_until timestamptz,
    ended_at timestamptz,
    ended_reason text COLLATE "C",
    PRIMARY KEY (tenant_id, support_grant_id),
    CHECK (granted_until IS NULL OR granted_until <= decided_at + interval '24 hours'),
    CHECK ((ended_at IS NULL) = (ended_reason IS NULL))
);
CREATE UNIQUE INDEX support_grants_open ON {schema}.support_grants (tenant_id, operator_id)
    WHERE ended_at IS NULL;
CREATE INDEX support_grants_asked ON {schema}.support_grants (tenant_id, asked_at);

DO $$
DECLARE name text;
BEGIN
    FOREACH name IN ARRAY ARRAY['operators', 'announcements', 'support_grants'] LOOP
        EXECUTE format('ALTER TABLE {schema}.%I ENABLE ROW LEVEL SECURITY', name);
        EXECUTE format('ALTER TABLE {schema}.%I FORCE ROW LEVEL SECURITY', name);
        EXECUTE format('CREATE POLICY tenant ON {schema}.%I TO {schema}_app'
            ' USING (tenant_id = {schema}.current_tenant())'
            ' WITH CHECK (tenant_id = {schema}.current_tenant())', name);
        EXECUTE format('GRANT SELECT, INSERT, UPDATE ON {schema}.%I TO {schema}_app', name);
    END LOOP;
END $$;

-- Refresh tokens are swept once they are good for nothing, used or not.
CREATE INDEX refresh_tokens_old ON {schema}.refresh_tokens (tenant_id, expires_at);
