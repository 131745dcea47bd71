-- The second factor of a person, and its codes that are good once.

CREATE TABLE {schema}.second_factors (
    tenant_id uuid NOT NULL,
    factor_id uuid NOT NULL,
    user_id uuid NOT NULL,
    encrypted_secret text,
    offered_at timestamptz,
    confirmed_at timestamptz,
    PRIMARY KEY (tenant_id, factor_id),
    FOREIGN KEY (tenant_id, user_id) REFERENCES {schema}.users
);
CREATE UNIQUE INDEX second_factors_of ON {schema}.second_factors (tenant_id, user_id);
COMMENT ON COLUMN {schema}.second_factors.encrypted_secret IS
    'AES-256-GCM with the key file of the installation; it stands in no event.';

CREATE TABLE {schema}.totp_steps (
    tenant_id uuid NOT NULL,
    user_id uuid NOT NULL,
    last_step bigint NOT NULL,
    PRIMARY KEY (tenant_id, user_id),
    FOREIGN KEY (tenant_id, user_id) REFERENCES {schema}.users
);
COMMENT ON TABLE {schema}.totp_steps IS
    'The step of the last code that was used: that code and older ones are good no more.';

CREATE TABLE {schema}.recovery_codes (
    tenant_id uuid NOT NULL,
    user_id uuid NOT NULL,
    code_hash text NOT NULL COLLATE "C",
    used_at timestamptz,
    PRIMARY KEY (tenant_id, user_id, code_hash),
    FOREIGN KEY (tenant_id, user_id) REFERENCES {schema}.users
);
COMMENT ON COLUMN {schema}.recovery_codes.code_hash IS 'SHA-256 of 120 random bits.';

DO $$
DECLARE name text;
BEGIN
    FOREACH name IN ARRAY ARRAY['second_factors', 'totp_steps', 'recovery_codes'] LOOP
        EXECUTE format('ALTER TABLE {schema}.%I ENABLE ROW LEVEL SECURITY', name);
        EXECUTE format('ALTER TABLE {schema}.%I FORCE ROW LEVEL SECURITY', name);
        EXECUTE format('CREATE POLICY tenant ON {schema}.%I TO {schema}_app'
            ' USING (tenant_id = {schema}.current_tenant())'
            ' WITH CHECK (tenant_id = {schema}.current_tenant())', name);
        EXECUTE format('GRANT SELECT, INSERT, UPDATE ON {schema}.%I TO {schema}_app', name);
    END LOOP;
END $$;
GRANT DELETE ON {schema}.recovery_codes TO {schema}_app;
