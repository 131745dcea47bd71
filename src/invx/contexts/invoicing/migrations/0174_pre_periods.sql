-- Closed periods (D5): how far each kind is closed, what happened to that, and in the ledgers what
-- came too late. `scope` is the kind, with the registration where only that one is closed.

CREATE TABLE {schema}.closed_periods (
    tenant_id uuid NOT NULL,
    legal_entity_id uuid NOT NULL,
    scope text NOT NULL COLLATE "C",
    kind text NOT NULL COLLATE "C" CHECK (kind IN ('documents', 'payments', 'tax', 'accounting')),
    registration_id uuid,
    through date NOT NULL,
    for_good date,
    PRIMARY KEY (tenant_id, legal_entity_id, scope),
    FOREIGN KEY (tenant_id, legal_entity_id) REFERENCES {schema}.legal_entities,
    CONSTRAINT only_tax_has_registrations CHECK (kind = 'tax' OR registration_id IS NULL),
    CONSTRAINT what_is_for_good_is_closed CHECK (for_good <= through)
);
ALTER TABLE {schema}.closed_periods ENABLE ROW LEVEL SECURITY;
ALTER TABLE {schema}.closed_periods FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON {schema}.closed_periods TO {schema}_app
    USING (tenant_id = {schema}.current_tenant()) WITH CHECK (tenant_id = {schema}.current_tenant());
GRANT SELECT, INSERT, UPDATE, DELETE ON {schema}.closed_periods TO {schema}_app;

CREATE TABLE {schema}.period_changes (
    tenant_id uuid NOT NULL,
    legal_entity_id uuid NOT NULL,
    version bigint NOT NULL,
    kind text NOT NULL COLLATE "C",
    registration_id uuid,
    action text NOT NULL COLLATE "C" CHECK (action IN ('closed', 'reopened')),
    before date,
    through date,
    hard boolean NOT NULL,
    cause text COLLATE "C" CHECK (cause IN ('by_hand', 'return', 'schedule')),
    reason text,
    actor text NOT NULL COLLATE "C",
    occurred_at timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, legal_entity_id, version),
    FOREIGN KEY (tenant_id, legal_entity_id) REFERENCES {schema}.legal_entities
);
ALTER TABLE {schema}.period_changes ENABLE ROW LEVEL SECURITY;
ALTER TABLE {schema}.period_changes FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON {schema}.period_changes TO {schema}_app
    USING (tenant_id = {schema}.current_tenant()) WITH CHECK (tenant_id = {schema}.current_tenant());
GRANT SELECT, INSERT, UPDATE ON {schema}.period_changes TO {schema}_app;

ALTER TABLE {schema}.tax_entries ADD COLUMN closed_period text COLLATE "C";
ALTER TABLE {schema}.bookings ADD COLUMN origin_on date;

-- What hinders closing: it is counted each time, and mostly there is none of it.
CREATE INDEX tax_entries_waiting ON {schema}.tax_entries (tenant_id, legal_entity_id, period)
    WHERE provisional;
CREATE INDEX bookings_waiting ON {schema}.bookings (tenant_id, legal_entity_id, booked_on)
    WHERE pending;
