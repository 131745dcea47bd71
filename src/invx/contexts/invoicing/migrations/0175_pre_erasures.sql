-- Erasures that were asked for: what went, what the law keeps and until when. Nobody is named.
CREATE TABLE {schema}.erasures (
    tenant_id uuid NOT NULL,
    erasure_id uuid NOT NULL,
    version bigint NOT NULL,
    next_on date,
    done json NOT NULL,
    PRIMARY KEY (tenant_id, erasure_id)
);
ALTER TABLE {schema}.erasures ENABLE ROW LEVEL SECURITY;
ALTER TABLE {schema}.erasures FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON {schema}.erasures TO {schema}_app
    USING (tenant_id = {schema}.current_tenant()) WITH CHECK (tenant_id = {schema}.current_tenant());
GRANT SELECT, INSERT, UPDATE ON {schema}.erasures TO {schema}_app;
