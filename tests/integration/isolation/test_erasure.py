"""A customer is erased, and every word about it is gone from everywhere; the chains hold (D4)."""

import io
from datetime import timedelta
from pathlib import Path
from typing import Any

import asyncpg
import pypdf
import pytest

from invx.infra.audit import Audit, verify
from tests.integration.isolation.case_file import CUSTOMER, CaseFile, fill, open_case
from tests.integration.isolation.markers import Found, in_database, in_files, in_text
from tests.integration.isolation.staying import STAYS, UNSAID, stays
from tests.world import BUYER, Desk, World

RETENTION = timedelta(days=366 * 11)


async def erase(case: CaseFile, customer: str = CUSTOMER) -> dict[str, Any]:
    return await case.desk.post("/v1/erasures", {"customer": customer})


def leaving(case: CaseFile, found: Found) -> dict[str, list[str]]:
    """Field -> where, for what is of the customer."""
    fields: dict[str, set[str]] = {}
    for marker, places in found.items():
        fields.setdefault(case.marking.fields[marker], set()).update(places)
    return {name: sorted(fields[name]) for name in sorted(fields) if not stays(name)}


async def looked_for(world: World) -> Found:
    async with world.admin() as conn:
        return await in_database(conn)


async def audited(conn: Any, desk: Desk) -> Audit:
    return await verify(conn, "invoicing", desk.tenant_id)


async def database_folder(world: World, conn: asyncpg.Connection) -> Path:
    oid = await conn.fetchval("SELECT oid FROM pg_database WHERE datname = current_database()")
    folders = [each for each in world.server.location.rglob(f"base/{oid}") if each.is_dir()]
    assert len(folders) == 1
    return folders[0]


async def test_after_its_retention_nothing_of_a_customer_is_left_anywhere(
    world: World, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    case = await open_case(world)
    await fill(case)
    async with world.admin() as conn:
        await conn.execute("ANALYZE")  # samples of columns are copies, too
        before = leaving(case, await in_database(conn))
    written = {name for name in case.marking.fields.values() if not stays(name)}
    assert sorted(written - set(before)) == []  # every word arrived, so there is something to erase

    await world.advance(case.desk.tenant_id, RETENTION)
    done = await erase(case)
    assert done["kept"] == []
    assert set(done["erased"]) >= {*case.issued, *case.drafts}
    await world.settle()

    async with world.admin() as conn:
        # What is deleted stays in pages and samples until PostgreSQL cleans up, which it does by
        # itself in time; VACUUM FULL rewrites the files at once. The log of writes (pg_wal) goes
        # round in hours and, like backups, is bounded by time and not by erasure. Samples come
        # first: new ones leave the old in the pages of pg_statistic until it is rewritten, too.
        await conn.execute("ANALYZE")
        await conn.execute("VACUUM (FULL)")
        await conn.execute("CHECKPOINT")
        assert leaving(case, await in_database(conn)) == {}
        audit = await audited(conn, case.desk)
        assert audit.intact, audit.broken
        assert audit.erased > len(case.issued)
        assert audit.personal > 0  # the legal entity's own
        folder = await database_folder(world, conn)
    assert leaving(case, in_files([folder, tmp_path])) == {}
    said = capfd.readouterr()
    said_by_server = world.server.log.read_text(errors="replace")
    assert in_text(said.out + said.err + said_by_server) == set()


async def test_an_erased_document_still_answers_and_says_nothing(world: World) -> None:
    case = await open_case(world)
    await fill(case)
    first = await case.desk.client.get(f"/v1/invoices/{case.issued[0]}/pdf")
    drawn = leaving(case, {marker: {"pdf"} for marker in in_text(words_of(first.content))})
    assert "paid.edited.buyer.name" in drawn
    await world.advance(case.desk.tenant_id, RETENTION)
    await erase(case)
    paths = [
        f"/v1/invoices/{invoice}{what}"
        for invoice in case.issued
        for what in ("", "/history", "/explain", "/settlement", "/state")
    ]
    paths += ["/v1/invoices?expand=content&limit=100", "/v1/invoices?q=zq&sort=buyer"]
    for path in paths:
        query = {"at": "2100-01-01T00:00:00Z"} if path.endswith("/state") else None
        response = await case.desk.client.get(path, params=query)
        assert response.status_code == 200, f"{path}: {response.status_code} {response.text}"
        told = words_of(response.content)
        assert leaving(case, {marker: {path} for marker in in_text(told)}) == {}
    for invoice in case.issued:  # what was first issued is gone, and nothing is in its place
        for file in ("pdf", "e-invoice?format=cii"):
            refused = await case.desk.client.get(f"/v1/invoices/{invoice}/{file}")
            assert (refused.status_code, refused.json()["code"]) == (410, "document_erased")
    for response in await case.again():
        assert leaving(case, {marker: {"replay"} for marker in in_text(response.content)}) == {}


def words_of(content: bytes) -> bytes:
    """The bytes; of a PDF the words on its pages and about it."""
    if not content.startswith(b"%PDF"):
        return content
    pdf = pypdf.PdfReader(io.BytesIO(content))
    pages = "".join(page.extract_text() for page in pdf.pages)
    return f"{pages}{dict(pdf.metadata or {})}".encode()


async def test_every_table_with_words_about_a_customer_is_named_with_its_eraser(
    world: World,
) -> None:
    case = await open_case(world)
    await fill(case)
    before = leaving(case, await looked_for(world))
    holding = {place.rpartition(".")[0] for places in before.values() for place in places}
    named = {
        f"{context.schema}.{store.name}"
        for context in world.host.contexts.values()
        for store in context.personal
    }
    assert holding <= named
    assert {"invoicing.personal", "invoicing.document_contents"} <= holding
    # What is packed cannot be searched for words, so these are known by what they are.
    async with world.admin() as conn:
        assert await conn.fetchval("SELECT count(*) FROM invoicing.archives") > 0
    assert "invoicing.archives" in named
    for context in world.host.contexts.values():
        assert all(store.eraser for store in context.personal)


async def test_a_contract_takes_no_word_about_a_customer_along(world: World) -> None:
    case = await open_case(world)
    await fill(case)
    found = leaving(case, await looked_for(world))
    places = {place for places in found.values() for place in places}
    assert not any(".outbox." in place or ".inbox." in place for place in places)
    assert not any(place.startswith("analytics.") for place in places)
    async with world.admin() as conn:
        assert await conn.fetchval("SELECT count(*) FROM analytics.inbox") > 0


async def test_what_the_law_keeps_is_kept_and_named(world: World) -> None:
    case = await open_case(world)
    await fill(case)
    pdf = (await case.desk.client.get(f"/v1/invoices/{case.issued[0]}/pdf")).content
    shown = await case.desk.get(f"/v1/invoices/{case.issued[0]}")
    done = await erase(case)
    assert {each["invoice"] for each in done["kept"]} >= set(case.issued)
    assert set(done["erased"]) == set(case.drafts)
    year = int(shown["issue_date"][:4])
    assert {each["until"] for each in done["kept"]} == {f"{year + 8}-12-31"}  # § 14b UStG
    assert all(each["number"] and each["reason"] for each in done["kept"])
    assert await case.desk.get(f"/v1/invoices/{case.issued[0]}") == shown
    again = await case.desk.client.get(f"/v1/invoices/{case.issued[0]}/pdf")
    assert again.content == pdf
    left = {name.partition(".")[0] for name in leaving(case, await looked_for(world))}
    assert left >= {"paid", "credited", "voided", "cancelled", "replaced"}
    assert not left & {"draft", "deleted"}


async def test_the_legal_entity_keeps_its_own_words(world: World) -> None:
    """Its directors and contact are its own subject: a customer's erasure takes none of them."""
    case = await open_case(world)
    await fill(case)
    before = {case.marking.fields[marker] for marker in await looked_for(world)}
    own = {name for name in before if name.startswith("entity.")}
    await world.advance(case.desk.tenant_id, RETENTION)
    await erase(case)
    found = {case.marking.fields[marker] for marker in await looked_for(world)}
    assert found >= own
    assert {"entity.directors", "entity.contact.name", "entity.contact.email"} <= own
    shown = await case.desk.get(f"/v1/legal-entities/{case.desk.entity}")
    assert in_text(shown["directors"][0])


async def test_another_customer_is_not_touched(world: World) -> None:
    desk = await world.seller()
    other = {**BUYER, "customer": "other", "name": "Andere GmbH"}
    mine, theirs = await desk.draft(), await desk.draft(buyer=other)
    done = await desk.post("/v1/erasures", {"customer": "C-1"})
    assert done["erased"] == [mine["id"]]
    assert (await desk.get(f"/v1/invoices/{theirs['id']}"))["buyer_name"] == "Andere GmbH"
    assert (await desk.get(f"/v1/invoices/{mine['id']}"))["buyer_name"] is None


async def test_a_draft_that_changed_hands_forgets_whom_it_was_for_first(world: World) -> None:
    """Also when it was issued to somebody else: the law keeps the document, not its drafts."""
    case = await open_case(world)
    first, second = case.content("first"), case.content("second")
    second["buyer"]["customer"] = "somebody-else"
    made = await case.once("/v1/invoices", first)
    path = f"/v1/invoices/{made['id']}"
    assert (await case.desk.client.put(path, json=second)).status_code == 200
    issued = await case.desk.post(f"{path}/finalize")
    await world.settle()
    pdf = (await case.desk.client.get(f"{path}/pdf")).content
    done = await erase(case)
    assert (done["erased"], done["kept"]) == ([], [])
    left = leaving(case, await looked_for(world))
    assert not any(name.startswith("first.") for name in left)
    assert any(name.startswith("second.") for name in left)
    # The erasure is an event of the document; but for that it is the same to its readers.
    assert await case.desk.get(path) == {**issued, "version": issued["version"] + 1}
    assert (await case.desk.client.get(f"{path}/pdf")).content == pdf


async def test_what_is_said_after_an_erasure_is_erased_by_the_next_one(world: World) -> None:
    case = await open_case(world)
    path = await case.invoice("late")
    await world.advance(case.desk.tenant_id, RETENTION)
    await erase(case)
    await case.say(path, "payments", amount="1.00")
    await case.say(path, "release")
    assert set(leaving(case, await looked_for(world))) == {"payments.note", "release.how"}
    await erase(case)
    assert leaving(case, await looked_for(world)) == {}


async def test_every_route_that_takes_words_is_in_the_case(world: World) -> None:
    """A route that is added must be said something on, or be named with the reason why not."""
    case = await open_case(world)
    await fill(case)
    document = case.marking.document
    taking = {
        (method, path)
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
        if "requestBody" in operation
    }
    assert taking - case.marking.used == set(UNSAID)
    schemas = document["components"]["schemas"]
    assert set(schemas["EditIn"]["properties"]) <= set(schemas["DraftIn"]["properties"])


async def test_the_log_of_the_server_quotes_no_row(world: World) -> None:
    """PostgreSQL explains a refusal with the values of the row, unless it is told not to."""
    case = await open_case(world)
    await case.invoice("refused")
    async with world.admin() as conn:
        with pytest.raises(asyncpg.CheckViolationError) as refused:
            await conn.execute("UPDATE invoicing.documents SET gross = gross + 1")
    assert in_text(refused.value.detail or "")  # there is something to quote
    logged = world.server.log.read_text(errors="replace")
    assert "net_and_tax_make_gross" in logged
    assert in_text(logged) == set()


def test_every_exception_says_why() -> None:
    assert all(len(why) > 20 for why in (*STAYS.values(), *UNSAID.values()))
    assert not stays("paid.first.buyer.identifiers.id")
    assert not stays("paid.first.notes")
