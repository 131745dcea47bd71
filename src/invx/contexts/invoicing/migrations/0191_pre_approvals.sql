-- Approvals: the rules of legal entities, what was submitted and decided, and for whom it waits.

ALTER TABLE {schema}.documents
    ADD COLUMN approval_status text NOT NULL DEFAULT 'none' COLLATE "C" CHECK (approval_status IN
        ('none', 'pending', 'approved', 'rejected', 'withdrawn', 'lapsed'));

CREATE TABLE {schema}.approval_rules (
    tenant_id uuid NOT NULL,
    legal_entity_id uuid NOT NULL,
    version bigint NOT NULL,
    rules json NOT NULL,
    PRIMARY KEY (tenant_id, legal_entity_id),
    FOREIGN KEY (tenant_id, legal_entity_id) REFERENCES {schema}.legal_entities
);

CREATE TABLE {schema}.approvals (
    tenant_id uuid NOT NULL,
    document_id uuid NOT NULL,
    legal_entity_id uuid NOT NULL,
    version bigint NOT NULL,
    status text NOT NULL COLLATE "C" CHECK (status IN
        ('pending', 'approved', 'rejected', 'withdrawn', 'lapsed')),
    resource json NOT NULL,
    PRIMARY KEY (tenant_id, document_id),
    FOREIGN KEY (tenant_id, document_id) REFERENCES {schema}.documents ON DELETE CASCADE
);
CREATE INDEX approvals_status ON {schema}.approvals (tenant_id, status, document_id);
CREATE INDEX approvals_entity ON {schema}.approvals
    (tenant_id, legal_entity_id, status, document_id);

-- Whom the open steps wait for: a subject, or `permission:` and a permission.
CREATE TABLE {schema}.approval_assignees (
    tenant_id uuid NOT NULL,
    assignee text NOT NULL COLLATE "C",
    document_id uuid NOT NULL,
    legal_entity_id uuid NOT NULL,
    PRIMARY KEY (tenant_id, assignee, document_id),
    FOREIGN KEY (tenant_id, document_id) REFERENCES {schema}.approvals ON DELETE CASCADE
);
CREATE INDEX approval_assignees_document ON {schema}.approval_assignees (tenant_id, document_id);
CREATE INDEX approval_assignees_entity ON {schema}.approval_assignees
    (tenant_id, legal_entity_id, assignee, document_id);

ALTER TABLE {schema}.approval_rules ENABLE ROW LEVEL SECURITY;
ALTER TABLE {schema}.approval_rules FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON {schema}.approval_rules TO {schema}_app
    USING (tenant_id = {schema}.current_tenant()) WITH CHECK (tenant_id = {schema}.current_tenant());
GRANT SELECT, INSERT, UPDATE, DELETE ON {schema}.approval_rules TO {schema}_app;

ALTER TABLE {schema}.approvals ENABLE ROW LEVEL SECURITY;
ALTER TABLE {schema}.approvals FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON {schema}.approvals TO {schema}_app
    USING (tenant_id = {schema}.current_tenant()) WITH CHECK (tenant_id = {schema}.current_tenant());
GRANT SELECT, INSERT, UPDATE, DELETE ON {schema}.approvals TO {schema}_app;

ALTER TABLE {schema}.approval_assignees ENABLE ROW LEVEL SECURITY;
ALTER TABLE {schema}.approval_assignees FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON {schema}.approval_assignees TO {schema}_app
    USING (tenant_id = {schema}.current_tenant()) WITH CHECK (tenant_id = {schema}.current_tenant());
GRANT SELECT, INSERT, UPDATE, DELETE ON {schema}.approval_assignees TO {schema}_app;
