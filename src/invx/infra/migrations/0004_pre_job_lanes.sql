-- Due jobs have lanes, as contracts have: what somebody waits for goes before bulk work (E3).

ALTER TABLE {schema}.due_jobs ADD COLUMN lane smallint NOT NULL DEFAULT 0 CHECK (lane IN (0, 1));
COMMENT ON COLUMN {schema}.due_jobs.lane IS '0 is interactive work, 1 bulk.';
CREATE INDEX due_jobs_lanes ON {schema}.due_jobs (lane, tenant_id, due_at) WHERE state = 'pending';
