-- The tables that every context has (design, section 5). {schema} is the context's schema.
-- Row-level security: the application role sees the tenant of its transaction, nothing else; the
-- system role sees outbox, inbox, due jobs and the directory of all tenants, and no business table.

CREATE FUNCTION {schema}.current_tenant() RETURNS uuid LANGUAGE sql STABLE PARALLEL SAFE
    AS $$ SELECT nullif(current_setting('app.tenant', true), '')::uuid $$;

CREATE TABLE {schema}.tenants (
    tenant_id uuid PRIMARY KEY,
    name text NOT NULL DEFAULT '',
    status text NOT NULL DEFAULT 'active' CHECK (status IN ('active', 'suspended', 'moved')),
    placement text NOT NULL DEFAULT 'pooled' CHECK (placement IN ('pooled', 'dedicated')),
    mode text NOT NULL DEFAULT 'live' CHECK (mode IN ('live', 'test')),
    epoch bigint NOT NULL DEFAULT 1,
    clock_offset interval NOT NULL DEFAULT '0',
    quota_class text NOT NULL DEFAULT 'standard',
    tokens_not_before timestamptz
);

CREATE TABLE {schema}.streams (
    tenant_id uuid NOT NULL,
    stream_id uuid NOT NULL,
    kind text NOT NULL COLLATE "C",
    version bigint NOT NULL,
    head_hash bytea NOT NULL,
    sealed_version bigint NOT NULL DEFAULT 0,
    state json,
    PRIMARY KEY (tenant_id, stream_id)
);
COMMENT ON COLUMN {schema}.streams.state IS
    'The aggregate after its last event, for kinds whose streams are too long to replay (series).';

CREATE TABLE {schema}.events (
    tenant_id uuid NOT NULL,
    stream_id uuid NOT NULL,
    version bigint NOT NULL,
    event_id uuid NOT NULL,
    type text NOT NULL COLLATE "C",
    schema_version integer NOT NULL,
    occurred_at timestamptz NOT NULL,
    recorded_at timestamptz NOT NULL,
    actor text NOT NULL,
    correlation_id uuid NOT NULL,
    causation_id uuid,
    body json NOT NULL,
    hash bytea NOT NULL,
    PRIMARY KEY (tenant_id, stream_id, version),
    FOREIGN KEY (tenant_id, stream_id) REFERENCES {schema}.streams
);

CREATE TABLE {schema}.personal (
    tenant_id uuid NOT NULL,
    stream_id uuid NOT NULL,
    version bigint NOT NULL,
    field text NOT NULL COLLATE "C",
    subject_id uuid NOT NULL,
    salt bytea NOT NULL,
    value json NOT NULL,
    PRIMARY KEY (tenant_id, stream_id, version, field),
    FOREIGN KEY (tenant_id, stream_id, version) REFERENCES {schema}.events
);
CREATE INDEX personal_subject ON {schema}.personal (tenant_id, subject_id);

CREATE TABLE {schema}.outbox (
    tenant_id uuid NOT NULL,
    message_id uuid NOT NULL,
    position bigint GENERATED ALWAYS AS IDENTITY,
    contract text NOT NULL COLLATE "C",
    order_key uuid NOT NULL,
    sequence bigint NOT NULL,
    lane smallint NOT NULL DEFAULT 0 CHECK (lane IN (0, 1)),
    occurred_at timestamptz NOT NULL,
    recorded_at timestamptz NOT NULL,
    actor text NOT NULL,
    correlation_id uuid NOT NULL,
    causation_id uuid NOT NULL,
    trace_parent text,
    body json NOT NULL,
    published_at timestamptz,
    PRIMARY KEY (tenant_id, message_id)
);
CREATE INDEX outbox_pending ON {schema}.outbox (lane, tenant_id, position) WHERE published_at IS NULL;
CREATE INDEX outbox_pending_keys ON {schema}.outbox (tenant_id, order_key, sequence)
    WHERE published_at IS NULL;

CREATE TABLE {schema}.inbox (
    tenant_id uuid NOT NULL,
    message_id uuid NOT NULL,
    position bigint GENERATED ALWAYS AS IDENTITY,
    contract text NOT NULL COLLATE "C",
    order_key uuid NOT NULL,
    sequence bigint NOT NULL,
    lane smallint NOT NULL DEFAULT 0 CHECK (lane IN (0, 1)),
    occurred_at timestamptz NOT NULL,
    received_at timestamptz NOT NULL DEFAULT now(),
    actor text NOT NULL,
    correlation_id uuid NOT NULL,
    causation_id uuid NOT NULL,
    trace_parent text,
    body json NOT NULL,
    state text NOT NULL DEFAULT 'pending' COLLATE "C"
        CHECK (state IN ('pending', 'parked', 'done', 'skipped')),
    attempts integer NOT NULL DEFAULT 0,
    next_attempt_at timestamptz NOT NULL DEFAULT now(),
    claim uuid,
    claimed_until timestamptz,
    reason text,
    finished_at timestamptz,
    PRIMARY KEY (tenant_id, message_id)
);
COMMENT ON COLUMN {schema}.inbox.lane IS '0 is interactive work, 1 bulk; also in the outbox.';
COMMENT ON COLUMN {schema}.inbox.next_attempt_at IS
    'Not before this moment of system time: arrival, the end of a claim, or the next try.';
CREATE INDEX inbox_unfinished ON {schema}.inbox (tenant_id, order_key, sequence, position)
    WHERE state IN ('pending', 'parked');
CREATE INDEX inbox_pending ON {schema}.inbox (lane, tenant_id, next_attempt_at, position)
    WHERE state = 'pending';

CREATE TABLE {schema}.due_jobs (
    tenant_id uuid NOT NULL,
    kind text NOT NULL COLLATE "C",
    key text NOT NULL COLLATE "C",
    due_at timestamptz NOT NULL,
    payload json,
    correlation_id uuid NOT NULL,
    state text NOT NULL DEFAULT 'pending' COLLATE "C" CHECK (state IN ('pending', 'parked', 'done')),
    attempts integer NOT NULL DEFAULT 0,
    next_attempt_at timestamptz NOT NULL DEFAULT '-infinity',
    claim uuid,
    claimed_until timestamptz,
    reason text,
    PRIMARY KEY (tenant_id, kind, key)
);
COMMENT ON COLUMN {schema}.due_jobs.due_at IS 'Business time of the tenant; the other times are system time.';
CREATE INDEX due_jobs_pending ON {schema}.due_jobs (due_at) WHERE state = 'pending';
CREATE INDEX due_jobs_unfinished ON {schema}.due_jobs (tenant_id, due_at) WHERE state <> 'done';

CREATE TABLE {schema}.leases (
    name text PRIMARY KEY,
    holder uuid NOT NULL,
    fence bigint NOT NULL,
    expires_at timestamptz NOT NULL
);

-- Sixteen lists by day, so that a day is dropped by TRUNCATE and no partition is made at run time.
CREATE TABLE {schema}.idempotency (
    tenant_id uuid NOT NULL,
    key_hash text NOT NULL COLLATE "C",
    slot smallint NOT NULL,
    created_at timestamptz NOT NULL,
    fingerprint text NOT NULL,
    stream_id uuid,
    status smallint NOT NULL,
    headers json NOT NULL,
    body bytea NOT NULL,
    PRIMARY KEY (tenant_id, key_hash, slot)
) PARTITION BY LIST (slot);
DO $$ BEGIN
    FOR slot IN 0..15 LOOP
        EXECUTE format('CREATE TABLE {schema}.idempotency_%s PARTITION OF {schema}.idempotency'
            ' FOR VALUES IN (%s)', slot, slot);
        EXECUTE format('ALTER TABLE {schema}.idempotency_%s ENABLE ROW LEVEL SECURITY', slot);
        EXECUTE format('ALTER TABLE {schema}.idempotency_%s FORCE ROW LEVEL SECURITY', slot);
    END LOOP;
END $$;

CREATE TABLE {schema}.facts (
    tenant_id uuid NOT NULL,
    port text NOT NULL COLLATE "C",
    key text NOT NULL COLLATE "C",
    fingerprint text NOT NULL COLLATE "C",
    value json NOT NULL,
    source text NOT NULL,
    obtained_at timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, port, key, fingerprint)
);

-- Opens a transaction for a tenant (T4): unknown, suspended and moved tenants raise. A writer holds
-- a shared lock that a move takes exclusively while it raises the epoch, so no stale writer commits.
CREATE FUNCTION {schema}.open_tenant(p_tenant uuid, p_epoch bigint, p_write boolean) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE entry record;
BEGIN
    PERFORM set_config('app.tenant', p_tenant::text, true);
    IF p_write THEN
        PERFORM pg_advisory_xact_lock_shared(hashtextextended(p_tenant::text, 4));
    END IF;
    SELECT status, epoch INTO entry FROM {schema}.tenants WHERE tenant_id = p_tenant;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'unknown tenant' USING ERRCODE = 'IV001';
    ELSIF entry.epoch <> p_epoch THEN
        RAISE EXCEPTION 'the directory entry is stale' USING ERRCODE = 'IV003';
    ELSIF entry.status = 'moved' OR (entry.status = 'suspended' AND p_write) THEN
        RAISE EXCEPTION 'tenant is %', entry.status USING ERRCODE = 'IV002';
    END IF;
END $$;

-- Claims an idempotency key for this transaction (E4): IV004 when an equal request is under way,
-- IV005 when its answer is stored already. The key is a hash that the caller made of scope and key.
CREATE FUNCTION {schema}.open_idempotency(p_key text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    IF NOT pg_try_advisory_xact_lock(
        hashtextextended({schema}.current_tenant()::text || p_key, 5)) THEN
        RAISE EXCEPTION 'the same request is under way' USING ERRCODE = 'IV004';
    END IF;
    PERFORM 1 FROM {schema}.idempotency
        WHERE tenant_id = {schema}.current_tenant() AND key_hash = p_key
        AND created_at > now() - interval '7 days';
    IF FOUND THEN
        RAISE EXCEPTION 'the answer is stored' USING ERRCODE = 'IV005';
    END IF;
END $$;

-- Frees the days that are over; today's list and those of the last eight days stay.
CREATE FUNCTION {schema}.forget_idempotency(p_today date) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
BEGIN
    FOR ahead IN 1..4 LOOP
        EXECUTE format('TRUNCATE {schema}.idempotency_%s', ((p_today - date '2020-01-01') + ahead) % 16);
    END LOOP;
END $$;
REVOKE ALL ON FUNCTION {schema}.forget_idempotency(date) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION {schema}.forget_idempotency(date) TO {schema}_system;

DO $$
DECLARE name text;
BEGIN
    FOREACH name IN ARRAY ARRAY['tenants', 'streams', 'events', 'personal', 'outbox', 'inbox',
                                'due_jobs', 'idempotency', 'facts'] LOOP
        EXECUTE format('ALTER TABLE {schema}.%I ENABLE ROW LEVEL SECURITY', name);
        EXECUTE format('ALTER TABLE {schema}.%I FORCE ROW LEVEL SECURITY', name);
        EXECUTE format('CREATE POLICY tenant ON {schema}.%I TO {schema}_app'
            ' USING (tenant_id = {schema}.current_tenant())'
            ' WITH CHECK (tenant_id = {schema}.current_tenant())', name);
    END LOOP;
    FOREACH name IN ARRAY ARRAY['tenants', 'outbox', 'inbox', 'due_jobs'] LOOP
        EXECUTE format('CREATE POLICY system ON {schema}.%I TO {schema}_system'
            ' USING (true) WITH CHECK (true)', name);
    END LOOP;
END $$;

GRANT SELECT ON {schema}.tenants TO {schema}_app;
GRANT SELECT, INSERT ON {schema}.events, {schema}.outbox TO {schema}_app;
GRANT SELECT, INSERT, UPDATE ON {schema}.streams, {schema}.due_jobs, {schema}.facts,
    {schema}.idempotency, {schema}.inbox TO {schema}_app;
GRANT SELECT, INSERT, DELETE ON {schema}.personal TO {schema}_app;
GRANT DELETE ON {schema}.facts TO {schema}_app;
GRANT SELECT, INSERT, UPDATE ON {schema}.tenants TO {schema}_system;
GRANT SELECT, INSERT, UPDATE, DELETE ON {schema}.outbox, {schema}.inbox, {schema}.due_jobs,
    {schema}.leases TO {schema}_system;
