"""What the law keeps, and the purge of what nothing keeps any more (D4)."""

from typing import Any
from uuid import UUID

from invx.contexts.invoicing.adapters.works import WORKS
from invx.host import holdings_of
from invx.infra.audit import verify
from invx.kernel.ids import parse_typeid, typeid
from tests.e2e.acts import BY_NO_SEAL, be_at, berlin, refused
from tests.sealing import faults, seal
from tests.world import BUYER, Desk, World, line

LAW = "UStG § 14b Abs. 1; AO § 147 Abs. 3 (BEG IV)"
AFTER_2026 = "2035-01-02 12:00"  # eight years from the end of the year
NO_OPERATION = "op_01jd0y7ct4f6d9zq8x3s5v2w1k"


async def desk_at(world: World, day: str) -> Desk:
    desk = await world.seller()
    await be_at(desk, berlin(f"{day} 12:00"))
    return desk


async def paid(desk: Desk, price: str = "100.00", **more: Any) -> dict[str, Any]:
    """An invoice with nothing open."""
    invoice = await desk.invoice(line(price), **more)
    body = {"amount": invoice["totals"]["gross"], "source": f"bank {invoice['number']}"}
    await desk.post(f"/v1/invoices/{invoice['id']}/payments", body)
    await desk.world.settle()
    return invoice


async def retention(desk: Desk, **query: str) -> dict[str, Any]:
    [found] = (await desk.get("/v1/retention", **query))["data"]
    return found


async def tried(desk: Desk, **body: Any) -> dict[str, Any]:
    """A trial of a purge, done."""
    begun = await desk.post("/v1/retention/purges", body, status=202)
    await desk.world.settle()
    return await desk.get(f"/v1/operations/{begun['id']}")


async def carried_out(desk: Desk, trial: dict[str, Any]) -> dict[str, Any]:
    begun = await desk.post(f"/v1/retention/purges/{trial['id']}/carry-out", status=202)
    await desk.world.settle()
    return await desk.get(f"/v1/operations/{begun['id']}")


async def outcomes(desk: Desk, operation: dict[str, Any]) -> dict[str, str | None]:
    """By invoice the code of what keeps it; None: nothing does."""
    items = (await desk.get(f"/v1/operations/{operation['id']}/items"))["data"]
    return {each["invoice"]: each["problem"] and each["problem"]["code"] for each in items}


async def test_the_report_says_the_law_counts_and_what_falls_due(world: World) -> None:
    desk = await desk_at(world, "2026-03-20")
    await paid(desk)
    await desk.draft()
    await be_at(desk, berlin("2027-03-20 12:00"))
    last = await desk.invoice(line("5.00"))
    await desk.post("/v1/legal-holds", {"invoice": last["id"], "reason": "Audit"})
    found = await retention(desk)
    assert found == {
        "object": "retention",
        "legal_entity": desk.entity,
        "as_of": "2027-03-20",
        "rules": [
            {
                "country": "DE",
                "one_stop_shop": False,
                "years": 8,
                "from": "end_of_year_of_issue",
                "source": LAW,
            }
        ],
        "counts": {"kept": 1, "ended": 0, "held": 1, "unsettled": 0, "purged": 0},
        "due": [
            {"until": "2034-12-31", "documents": 1, "held": 0},
            {"until": "2035-12-31", "documents": 1, "held": 1},
        ],
    }
    assert await retention(desk, legal_entity=desk.entity) == found
    problem = await refused(
        desk, "GET", "/v1/retention?legal_entity=le_01jd0y7ct4f6d9zq8x3s5v2w1k", status=404
    )
    assert problem["code"] == "legal_entity_not_found"


async def test_each_legal_entity_has_a_report_of_its_own(world: World) -> None:
    desk = await desk_at(world, "2026-03-20")
    seller = await desk.get(f"/v1/legal-entities/{desk.entity}")
    abroad = {"name": "Alma SAS", "currency": "EUR", "time_zone": "Europe/Paris"}
    abroad["address"] = {**seller["address"], "country": "FR", "postal_code": "75001"}
    abroad["payment_terms"] = {"kind": "net", "days": 14}
    abroad["registrations"] = [{"country": "FR", "vat_id": "FR40303265045"}]
    other = await desk.post("/v1/legal-entities", abroad)
    await desk.invoice(line("1.00"), legal_entity=desk.entity)
    found = (await desk.get("/v1/retention"))["data"]
    assert [each["legal_entity"] for each in found] == [desk.entity, other["id"]]
    assert [each["rules"][0]["country"] for each in found] == ["DE", "FR"]
    assert [each["counts"]["kept"] for each in found] == [1, 0]
    narrowed = await retention(desk, legal_entity=other["id"])
    assert (narrowed, sum(narrowed["counts"].values())) == (found[1], 0)


async def test_counts_follow_a_document_from_kept_to_purged(world: World) -> None:
    desk = await desk_at(world, "2026-03-20")
    await paid(desk)
    await desk.invoice(line("7.00"))
    states = [(await retention(desk))["counts"]]
    await be_at(desk, berlin(AFTER_2026))
    states.append((await retention(desk))["counts"])
    await carried_out(desk, await tried(desk))
    states.append((await retention(desk))["counts"])
    assert [{name: n for name, n in each.items() if n} for each in states] == [
        {"kept": 2},
        {"ended": 1, "unsettled": 1},
        {"unsettled": 1, "purged": 1},
    ]


async def test_a_trial_says_what_would_go_and_writes_nothing(world: World) -> None:
    desk = await desk_at(world, "2026-03-20")
    gone, held, disputed = [await paid(desk, f"{n}.00") for n in (1, 2, 3)]
    owed = await desk.invoice(line("9.00"))
    await desk.post(f"/v1/invoices/{disputed['id']}/dispute", {"disputed": True})
    await desk.post("/v1/legal-holds", {"invoice": held["id"], "reason": "Audit"})
    await be_at(desk, berlin(AFTER_2026))
    later = await paid(desk, "8.00")
    await world.settle()
    own = f"SELECT count(*) FROM invoicing.events WHERE tenant_id = $1 {BY_NO_SEAL['events']}"
    async with world.admin() as conn:
        before = await conn.fetchval(own, desk.tenant_id)
        trial = await tried(desk)
        assert await conn.fetchval(own, desk.tenant_id) == before
    assert (trial["kind"], trial["state"], trial["done"], trial["failed"]) == (
        "purge_trial", "done", 1, 3,
    )  # fmt: skip
    assert await outcomes(desk, trial) == {
        gone["id"]: None,
        held["id"]: "legal_hold",
        owed["id"]: "document_unsettled",
        disputed["id"]: "document_unsettled",
    }
    assert later["id"] not in await outcomes(desk, trial)
    shown = await desk.get(f"/v1/invoices/{gone['id']}")
    assert shown["buyer"]["name"] == BUYER["name"]


async def test_a_purge_takes_words_rows_and_files_and_leaves_number_and_books(
    world: World,
) -> None:
    desk = await desk_at(world, "2026-03-20")
    named = {"params": {"name": "hours.csv"}, "headers": {"content-type": "text/csv"}}
    file = (await desk.client.post("/v1/files", content="Ada;8\n", **named)).json()
    gone = await paid(desk, attachments=[{"id": "1", "file": file["id"]}])
    stays = await paid(desk, "7.00")
    path = f"/v1/invoices/{gone['id']}"
    assert (await desk.client.get(f"{path}/pdf")).status_code == 200
    await be_at(desk, berlin(AFTER_2026))
    trial = await tried(desk)
    await desk.post("/v1/legal-holds", {"invoice": stays["id"], "reason": "Since the trial"})
    purge = await carried_out(desk, trial)
    assert (purge["kind"], purge["done"], purge["failed"]) == ("purge", 1, 1)
    assert await outcomes(desk, purge) == {gone["id"]: None, stays["id"]: "legal_hold"}

    for what in ("", "/pdf", "/e-invoice?format=cii", "/explain"):
        problem = await refused(desk, "GET", f"{path}{what}", status=410)
        assert problem["code"] == "document_purged", what
    assert (await desk.client.get(f"/v1/files/{file['id']}")).status_code == 404
    listed = (await desk.get("/v1/invoices", sort="created"))["data"]
    assert [(each["number"], each["buyer_name"]) for each in listed] == [
        (gone["number"], None),
        (stays["number"], BUYER["name"]),
    ]
    assert listed[0]["totals"]["gross"] == gone["totals"]["gross"]
    [series] = [
        each for each in (await desk.get("/v1/series"))["data"] if "invoice" in each["types"]
    ]
    report = await desk.get(f"/v1/series/{series['id']}/gaps")
    assert (report["complete"], report["gaps"]) == (True, [])
    assert (await desk.get(f"{path}/settlement"))["paid"] == gone["totals"]["gross"]
    async with world.admin() as conn:
        for table in ("document_contents", "document_search", "archives", "document_files"):
            left = await conn.fetch(f"SELECT document_id FROM invoicing.{table}")
            assert gone["id"] not in [_typed(row[0]) for row in left], table
        streams = await conn.fetch("SELECT DISTINCT stream_id FROM invoicing.personal")
        assert gone["id"] not in [_typed(row[0]) for row in streams]


def _typed(document_id: UUID) -> str:
    return typeid("inv", document_id)


async def test_the_audit_is_clean_after_a_purge_and_states_what_was_purged(world: World) -> None:
    desk = await desk_at(world, "2026-03-20")
    await paid(desk)
    stays = await paid(desk, "7.00")
    note = {"amount": "1.19", "finalize": True}
    await desk.post(f"/v1/invoices/{stays['id']}/credit-notes", note)
    await desk.world.settle()
    await seal(desk, anchored=True)
    await be_at(desk, berlin(AFTER_2026))
    purge = await carried_out(desk, await tried(desk))
    assert purge["done"]
    await seal(desk, anchored=True)
    async with world.admin() as conn:
        # What was published is forgotten after a week of system time, long before any retention.
        await conn.execute("DELETE FROM invoicing.outbox")
        assert await faults(conn, desk.tenant_id, world.key.parent / "anchor.jsonl") == {}
        audit = await verify(conn, "invoicing", desk.tenant_id)
        assert audit.intact
        assert audit.erased
        examined = holdings_of(world.settings.storage)["invoicing"].examinations["purged"]
        assert await examined(conn, desk.tenant_id) == (purge["done"], None)


async def test_what_is_left_of_a_purged_document_is_named_by_the_audit(world: World) -> None:
    desk = await desk_at(world, "2026-03-20")
    gone, other = await paid(desk), await paid(desk, "7.00")
    await be_at(desk, berlin(AFTER_2026))
    await desk.post("/v1/legal-holds", {"invoice": other["id"], "reason": "Audit"})
    await carried_out(desk, await tried(desk))
    ids = [parse_typeid("inv", each["id"]) for each in (gone, other)]
    examined = holdings_of(world.settings.storage)["invoicing"].examinations["purged"]
    async with world.admin() as conn:
        assert await examined(conn, desk.tenant_id) == (1, None)
        for table, what in (
            ("document_contents", "its content"),
            ("document_search", "words to search for"),
            ("archives", "an archived file"),
        ):
            changed = f"UPDATE invoicing.{table} SET document_id = $1 WHERE document_id = $2"
            await conn.execute(changed, *ids)
            said = f"document {ids[0]}: {what} should be gone"
            assert await examined(conn, desk.tenant_id) == (1, said)
            await conn.execute(changed, *reversed(ids))


async def test_a_purge_that_is_carried_out_twice_purges_once(world: World) -> None:
    desk = await desk_at(world, "2026-03-20")
    gone = await paid(desk)
    await be_at(desk, berlin(AFTER_2026))
    trial = await tried(desk)
    first, second = await carried_out(desk, trial), await carried_out(desk, trial)
    assert (first["done"], second["done"], second["failed"]) == (1, 1, 0)
    history = (await desk.get(f"/v1/invoices/{gone['id']}/history"))["data"]
    erased = [
        each for each in history
        if each["type"] == "PersonalDataErased" and each["about"] == "invoice"
    ]  # fmt: skip
    assert len(erased) == 1
    problem = await refused(desk, "POST", "/v1/retention/purges", {}, status=422)
    assert problem["code"] == "selection_empty"


async def test_a_purge_needs_a_trial_that_is_done(world: World) -> None:
    desk = await desk_at(world, "2026-03-20")
    await paid(desk)
    await be_at(desk, berlin(AFTER_2026))
    begun = await desk.post("/v1/retention/purges", {}, status=202)
    path = f"/v1/retention/purges/{begun['id']}/carry-out"
    assert (await refused(desk, "POST", path, status=409))["code"] == "trial_unfinished"
    await world.settle()
    purge = await desk.post(path, status=202)
    again = f"/v1/retention/purges/{purge['id']}/carry-out"
    assert (await refused(desk, "POST", again, status=409))["code"] == "not_a_trial"
    missing = f"/v1/retention/purges/{NO_OPERATION}/carry-out"
    assert (await refused(desk, "POST", missing, status=404))["code"] == "operation_not_found"


async def test_a_purge_that_dies_in_the_middle_goes_on_and_purges_each_once(
    world: World, monkeypatch: Any
) -> None:
    desk = await desk_at(world, "2026-03-20")
    invoices = [await paid(desk, f"{n}.00") for n in range(1, 6)]
    await be_at(desk, berlin(AFTER_2026))
    trial = await tried(desk)
    work, turns = WORKS["purge"], []

    async def dying(operation: Any, ids: Any, uow: Any) -> Any:
        turns.append(len(ids))
        done = await work.run(operation, ids, uow)
        if len(turns) == 2:  # after all is done in the transaction, before it is committed
            raise ConnectionError("the worker died")
        return done

    monkeypatch.setitem(WORKS, "purge", type(work)(2, dying))
    begun = await desk.post(f"/v1/retention/purges/{trial['id']}/carry-out", status=202)
    await world.settle()
    async with world.admin() as conn:
        await conn.execute("UPDATE invoicing.due_jobs SET next_attempt_at = '-infinity'")
        await world.settle()
        done = await desk.get(f"/v1/operations/{begun['id']}")
        assert (done["state"], done["done"], done["failed"]) == ("done", 5, 0)
        purged = await conn.fetch(
            "SELECT stream_id, count(*) AS n FROM invoicing.events"
            " WHERE type = 'PersonalDataErased' AND (body ->> 'purged')::boolean GROUP BY 1"
        )
    assert {_typed(row["stream_id"]): row["n"] for row in purged} == {
        each["id"]: 1 for each in invoices
    }
    assert len(turns) > 3


async def test_another_tenants_documents_are_not_touched(world: World) -> None:
    mine, theirs = await desk_at(world, "2026-03-20"), await desk_at(world, "2026-03-20")
    gone, stays = await paid(mine), await paid(theirs)
    for desk in (mine, theirs):
        await be_at(desk, berlin(AFTER_2026))
    trial = await tried(mine)
    path = f"/v1/retention/purges/{trial['id']}/carry-out"
    assert (await refused(theirs, "POST", path, status=404))["code"] == "operation_not_found"
    await carried_out(mine, trial)
    assert (await mine.client.get(f"/v1/invoices/{gone['id']}")).status_code == 410
    shown = await theirs.get(f"/v1/invoices/{stays['id']}")
    assert shown["buyer"]["name"] == BUYER["name"]
    assert (await retention(theirs))["counts"]["ended"] == 1


async def test_only_one_legal_entity_is_purged_when_it_is_named(world: World) -> None:
    desk = await desk_at(world, "2026-03-20")
    seller = await desk.get(f"/v1/legal-entities/{desk.entity}")
    second = {name: seller[name] for name in ("address", "currency", "time_zone")}
    second["payment_terms"] = {"kind": "net", "days": 14}
    second |= {"name": "Zweite GmbH", "registrations": [{"country": "DE", "vat_id": "DE811569869"}]}
    other = await desk.post("/v1/legal-entities", second)
    mine = await paid(desk, legal_entity=desk.entity)
    theirs = await paid(desk, legal_entity=other["id"])
    await be_at(desk, berlin(AFTER_2026))
    trial = await tried(desk, legal_entity=other["id"])
    assert await outcomes(desk, trial) == {theirs["id"]: None}
    await carried_out(desk, trial)
    assert (await desk.client.get(f"/v1/invoices/{mine['id']}")).status_code == 200
    missing = {"legal_entity": "le_01jd0y7ct4f6d9zq8x3s5v2w1k"}
    problem = await refused(desk, "POST", "/v1/retention/purges", missing, status=404)
    assert problem["code"] == "legal_entity_not_found"


async def test_what_was_purged_takes_no_acts_and_cannot_be_erased_again(world: World) -> None:
    desk = await desk_at(world, "2026-03-20")
    gone = await paid(desk)
    await be_at(desk, berlin(AFTER_2026))
    await carried_out(desk, await tried(desk))
    path = f"/v1/invoices/{gone['id']}"
    for route, body in (
        ("release", {}),
        ("cancel", {"reason": "r"}),
        ("credit-notes", {"amount": "1.19"}),
    ):
        problem = await refused(desk, "POST", f"{path}/{route}", body, status=410)
        assert problem["code"] == "document_purged", route
    problem = await refused(desk, "POST", "/v1/erasures", {"invoice": gone["id"]}, status=410)
    assert problem["code"] == "document_purged"
    done = await desk.post("/v1/erasures", {"customer": BUYER["customer"]})
    assert (done["erased"], done["kept"]) == ([], [])
