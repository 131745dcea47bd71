-- The way of documents out of the house: to the buyer, and to the authority that clears them.

ALTER TABLE {schema}.documents
    ADD COLUMN delivery_status text NOT NULL DEFAULT 'none' COLLATE "C" CHECK (delivery_status IN
        ('none', 'queued', 'sent', 'delivered', 'failed', 'viewed')),
    ADD COLUMN clearance_status text NOT NULL DEFAULT 'not_required' COLLATE "C"
        CHECK (clearance_status IN ('not_required', 'pending', 'cleared', 'rejected')),
    ADD COLUMN clearance_id text COLLATE "C",
    ADD COLUMN revision bigint NOT NULL DEFAULT 1,
    ADD COLUMN revises uuid;
-- As their events say: what had left the house was sent.
UPDATE {schema}.documents SET delivery_status = 'sent' WHERE released_at IS NOT NULL;

CREATE INDEX documents_delivery ON {schema}.documents (tenant_id, delivery_status, document_id);
CREATE INDEX documents_clearance ON {schema}.documents (tenant_id, clearance_status, document_id);

-- Two documents may have one number when an authority rejected the first and it was issued anew.
-- Only one of them stands, and each revision is there once. `numbers` keeps the first: it drew it.
DROP INDEX {schema}.documents_number;
CREATE UNIQUE INDEX documents_number ON {schema}.documents
    (tenant_id, legal_entity_id, number, series_id) WHERE status <> 'replaced';
CREATE UNIQUE INDEX documents_revision ON {schema}.documents
    (tenant_id, legal_entity_id, number, series_id, revision) WHERE revision > 1;

CREATE TABLE {schema}.transmissions (
    tenant_id uuid NOT NULL,
    transmission_id uuid NOT NULL,
    document_id uuid NOT NULL,
    channel text NOT NULL COLLATE "C",
    format text NOT NULL COLLATE "C",
    status text NOT NULL COLLATE "C" CHECK (status IN
        ('queued', 'sent', 'cleared', 'delivered', 'viewed', 'rejected', 'failed')),
    clears boolean NOT NULL,
    delivers boolean NOT NULL,
    revision bigint NOT NULL,
    recipient text,
    attempts bigint NOT NULL,
    sha256 text COLLATE "C",
    receipt text COLLATE "C",
    authority_id text COLLATE "C",
    reasons json NOT NULL,
    queued_at timestamptz NOT NULL,
    sent_at timestamptz,
    answered_at timestamptz,
    next_attempt_at timestamptz,
    PRIMARY KEY (tenant_id, transmission_id),
    FOREIGN KEY (tenant_id, document_id) REFERENCES {schema}.documents
);
CREATE INDEX transmissions_of_document ON {schema}.transmissions
    (tenant_id, document_id, queued_at, transmission_id);

ALTER TABLE {schema}.transmissions ENABLE ROW LEVEL SECURITY;
ALTER TABLE {schema}.transmissions FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON {schema}.transmissions TO {schema}_app
    USING (tenant_id = {schema}.current_tenant())
    WITH CHECK (tenant_id = {schema}.current_tenant());
GRANT SELECT, INSERT, UPDATE ON {schema}.transmissions TO {schema}_app;

-- What the API says of legal entities that were there before.
UPDATE {schema}.legal_entities
SET resource = (resource::jsonb || '{"transmission_channels": [], "clearance": null}')::json;
