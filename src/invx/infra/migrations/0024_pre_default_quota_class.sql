-- The class of quotas of a tenant that nobody gave one is that of the installation's own entry. Of
-- its own transaction's tenant the application may ask which class holds.
CREATE FUNCTION {schema}.held_class() RETURNS text
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog AS $$
    SELECT CASE t.quota_class WHEN 'standard' THEN i.quota_class ELSE t.quota_class END
    FROM {schema}.tenants t, {schema}.tenants i WHERE t.tenant_id = {schema}.current_tenant()
        AND i.tenant_id = '00000000-0000-0000-0000-000000000001';
$$;
GRANT CREATE ON SCHEMA {schema} TO {schema}_system;
ALTER FUNCTION {schema}.held_class() OWNER TO {schema}_system;
REVOKE CREATE ON SCHEMA {schema} FROM {schema}_system;
REVOKE ALL ON FUNCTION {schema}.held_class() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION {schema}.held_class() TO {schema}_app;
