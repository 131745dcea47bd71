-- Who did what in a tenant, from where. An act is an event; the session under which it was done is
-- its causation, and the first time that a session comes into a tenant is an event of the member.

CREATE TABLE {schema}.member_sessions (
    tenant_id uuid NOT NULL,
    session_id uuid NOT NULL,
    member_id uuid NOT NULL,
    address text,
    user_agent text,
    entered_at timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, session_id),
    FOREIGN KEY (tenant_id, member_id) REFERENCES {schema}.members
);
CREATE INDEX member_sessions_of ON {schema}.member_sessions (tenant_id, member_id);

ALTER TABLE {schema}.member_sessions ENABLE ROW LEVEL SECURITY;
ALTER TABLE {schema}.member_sessions FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON {schema}.member_sessions TO {schema}_app
    USING (tenant_id = {schema}.current_tenant())
    WITH CHECK (tenant_id = {schema}.current_tenant());
GRANT SELECT, INSERT, UPDATE ON {schema}.member_sessions TO {schema}_app;

CREATE INDEX events_acts ON {schema}.events (tenant_id, recorded_at, event_id);
CREATE INDEX events_acts_of_actor ON {schema}.events (tenant_id, actor, recorded_at, event_id);
CREATE INDEX events_acts_of_type ON {schema}.events (tenant_id, type, recorded_at, event_id);
CREATE INDEX sessions_of ON {schema}.sessions (tenant_id, user_id, session_id);
