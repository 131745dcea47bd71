-- What operators did with a tenant stands: a statement of identity says its name, mode and clock, and
-- reaches no entry that is moving, moved or erased.

CREATE OR REPLACE FUNCTION {schema}.state_tenant(
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
        clock_offset = excluded.clock_offset, stated_version = excluded.stated_version,
        epoch = t.epoch + 1
        WHERE t.stated_version < excluded.stated_version AND t.status IN ('active', 'suspended');
END $$;
