"""Rules of tenancy as questions to PostgreSQL's catalogue; each yields what breaks it (T1-T3)."""

from collections.abc import AsyncIterator, Callable

import asyncpg

from invx.infra.tenancy import (
    GLOBAL_INDEXES,
    GLOBAL_TABLES,
    SEARCH_TABLES,
    SYSTEM_FUNCTIONS,
    SYSTEM_TABLES,
)

Findings = AsyncIterator[str]
Rule = Callable[[asyncpg.Connection, str], Findings]

_TABLES = """
SELECT c.oid, c.relname AS name, c.relispartition AS partition, c.relrowsecurity AS enabled,
    c.relforcerowsecurity AS forced, EXISTS (SELECT 1 FROM pg_attribute a WHERE a.attrelid = c.oid
        AND a.attname = 'tenant_id' AND NOT a.attisdropped AND a.attnotnull) AS tenanted
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname = $1 AND c.relkind IN ('r', 'p') ORDER BY c.relname
"""
_INDEXES = """
SELECT i.relname AS name, c.relname AS table, x.indisunique AS unique,
    x.indpred IS NOT NULL AS partial, ARRAY(SELECT coalesce(a.attname::text, '(expression)')
        FROM unnest(x.indkey) WITH ORDINALITY AS k(attnum, position)
        LEFT JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = k.attnum AND k.attnum > 0
        WHERE k.position <= x.indnkeyatts ORDER BY k.position) AS columns
FROM pg_index x JOIN pg_class i ON i.oid = x.indexrelid JOIN pg_class c ON c.oid = x.indrelid
JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = $1 ORDER BY i.relname
"""
FOREIGN_KEYS = """
SELECT k.conname AS name, c.relname AS table, r.relname AS target, k.confdeltype::text AS cascade,
    ARRAY(SELECT a.attname::text FROM unnest(k.conkey) WITH ORDINALITY AS u(n, p)
        JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = u.n ORDER BY p) AS columns,
    ARRAY(SELECT a.attname::text FROM unnest(k.confkey) WITH ORDINALITY AS u(n, p)
        JOIN pg_attribute a ON a.attrelid = r.oid AND a.attnum = u.n ORDER BY p) AS targets
FROM pg_constraint k JOIN pg_class c ON c.oid = k.conrelid JOIN pg_class r ON r.oid = k.confrelid
JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname = $1 AND k.contype = 'f' AND NOT c.relispartition ORDER BY c.relname, k.conname
"""


async def tables_have_a_tenant(conn: asyncpg.Connection, schema: str) -> Findings:
    """Each table has a `tenant_id` that is never null, but for the global ones."""
    for table in await conn.fetch(_TABLES, schema):
        if table["tenanted"] == (table["name"] in GLOBAL_TABLES):
            yield f"{table['name']}: a tenant, or the list of global tables, but not both"


async def keys_contain_the_tenant(conn: asyncpg.Connection, schema: str) -> Findings:
    """Primary keys, unique constraints and unique indexes."""
    for index in await conn.fetch(_INDEXES, schema):
        shared = index["unique"] and "tenant_id" not in index["columns"]
        if shared and index["table"] not in GLOBAL_TABLES:
            yield f"{index['name']} is unique over all tenants"


async def indexes_lead_with_the_tenant(conn: asyncpg.Connection, schema: str) -> Findings:
    """But for the partial ones that a poll over all tenants needs."""
    for index in await conn.fetch(_INDEXES, schema):
        over_all = index["table"] in SYSTEM_TABLES | SEARCH_TABLES
        polled = index["partial"] and not index["unique"] and over_all
        listed = polled and index["name"] in GLOBAL_INDEXES
        leading = index["columns"][0] == "tenant_id" or index["table"] in GLOBAL_TABLES
        if not (leading or listed):
            yield f"{index['name']} begins with {index['columns'][0]}"


async def references_stay_in_the_tenant(conn: asyncpg.Connection, schema: str) -> Findings:
    """A foreign key holds the tenant on both sides, at the same place."""
    for key in await conn.fetch(FOREIGN_KEYS, schema):
        pairs = list(zip(key["columns"], key["targets"], strict=True))
        if ("tenant_id", "tenant_id") not in pairs:
            yield f"{key['table']}.{key['name']} may point at another tenant's row"


async def rows_are_secured(conn: asyncpg.Connection, schema: str) -> Findings:
    """Row-level security is on, and forced, so that the owner obeys it too."""
    for table in await conn.fetch(_TABLES, schema):
        if table["tenanted"] and not (table["enabled"] and table["forced"]):
            yield f"{table['name']} has no forced row-level security"


async def policies_ask_for_the_tenant(conn: asyncpg.Connection, schema: str) -> Findings:
    """One for the application, to read and to write; no other than those listed opens more."""
    rows = await conn.fetch("SELECT * FROM pg_policies WHERE schemaname = $1", schema)
    own = f"(tenant_id = {schema}.current_tenant())"
    secured = set()
    for row in rows:
        [role], table = row["roles"], row["tablename"]
        if role == f"{schema}_app":
            asks = (row["qual"], row["with_check"], row["cmd"], row["permissive"])
            if asks != (own, own, "ALL", "PERMISSIVE"):
                yield f"{table}: policy {row['policyname']} of the application asks {asks}"
            secured.add(table)
        elif role == f"{schema}_system":
            if table not in SYSTEM_TABLES:
                yield f"{table}: policy {row['policyname']} lets the system role in"
        elif role != f"{schema}_search" or table not in SEARCH_TABLES or row["cmd"] != "SELECT":
            yield f"{table}: policy {row['policyname']} lets {role} in"
    for table in await conn.fetch(_TABLES, schema):
        # A partition is reached through its parent; without a policy nobody reaches it alone.
        if table["tenanted"] and not table["partition"] and table["name"] not in secured:
            yield f"{table['name']} has no policy for the application"


async def views_ask_as_their_reader(conn: asyncpg.Connection, schema: str) -> Findings:
    """A view asks with its owner's rights unless told otherwise; a materialized one always does."""
    for row in await conn.fetch(
        "SELECT c.relname AS name, c.relkind::text AS kind, c.reloptions AS options FROM pg_class c"
        " JOIN pg_namespace n ON n.oid = c.relnamespace"
        " WHERE n.nspname = $1 AND c.relkind IN ('v', 'm')",
        schema,
    ):
        if row["kind"] == "m" or "security_invoker=true" not in (row["options"] or ()):
            yield f"{row['name']} looks past row-level security"


async def statuses_are_text(conn: asyncpg.Connection, schema: str) -> Findings:
    """Comparing enums is not leakproof, so under row-level security no index serves them."""
    for row in await conn.fetch(
        "SELECT t.typname FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace"
        " WHERE n.nspname = $1 AND t.typtype = 'e'",
        schema,
    ):
        yield f"{row[0]} is an enum"


async def grants_are_narrow(conn: asyncpg.Connection, schema: str) -> Findings:
    """Events are append-only for the application; the system role has no business table."""
    for row in await conn.fetch(_GRANTS, schema):
        role, table, verb = row["role"], row["name"], row["verb"]
        if role == "public" or verb in ("TRUNCATE", "REFERENCES", "TRIGGER"):
            yield f"{role} may {verb} {table}"
        elif role == f"{schema}_app" and table == "events" and verb in ("UPDATE", "DELETE"):
            yield f"the application may {verb} events"
        elif role == f"{schema}_app" and table == "tenants" and verb != "SELECT":
            yield f"the application may {verb} the directory"
        elif role == f"{schema}_app" and table in GLOBAL_TABLES:
            yield f"the application may {verb} {table}"
        elif role == f"{schema}_system" and table not in SYSTEM_TABLES:
            yield f"the system role may {verb} {table}"
        elif role == f"{schema}_search" and (verb, table) not in _SEARCHING:
            yield f"the search role may {verb} {table}"


_SEARCHING = {("SELECT", table) for table in SEARCH_TABLES}
_GRANTS = """
SELECT c.relname AS name, g.privilege_type AS verb,
    CASE WHEN g.grantee = 0 THEN 'public' ELSE g.grantee::regrole::text END AS role
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace, aclexplode(c.relacl) AS g
WHERE n.nspname = $1 AND c.relkind IN ('r', 'p', 'v', 'm') AND g.grantee <> c.relowner
ORDER BY 1, 2, 3
"""


async def raised_functions_are_closed(conn: asyncpg.Connection, schema: str) -> Findings:
    """What runs with its owner's rights fixes its search path and is not for everybody.

    The application runs such functions only of the role that searches, and the listed ones.
    """
    for row in await conn.fetch(
        "SELECT p.proname AS name, p.proconfig AS config, p.proowner::regrole::text AS owner,"
        " has_function_privilege($1 || '_app', p.oid, 'EXECUTE') AS lent, EXISTS (SELECT 1 FROM"
        " aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) g WHERE g.grantee = 0) AS all"
        " FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace"
        " WHERE n.nspname = $1 AND p.prosecdef",
        schema,
    ):
        if row["all"]:
            yield f"everybody may run {row['name']}"
        lent = row["lent"] and row["name"] not in SYSTEM_FUNCTIONS
        if lent and row["owner"] != f"{schema}_search":
            yield f"{row['name']} lends the application the rights of {row['owner']}"
        if not any(each.startswith("search_path=pg_catalog") for each in row["config"] or ()):
            yield f"{row['name']} trusts the caller's search path"


RULES: tuple[Rule, ...] = (
    tables_have_a_tenant,
    keys_contain_the_tenant,
    indexes_lead_with_the_tenant,
    references_stay_in_the_tenant,
    rows_are_secured,
    policies_ask_for_the_tenant,
    views_ask_as_their_reader,
    statuses_are_text,
    grants_are_narrow,
    raised_functions_are_closed,
)


async def findings(rule: Rule, conn: asyncpg.Connection, schema: str) -> list[str]:
    """All that breaks a rule."""
    return [each async for each in rule(conn, schema)]
