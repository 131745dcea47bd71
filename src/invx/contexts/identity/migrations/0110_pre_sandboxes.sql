-- Sandboxes: any number beside a live tenant, each with its own clock and its own end (ADR 0030).

ALTER TABLE {schema}.opened_tenants
    DROP CONSTRAINT opened_tenants_status_check,
    ADD CONSTRAINT opened_tenants_status_check
        CHECK (status IN ('active', 'suspended', 'erased')),
    ADD COLUMN advance_id uuid,
    ADD CONSTRAINT a_live_tenant_has_the_time_of_the_world
        CHECK (mode = 'test' OR (clock_offset_seconds = 0 AND advance_id IS NULL));
COMMENT ON COLUMN {schema}.opened_tenants.advance_id IS
    'The operation that moved its clock last; finished or not.';
CREATE INDEX opened_tenants_sandboxes
    ON {schema}.opened_tenants (tenant_id, organization_id, opened_tenant_id)
    WHERE mode = 'test' AND status = 'active';
