"""Every metric of the program, by name, in one place.

Labels are bounded by the code (contexts, routes, contracts, handlers) or by settings (classes of
quotas, databases): no ids, no tenants. `docs/operations/observability.md` explains each.
Durations are seconds. Gauges named `…_age` or `…_lag` are seconds too and are set by whoever polls.
"""

from prometheus_client import Counter, Gauge, Histogram

_FAST = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
_LAG = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0)

# HTTP: rate, errors, duration. `route` is the template of a matched route or "unmatched";
# `tenant_class` the class of the tenant's quota, see `quotas.Admission.label_of`, or "none".
HTTP_REQUESTS = Counter(
    "invx_http_requests_total", "Requests answered.", ("method", "route", "status", "tenant_class")
)
HTTP_SECONDS = Histogram(
    "invx_http_request_seconds",
    "From the first byte read to the last byte sent.",
    ("method", "route", "tenant_class"),
    buckets=_FAST,
)
HTTP_IN_FLIGHT = Gauge("invx_http_requests_in_flight", "Requests being answered now.")
TOKENS = Counter(
    "invx_tokens_verified_total",
    "Access tokens looked at: cached, verified or refused.",
    ("outcome",),
)
READS_KEPT = Counter(
    "invx_reads_kept_total",
    "Questions whose answers are kept in Valkey: kept, read anew, or Valkey was away.",
    ("context", "outcome"),
)

# The process.
LOOP_LAG = Histogram(
    "invx_loop_lag_seconds", "How late the event loop wakes a sleeper.", buckets=_LAG
)
INVARIANTS_VIOLATED = Counter(
    "invx_invariants_violated_total", "States that must not exist; any value above 0 is an alert."
)

UPKEEP_SUCCESS = Gauge(
    "invx_upkeep_last_success_timestamp_seconds",
    "When a chore was last done, in seconds since 1970.",
    ("context", "chore"),
)
UPKEEP_FAILURES = Counter("invx_upkeep_failures_total", "Chores that failed.", ("context", "chore"))

# Seals over the heads of streams, and what of them has left the house.
SEALS = Counter("invx_seals_total", "Seals that this process made.", ("context",))
SEALING_FAILURES = Counter(
    "invx_sealing_failures_total", "Tenants that could not be sealed or anchored.", ("context",)
)
SEALING_SUCCESS = Gauge(
    "invx_sealing_last_walk_timestamp_seconds",
    "When all tenants were last looked after, in seconds since 1970.",
    ("context",),
)
SEALS_UNANCHORED = Gauge(
    "invx_seals_unanchored",
    "Seals of all tenants without a receipt of this anchor.",
    ("context", "anchor"),
)

# Handlers and their transactions.
HANDLER_SECONDS = Histogram(
    "invx_handler_seconds",
    "One command, with its retries, to its COMMIT.",
    ("context", "handler"),
    buckets=_FAST,
)
HANDLER_RETRIES = Counter(
    "invx_handler_retries_total",
    "Handlers run again: lost_race, deadlock, facts.",
    ("context", "handler", "reason"),
)
FACTS_ASKED = Counter(
    "invx_facts_asked_total", "Facts obtained from outside: found or failed.", ("port", "outcome")
)
IDEMPOTENT_REPLAYS = Counter(
    "invx_idempotent_requests_total",
    "Requests with a key: first, replayed, reused with another body, busy.",
    ("context", "outcome"),
)
POOL_WAIT_SECONDS = Histogram(
    "invx_pool_wait_seconds", "Waiting for a connection.", ("context", "login"), buckets=_FAST
)
# `pool` is the placement, or the context that has a database of its own.
POOL_CONNECTIONS_MAX = Gauge(
    "invx_pool_connections_max", "Connections that the pool may have open.", ("pool", "login")
)
POOL_CONNECTIONS_IN_USE = Gauge(
    "invx_pool_connections_in_use", "Connections inside a transaction.", ("pool", "login")
)
POOL_WAITERS = Gauge("invx_pool_waiters", "Who waits for a connection now.", ("pool", "login"))
LOCK_WAIT_SECONDS = Histogram(
    "invx_lock_wait_seconds", "Waiting for a lock, until it was had.", ("lock",), buckets=_FAST
)
LOCK_HELD_SECONDS = Histogram(
    "invx_lock_held_seconds", "From having a lock to the end.", ("lock",), buckets=_FAST
)

# Delivery between contexts.
OUTBOX_PENDING = Gauge("invx_outbox_pending", "Contracts not yet handed over.", ("context",))
OUTBOX_LAG = Gauge("invx_outbox_lag_seconds", "Age of the oldest of them.", ("context",))
RELAYED = Counter("invx_relayed_total", "Contracts handed to the transport.", ("context",))
FED = Counter("invx_fed_total", "Messages of the broker brought into the inbox.", ("context",))
FEED_REFUSED = Counter(
    "invx_feed_refused_total", "Messages of the broker that no inbox can take.", ("context",)
)
INBOX_PENDING = Gauge("invx_inbox_pending", "Contracts received and not done.", ("context",))
INBOX_AGE = Gauge("invx_inbox_age_seconds", "Age of the oldest of them.", ("context",))
INBOX_HANDLED = Counter(
    "invx_inbox_handled_total",
    "Reactions run: done, retried, parked.",
    ("context", "contract", "outcome"),
)
PARKED_KEYS = Gauge("invx_parked_keys", "Order keys that wait for a person.", ("context",))
JOBS_DUE = Gauge("invx_jobs_due", "Jobs whose time has come.", ("context",))
JOBS_LATE = Gauge("invx_jobs_late_seconds", "How late the oldest of them is.", ("context",))
JOBS_RUN = Counter("invx_jobs_run_total", "Jobs: done, retried, parked.", ("context", "outcome"))

# Files: what is kept in the storage.
FILES_REFUSED = Counter(
    "invx_stored_files_refused_total",
    "Stored files that were asked for and not given: damaged or missing.",
    ("place", "reason"),
)
FILES_SWEPT = Counter(
    "invx_stored_files_swept_total", "Stored files that nothing named any more.", ("context",)
)
