-- People who had their account erased (GDPR, Art. 17): their ids are all that is left, so that no
-- tenant seats them again or counts them among its owners while they are on their way out.

CREATE TABLE {schema}.erased_people (
    tenant_id uuid NOT NULL,
    user_id uuid NOT NULL,
    erased_at timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, user_id),
    FOREIGN KEY (tenant_id, user_id) REFERENCES {schema}.users
);
ALTER TABLE {schema}.erased_people ENABLE ROW LEVEL SECURITY;
ALTER TABLE {schema}.erased_people FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON {schema}.erased_people TO {schema}_app
    USING (tenant_id = {schema}.current_tenant())
    WITH CHECK (tenant_id = {schema}.current_tenant());
GRANT SELECT, INSERT ON {schema}.erased_people TO {schema}_app;

ALTER TABLE {schema}.users DROP CONSTRAINT users_status_check,
    ADD CONSTRAINT users_status_check CHECK (status IN ('active', 'disabled', 'erased')),
    ADD CONSTRAINT nothing_is_left_of_who_was_erased CHECK (status <> 'erased'
        OR (email IS NULL AND email_key IS NULL AND name IS NULL AND password_hash IS NULL));
GRANT DELETE ON {schema}.totp_steps TO {schema}_app;

CREATE INDEX members_people ON {schema}.members (user_id) WHERE email IS NOT NULL;
COMMENT ON INDEX {schema}.members_people IS
    'Over all tenants: which of them know something of a person still (`tenants_knowing`).';

-- Asked over all tenants, as `tenants_of` is: from inside the installation only.
GRANT SELECT ON {schema}.erased_people TO {schema}_search;
CREATE POLICY search ON {schema}.erased_people FOR SELECT TO {schema}_search USING (true);
CREATE FUNCTION {schema}.tenants_knowing(p_user uuid) RETURNS SETOF uuid
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog AS $$
BEGIN
    IF {schema}.current_tenant() IS DISTINCT FROM '00000000-0000-0000-0000-000000000001'::uuid THEN
        RAISE EXCEPTION 'only the installation knows who belongs where' USING ERRCODE = '42501';
    END IF;
    RETURN QUERY SELECT m.tenant_id FROM {schema}.members m
        WHERE m.user_id = p_user AND m.email IS NOT NULL ORDER BY m.tenant_id;
END $$;

-- Those of the tenants that nobody would own without this person. Volatile, so that it sees what
-- was committed while the caller waited for its locks.
CREATE FUNCTION {schema}.without_owner(p_tenants uuid[], p_user uuid) RETURNS SETOF uuid
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
BEGIN
    IF {schema}.current_tenant() IS DISTINCT FROM '00000000-0000-0000-0000-000000000001'::uuid THEN
        RAISE EXCEPTION 'only the installation knows who belongs where' USING ERRCODE = '42501';
    END IF;
    RETURN QUERY SELECT t FROM unnest(p_tenants) AS u(t) WHERE NOT EXISTS (
        SELECT FROM {schema}.members m WHERE m.tenant_id = t AND m.role = 'owner'
            AND m.removed_at IS NULL AND m.user_id <> p_user
            AND NOT EXISTS (SELECT FROM {schema}.erased_people e WHERE e.user_id = m.user_id));
END $$;

-- Asked by any tenant of somebody whose id it has.
CREATE FUNCTION {schema}.is_erased(p_user uuid) RETURNS boolean
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog AS $$
    SELECT EXISTS (SELECT FROM {schema}.erased_people
        WHERE tenant_id = '00000000-0000-0000-0000-000000000001' AND user_id = p_user);
$$;

-- Those of the tenants that do business: suspended, moved and erased ones, and sandboxes, do not.
CREATE FUNCTION {schema}.in_business(p_tenants uuid[]) RETURNS TABLE (id uuid, name text)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
BEGIN
    IF {schema}.current_tenant() IS DISTINCT FROM '00000000-0000-0000-0000-000000000001'::uuid THEN
        RAISE EXCEPTION 'only the installation lists tenants' USING ERRCODE = '42501';
    END IF;
    RETURN QUERY SELECT t.tenant_id, t.name FROM {schema}.tenants t
        WHERE t.tenant_id = ANY(p_tenants) AND t.mode = 'live'
        AND t.status NOT IN ('suspended', 'moved', 'erased') ORDER BY t.tenant_id;
END $$;

GRANT CREATE ON SCHEMA {schema} TO {schema}_search, {schema}_system;
ALTER FUNCTION {schema}.tenants_knowing(uuid) OWNER TO {schema}_search;
ALTER FUNCTION {schema}.without_owner(uuid[], uuid) OWNER TO {schema}_search;
ALTER FUNCTION {schema}.is_erased(uuid) OWNER TO {schema}_search;
ALTER FUNCTION {schema}.in_business(uuid[]) OWNER TO {schema}_system;
REVOKE CREATE ON SCHEMA {schema} FROM {schema}_search, {schema}_system;
REVOKE ALL ON FUNCTION {schema}.tenants_knowing(uuid), {schema}.without_owner(uuid[], uuid),
    {schema}.is_erased(uuid), {schema}.in_business(uuid[]) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION {schema}.tenants_knowing(uuid), {schema}.without_owner(uuid[], uuid),
    {schema}.is_erased(uuid), {schema}.in_business(uuid[]) TO {schema}_app;
