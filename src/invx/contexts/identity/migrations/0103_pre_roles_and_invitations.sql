-- Roles that a tenant made itself. A member holds one by its public id.

CREATE TABLE {schema}.roles (
    tenant_id uuid NOT NULL,
    role_id uuid NOT NULL,
    name text NOT NULL,
    name_key text NOT NULL COLLATE "C",
    permissions text[] NOT NULL,
    limit_currencies text[],
    limit_amounts numeric[],
    created_at timestamptz NOT NULL,
    removed_at timestamptz,
    PRIMARY KEY (tenant_id, role_id),
    CHECK ((limit_currencies IS NULL) = (limit_amounts IS NULL)),
    CHECK (cardinality(limit_currencies) = cardinality(limit_amounts))
);
CREATE UNIQUE INDEX roles_name ON {schema}.roles (tenant_id, name_key) WHERE removed_at IS NULL;
CREATE INDEX members_role ON {schema}.members (tenant_id, role) WHERE removed_at IS NULL;

ALTER TABLE {schema}.roles ENABLE ROW LEVEL SECURITY;
ALTER TABLE {schema}.roles FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON {schema}.roles TO {schema}_app
    USING (tenant_id = {schema}.current_tenant())
    WITH CHECK (tenant_id = {schema}.current_tenant());
GRANT SELECT, INSERT, UPDATE ON {schema}.roles TO {schema}_app;

-- Who was asked to become a member. The address stands in the row only while the invitation is open.

CREATE TABLE {schema}.invitations (
    tenant_id uuid NOT NULL,
    invitation_id uuid NOT NULL,
    email text,
    role text NOT NULL COLLATE "C",
    token_hash text NOT NULL COLLATE "C",
    invited_by text NOT NULL COLLATE "C",
    made_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    accepted_at timestamptz,
    accepted_by uuid,
    withdrawn_at timestamptz,
    PRIMARY KEY (tenant_id, invitation_id),
    CHECK (accepted_at IS NULL OR withdrawn_at IS NULL),
    CHECK ((email IS NOT NULL) = (accepted_at IS NULL AND withdrawn_at IS NULL))
);
CREATE UNIQUE INDEX invitations_token ON {schema}.invitations (tenant_id, token_hash);
CREATE INDEX invitations_open ON {schema}.invitations (tenant_id, made_at)
    WHERE accepted_at IS NULL AND withdrawn_at IS NULL;
COMMENT ON COLUMN {schema}.invitations.token_hash IS
    'SHA-256 of a token of 256 random bits; it stands in no event.';

ALTER TABLE {schema}.invitations ENABLE ROW LEVEL SECURITY;
ALTER TABLE {schema}.invitations FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON {schema}.invitations TO {schema}_app
    USING (tenant_id = {schema}.current_tenant())
    WITH CHECK (tenant_id = {schema}.current_tenant());
GRANT SELECT, INSERT, UPDATE ON {schema}.invitations TO {schema}_app;
