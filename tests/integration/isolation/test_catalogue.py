"""The migrated database keeps the rules of tenancy, and each rule objects to what breaks it."""

import pytest

from invx.host import CONTEXTS
from invx.infra.tenancy import (
    GLOBAL_INDEXES,
    GLOBAL_TABLES,
    INSTALLED_TABLES,
    SEARCH_TABLES,
    SYSTEM_TABLES,
)
from tests.integration.isolation import catalogue
from tests.integration.isolation.catalogue import RULES, Rule, findings
from tests.world import World

# What breaks a rule, planted into the schema of invoicing, and a word of the finding.
PLANTS: list[tuple[Rule, str, str]] = [
    (catalogue.tables_have_a_tenant, "CREATE TABLE invoicing.plant (id uuid PRIMARY KEY)", "plant"),
    (
        catalogue.tables_have_a_tenant,
        "CREATE TABLE invoicing.plant (tenant_id uuid, id uuid)",
        "plant",
    ),
    (
        catalogue.keys_contain_the_tenant,
        "CREATE UNIQUE INDEX plant ON invoicing.documents (number)",
        "plant",
    ),
    (
        catalogue.keys_contain_the_tenant,
        "ALTER TABLE invoicing.numbers ADD CONSTRAINT plant UNIQUE (document_id)",
        "plant",
    ),
    (
        catalogue.indexes_lead_with_the_tenant,
        "CREATE INDEX plant ON invoicing.documents (status, tenant_id)",
        "plant begins with status",
    ),
    (
        catalogue.indexes_lead_with_the_tenant,
        "CREATE INDEX plant ON invoicing.documents (lower(number))",
        "(expression)",
    ),
    (
        catalogue.indexes_lead_with_the_tenant,
        (
            "DROP INDEX invoicing.due_jobs_pending;"  # listed, but not partial
            " CREATE INDEX due_jobs_pending ON invoicing.due_jobs (due_at)"
        ),
        "due_jobs_pending",
    ),
    (
        catalogue.references_stay_in_the_tenant,
        (
            "CREATE UNIQUE INDEX loose ON invoicing.documents (document_id); ALTER TABLE"
            " invoicing.archives ADD CONSTRAINT plant FOREIGN KEY (document_id)"
            " REFERENCES invoicing.documents (document_id)"
        ),
        "plant",
    ),
    (
        catalogue.rows_are_secured,
        "ALTER TABLE invoicing.events NO FORCE ROW LEVEL SECURITY",
        "events",
    ),
    (
        catalogue.rows_are_secured,
        "ALTER TABLE invoicing.idempotency_7 DISABLE ROW LEVEL SECURITY",
        "idempotency_7",
    ),
    (
        catalogue.policies_ask_for_the_tenant,
        "DROP POLICY tenant ON invoicing.archives",
        "archives has no policy",
    ),
    (
        catalogue.policies_ask_for_the_tenant,
        "ALTER POLICY tenant ON invoicing.archives WITH CHECK (true)",
        "archives",
    ),
    (
        catalogue.policies_ask_for_the_tenant,
        "CREATE POLICY plant ON invoicing.archives TO PUBLIC USING (true)",
        "lets public in",
    ),
    (
        catalogue.policies_ask_for_the_tenant,
        "CREATE POLICY plant ON invoicing.events TO invoicing_system USING (true)",
        "lets the system role in",
    ),
    (
        catalogue.views_ask_as_their_reader,
        "CREATE VIEW invoicing.plant AS SELECT * FROM invoicing.documents",
        "plant looks past",
    ),
    (
        catalogue.views_ask_as_their_reader,
        "CREATE MATERIALIZED VIEW invoicing.plant AS SELECT * FROM invoicing.documents",
        "plant looks past",
    ),
    (
        catalogue.statuses_are_text,
        "CREATE TYPE invoicing.plant AS ENUM ('a', 'b')",
        "plant is an enum",
    ),
    (
        catalogue.grants_are_narrow,
        "GRANT UPDATE ON invoicing.events TO invoicing_app",
        "may UPDATE events",
    ),
    (
        catalogue.grants_are_narrow,
        "GRANT SELECT ON invoicing.documents TO invoicing_system",
        "may SELECT documents",
    ),
    (catalogue.grants_are_narrow, "GRANT SELECT ON invoicing.facts TO PUBLIC", "public"),
    (
        catalogue.grants_are_narrow,
        "GRANT SELECT ON invoicing.events TO invoicing_search",
        "the search role may SELECT events",
    ),
    (
        catalogue.raised_functions_are_closed,
        "CREATE FUNCTION invoicing.plant() RETURNS int LANGUAGE sql SECURITY DEFINER RETURN 1",
        "everybody may run plant",
    ),
    (
        catalogue.raised_functions_are_closed,
        "GRANT EXECUTE ON FUNCTION invoicing.forget_idempotency TO invoicing_app",
        "forget_idempotency lends",
    ),
    (
        catalogue.raised_functions_are_closed,
        "ALTER FUNCTION invoicing.forget_idempotency RESET search_path",
        "forget_idempotency",
    ),
]


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
async def test_every_schema_keeps_the_rule(world: World, rule: Rule) -> None:
    async with world.admin() as conn:
        found = {schema: await findings(rule, conn, schema) for schema in CONTEXTS}
    assert found == {schema: [] for schema in CONTEXTS}


async def test_every_rule_objects_to_what_breaks_it(world: World) -> None:
    missed = []
    async with world.admin() as conn:
        for rule, statements, expected in PLANTS:
            planting = conn.transaction()
            await planting.start()
            await conn.execute(statements)
            found = await findings(rule, conn, "invoicing")
            await planting.rollback()
            if not any(expected in each for each in found):
                missed.append((rule.__name__, statements, found))
    assert missed == []


def test_every_rule_has_a_planted_violation() -> None:
    assert {rule for rule, *_ in PLANTS} == set(RULES)


async def test_no_exception_is_listed_in_vain(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without the lists every listed table and index is found, in every schema or in its own."""
    monkeypatch.setattr(catalogue, "GLOBAL_TABLES", frozenset())
    monkeypatch.setattr(catalogue, "GLOBAL_INDEXES", frozenset())
    listed = set()
    async with world.admin() as conn:
        for schema in CONTEXTS:
            tables = await findings(catalogue.tables_have_a_tenant, conn, schema)
            assert {each.split(":")[0] for each in tables} == GLOBAL_TABLES
            indexes = await findings(catalogue.indexes_lead_with_the_tenant, conn, schema)
            found = {each.split()[0] for each in indexes}
            assert found >= {name for name in GLOBAL_INDEXES if not name.startswith("members")}
            listed |= found
    assert listed >= GLOBAL_INDEXES


async def test_system_and_search_tables_exist_where_they_are_listed(world: World) -> None:
    async with world.admin() as conn:
        names = {
            schema: {
                row[0]
                for row in await conn.fetch(
                    "SELECT tablename::text FROM pg_tables WHERE schemaname = $1", schema
                )
            }
            for schema in CONTEXTS
        }
    assert all(names[schema] >= SYSTEM_TABLES for schema in CONTEXTS)
    assert names["invoicing"] | names["identity"] >= SEARCH_TABLES
    assert names["identity"] >= INSTALLED_TABLES
