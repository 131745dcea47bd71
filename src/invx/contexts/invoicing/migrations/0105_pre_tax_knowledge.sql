-- What a tenant itself knows of a country's taxes: its rate table, and what it lays over the pack.
-- `body` is read whole by a determination, all countries in one round trip.

CREATE TABLE {schema}.tax_knowledge (
    tenant_id uuid NOT NULL,
    kind text NOT NULL COLLATE "C" CHECK (kind IN ('rates', 'overrides')),
    country text NOT NULL COLLATE "C",
    rate_table_id uuid NOT NULL,
    version bigint NOT NULL,
    digest text NOT NULL COLLATE "C",
    rows bigint NOT NULL,
    body json NOT NULL,
    pack_text text,
    PRIMARY KEY (tenant_id, kind, country),
    FOREIGN KEY (tenant_id, rate_table_id) REFERENCES {schema}.streams
);

ALTER TABLE {schema}.tax_knowledge ENABLE ROW LEVEL SECURITY;
ALTER TABLE {schema}.tax_knowledge FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON {schema}.tax_knowledge TO {schema}_app
    USING (tenant_id = {schema}.current_tenant())
    WITH CHECK (tenant_id = {schema}.current_tenant());
GRANT SELECT, INSERT, UPDATE, DELETE ON {schema}.tax_knowledge TO {schema}_app;
