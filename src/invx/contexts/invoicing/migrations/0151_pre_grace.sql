-- Grace periods: drafts that are finalized by themselves at a moment of business time.

CREATE TABLE {schema}.graces (
    tenant_id uuid NOT NULL,
    document_id uuid NOT NULL,
    version bigint NOT NULL,
    finalize_at timestamptz NOT NULL,
    state text NOT NULL COLLATE "C" CHECK (state IN ('waiting', 'held', 'failed', 'over')),
    code text COLLATE "C",
    PRIMARY KEY (tenant_id, document_id),
    FOREIGN KEY (tenant_id, document_id) REFERENCES {schema}.documents ON DELETE CASCADE,
    CONSTRAINT a_failure_has_a_code CHECK (state <> 'failed' OR code IS NOT NULL)
);
CREATE INDEX graces_state ON {schema}.graces (tenant_id, state, document_id) WHERE state <> 'over';
ALTER TABLE {schema}.graces ENABLE ROW LEVEL SECURITY;
ALTER TABLE {schema}.graces FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON {schema}.graces TO {schema}_app
    USING (tenant_id = {schema}.current_tenant()) WITH CHECK (tenant_id = {schema}.current_tenant());
GRANT SELECT, INSERT, UPDATE, DELETE ON {schema}.graces TO {schema}_app;
