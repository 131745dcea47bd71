-- The installation itself is a tenant: what belongs to no tenant (people, organizations, the acts of
-- operators) is kept under its id, so it has the same tables, chains, seals and row-level security.
-- From it every context hears which tenants there are; what it hears is a whole entry with a version.

ALTER TABLE {schema}.tenants ADD COLUMN stated_version bigint NOT NULL DEFAULT 0;
COMMENT ON COLUMN {schema}.tenants.stated_version IS
    'The version of the entry at its owner, identity: an older statement changes nothing.';

ALTER TABLE {schema}.tenants NO FORCE ROW LEVEL SECURITY;  -- for the owner, in this transaction
INSERT INTO {schema}.tenants (tenant_id, name)
    VALUES ('00000000-0000-0000-0000-000000000001', 'installation');
ALTER TABLE {schema}.tenants FORCE ROW LEVEL SECURITY;

-- States an entry of the directory, from inside the installation only.
CREATE FUNCTION {schema}.state_tenant(
    p_tenant uuid, p_version bigint, p_name text, p_mode text, p_status text,
    p_clock_offset interval) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
BEGIN
    IF {schema}.current_tenant() IS DISTINCT FROM '00000000-0000-0000-0000-000000000001'::uuid
        OR p_tenant = {schema}.current_tenant() THEN
        RAISE EXCEPTION 'only the installation states tenants' USING ERRCODE = '42501';
    END IF;
    INSERT INTO {schema}.tenants AS t
        (tenant_id, name, mode, status, clock_offset, stated_version)
        VALUES (p_tenant, p_name, p_mode, p_status, p_clock_offset, p_version)
    ON CONFLICT (tenant_id) DO UPDATE SET name = excluded.name, mode = excluded.mode,
        status = excluded.status, clock_offset = excluded.clock_offset,
        stated_version = excluded.stated_version, epoch = t.epoch + 1
        WHERE t.stated_version < excluded.stated_version AND t.status <> 'moved';
END $$;

-- Access tokens of the transaction's own tenant that were issued before this moment count no more.
CREATE FUNCTION {schema}.refuse_tokens_before(p_moment timestamptz) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog AS $$
    UPDATE {schema}.tenants SET tokens_not_before = greatest(tokens_not_before, p_moment)
    WHERE tenant_id = {schema}.current_tenant();
$$;

-- They write as the system role, which alone may write the directory.
GRANT CREATE ON SCHEMA {schema} TO {schema}_system;
ALTER FUNCTION {schema}.state_tenant(uuid, bigint, text, text, text, interval)
    OWNER TO {schema}_system;
ALTER FUNCTION {schema}.refuse_tokens_before(timestamptz) OWNER TO {schema}_system;
REVOKE CREATE ON SCHEMA {schema} FROM {schema}_system;
REVOKE ALL ON FUNCTION {schema}.state_tenant(uuid, bigint, text, text, text, interval),
    {schema}.refuse_tokens_before(timestamptz) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION {schema}.state_tenant(uuid, bigint, text, text, text, interval),
    {schema}.refuse_tokens_before(timestamptz) TO {schema}_app;
