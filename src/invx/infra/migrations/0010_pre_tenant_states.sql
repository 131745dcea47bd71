-- Tenants are suspended, carried elsewhere and erased (docs/adr/0025). What each status lets through
-- stands in `open_tenant`; whoever changes one raises the epoch, under the lock that writers share.
ALTER TABLE {schema}.tenants
    DROP CONSTRAINT tenants_status_check,
    DROP CONSTRAINT tenants_placement_check,
    ADD CONSTRAINT tenants_status_check
        CHECK (status IN ('active', 'suspended', 'moving', 'arriving', 'moved', 'erased')),
    ADD CONSTRAINT tenants_placement_check CHECK (placement ~ '^[a-z][a-z0-9_]{0,30}$'),
    ADD COLUMN exported_at timestamptz,
    ADD COLUMN before_move text CHECK (before_move IN ('active', 'suspended'));
COMMENT ON COLUMN {schema}.tenants.before_move IS
    'What a tenant was that is just being moved, and is again when the move breaks off.';
COMMENT ON COLUMN {schema}.tenants.placement IS
    'Where the tenant lives: `pooled` is the database of all, another name one of its own.';
COMMENT ON COLUMN {schema}.tenants.exported_at IS
    'When all of it was last written into an archive; null as soon as it may be written again.';

CREATE OR REPLACE FUNCTION {schema}.open_tenant(p_tenant uuid, p_epoch bigint, p_write boolean)
RETURNS void LANGUAGE plpgsql AS $$
DECLARE entry record;
BEGIN
    PERFORM set_config('app.tenant', p_tenant::text, true);
    IF p_write THEN
        PERFORM pg_advisory_xact_lock_shared(hashtextextended(p_tenant::text, 4));
    END IF;
    SELECT status, epoch INTO entry FROM {schema}.tenants WHERE tenant_id = p_tenant;
    IF NOT FOUND OR entry.status = 'erased' THEN
        RAISE EXCEPTION 'unknown tenant' USING ERRCODE = 'IV001';
    ELSIF entry.epoch <> p_epoch THEN
        RAISE EXCEPTION 'the directory entry is stale' USING ERRCODE = 'IV003';
    ELSIF entry.status = 'arriving' OR (entry.status = 'moving' AND p_write) THEN
        RAISE EXCEPTION 'tenant is %', entry.status USING ERRCODE = 'IV006';
    ELSIF entry.status = 'moved' OR (entry.status = 'suspended' AND p_write) THEN
        RAISE EXCEPTION 'tenant is %', entry.status USING ERRCODE = 'IV002';
    END IF;
END $$;
