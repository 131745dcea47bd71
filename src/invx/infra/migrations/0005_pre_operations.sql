-- Operations: work on many things that outlasts a request (infra/operations.py).

CREATE TABLE {schema}.operations (
    tenant_id uuid NOT NULL,
    operation_id uuid NOT NULL,
    kind text NOT NULL COLLATE "C",
    state text NOT NULL COLLATE "C" CHECK (state IN ('pending', 'running', 'done', 'cancelled')),
    total integer NOT NULL CHECK (total > 0),
    done integer NOT NULL CHECK (done >= 0),
    failed integer NOT NULL CHECK (failed >= 0),
    settings json NOT NULL,
    actor text NOT NULL,
    created_at timestamptz NOT NULL,
    started_at timestamptz,
    finished_at timestamptz,
    PRIMARY KEY (tenant_id, operation_id),
    CONSTRAINT items_are_counted_once CHECK (done + failed <= total),
    CONSTRAINT done_is_when_nothing_is_left CHECK (state <> 'done' OR done + failed = total)
);

CREATE TABLE {schema}.operation_items (
    tenant_id uuid NOT NULL,
    operation_id uuid NOT NULL,
    position integer NOT NULL,
    subject uuid NOT NULL,
    state text NOT NULL DEFAULT 'pending' COLLATE "C" CHECK (state IN ('pending', 'done', 'failed')),
    problem json,
    PRIMARY KEY (tenant_id, operation_id, position),
    FOREIGN KEY (tenant_id, operation_id) REFERENCES {schema}.operations
);
CREATE INDEX operation_items_state
    ON {schema}.operation_items (tenant_id, operation_id, state, position);
CREATE INDEX operation_items_problems
    ON {schema}.operation_items (tenant_id, subject) WHERE problem IS NOT NULL;
COMMENT ON COLUMN {schema}.operation_items.problem IS
    'Why it failed. It may repeat what somebody typed, so an erasure of the subject empties it.';

DO $$
DECLARE name text;
BEGIN
    FOREACH name IN ARRAY ARRAY['operations', 'operation_items'] LOOP
        EXECUTE format('ALTER TABLE {schema}.%I ENABLE ROW LEVEL SECURITY', name);
        EXECUTE format('ALTER TABLE {schema}.%I FORCE ROW LEVEL SECURITY', name);
        EXECUTE format('CREATE POLICY tenant ON {schema}.%I TO {schema}_app'
            ' USING (tenant_id = {schema}.current_tenant())'
            ' WITH CHECK (tenant_id = {schema}.current_tenant())', name);
    END LOOP;
END $$;
GRANT SELECT, INSERT, UPDATE ON {schema}.operations, {schema}.operation_items TO {schema}_app;
