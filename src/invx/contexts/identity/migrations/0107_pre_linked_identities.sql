-- Accounts of people at a provider that vouches for them (OpenID Connect).

CREATE TABLE {schema}.linked_identities (
    tenant_id uuid NOT NULL,
    linked_identity_id uuid NOT NULL,
    user_id uuid NOT NULL,
    issuer text NOT NULL COLLATE "C",
    subject text COLLATE "C",
    linked_at timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, linked_identity_id),
    FOREIGN KEY (tenant_id, user_id) REFERENCES {schema}.users
);
CREATE UNIQUE INDEX linked_identities_subject
    ON {schema}.linked_identities (tenant_id, issuer, subject);
COMMENT ON COLUMN {schema}.linked_identities.subject IS
    'How the provider calls the person; null once the person was erased.';

ALTER TABLE {schema}.linked_identities ENABLE ROW LEVEL SECURITY;
ALTER TABLE {schema}.linked_identities FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON {schema}.linked_identities TO {schema}_app
    USING (tenant_id = {schema}.current_tenant())
    WITH CHECK (tenant_id = {schema}.current_tenant());
GRANT SELECT, INSERT, UPDATE ON {schema}.linked_identities TO {schema}_app;
