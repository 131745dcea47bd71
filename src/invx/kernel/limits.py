"""Every bound of the system in one place, with its unit in its name."""

LINES_PER_DOCUMENT_MAX = 10_000
DRAFT_LINES_WHOLE_MAX = 200  # a longer draft is edited by patches instead of whole events
TEXT_CHARS_MAX = 10_000
NAME_CHARS_MAX = 300
METADATA_KEYS_MAX = 50
METADATA_VALUE_CHARS_MAX = 500
ATTACHMENT_CHARS_MAX = 3_000_000  # of base64, each; a body has its own bound
IDEMPOTENCY_KEY_CHARS_MAX = 255
BODY_BYTES_MAX = 16_000_000
PAGE_ITEMS_DEFAULT = 25
PAGE_ITEMS_MAX = 100
HANDLER_ATTEMPTS_MAX = 10  # lost races and deadlocks, with jitter
FACT_ROUNDS_MAX = 3
REACTION_ATTEMPTS_MAX = 8
REACTION_DELAY_SECONDS_FIRST = 1
REACTION_DELAY_SECONDS_MAX = 3600
CLAIM_SECONDS = 60
CLAIM_ROWS_PER_TENANT = 50
RELAY_ROWS_PER_TENANT = 100
RELAY_ROWS_PER_ROUND = 1_000
LEASE_SECONDS = 15
POLL_SECONDS = 1.0
DIRECTORY_CACHE_SECONDS = 60
TOKEN_CACHE_SECONDS = 60
REVOCATION_CACHE_SECONDS = 4  # a revocation holds within 5
IDEMPOTENCY_DAYS = 7
# Rows that are only for people who look back.
OUTBOX_DAYS = 7  # handed over
JOB_DAYS = 7  # done
INBOX_BODY_DAYS = 30  # done: only the body is forgotten, see infra/inbox.py
MEASURE_SECONDS = 15.0
FORGET_SECONDS = 3600.0
FORGET_SECONDS_FIRST = 60.0  # after the start, which has enough to do
CHORE_SECONDS_MAX = 300.0
