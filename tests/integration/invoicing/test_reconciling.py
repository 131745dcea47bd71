"""Reconciling: lost numbers are named and left out, then the series gives numbers again (D2)."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from invx.contexts.invoicing.adapters.reconciling import (
    Reconciled,
    Witness,
    hold_all,
    reconcile_tenant,
)
from invx.contexts.invoicing.domain.number_permit import OutsideCount
from invx.infra.anchoring import pseudonym
from invx.infra.embedded import Postgres
from invx.infra.system import Uuid7Ids
from invx.kernel.context import Caller
from invx.kernel.ids import parse_typeid
from tests.sealing import faults, seal
from tests.world import Desk, open_world

RESTORE = "UPDATE invoicing.number_permits SET incarnation = 'another'"


@pytest.fixture
async def desk(server: Postgres, tmp_path: Path) -> AsyncIterator[Desk]:
    """A tenant whose numbers stand in an outside journal."""
    settings = {"INVX_NUMBERS_FILE": str(tmp_path / "numbers.jsonl")}
    async with open_world(server, tmp_path, settings) as world:
        yield await world.seller()


async def _restored(desk: Desk) -> None:
    async with desk.world.admin() as conn:
        await conn.execute(RESTORE)


async def _series(desk: Desk) -> dict[str, Any]:
    found = (await desk.get("/v1/series"))["data"]
    one: dict[str, Any] = next(each for each in found if each["types"] == ["invoice"])
    return one


async def _reconcile(desk: Desk, witness: Witness, **how: bool) -> dict[str, Reconciled]:
    caller = Caller(desk.tenant_id, "user:operator", Uuid7Ids().new())
    runner = desk.world.host.contexts["invoicing"].runner
    found = await reconcile_tenant(runner, caller, witness, reason="restored to noon", **how)
    return {str(each.series_id): each for each in found}


def _journal(tmp_path: Path) -> Witness:
    witness = Witness()
    witness.read_journal(tmp_path / "numbers.jsonl")
    return witness


async def test_numbers_go_on_behind_all_that_may_have_been_given(
    desk: Desk, tmp_path: Path
) -> None:
    last = [await desk.invoice() for _ in range(3)][-1]
    await _restored(desk)
    series = await _series(desk)
    id = str(parse_typeid("ser", series["id"]))
    found = await _reconcile(desk, _journal(tmp_path))
    assert len(found) == 3  # credit notes and proformas were held too, and lack nothing
    [loss] = found[id].losses
    assert (loss.first, loss.last, loss.certain) == (4, 5, False)
    assert last["number"][:-1] == loss.first_text[:-1]
    assert (await desk.invoice())["number"].endswith("0006")
    report = await desk.get(f"/v1/series/{series['id']}/gaps")
    assert report["complete"]
    [gap] = report["gaps"]
    assert (gap["first"], gap["last"], gap["actor"]) == (4, 5, "user:operator")
    assert gap["reason"] == "restored to noon: perhaps given"


async def test_what_was_given_for_certain_is_named_as_lost(desk: Desk) -> None:
    await desk.invoice()
    await _restored(desk)
    series = await _series(desk)
    id = parse_typeid("ser", series["id"])
    witness = Witness()
    place = (pseudonym(desk.tenant_id), str(id), str(series["period"]))
    witness.says(place, OutsideCount(7, 7))
    witness.says(place, OutsideCount(4, 9))
    found = await _reconcile(desk, witness)
    spans = [(each.first, each.last, each.certain) for each in found[str(id)].losses]
    assert spans == [(2, 7, True), (8, 9, False)]
    assert (await desk.invoice())["number"].endswith("0010")
    report = await desk.get(f"/v1/series/{series['id']}/gaps")
    assert [each["reason"] for each in report["gaps"]] == [
        "restored to noon: document lost",
        "restored to noon: perhaps given",
    ]


async def test_again_changes_nothing_and_a_dry_run_neither(desk: Desk, tmp_path: Path) -> None:
    await desk.invoice()
    await _restored(desk)
    witness = _journal(tmp_path)
    before = await _series(desk)
    dry = await _reconcile(desk, witness, dry_run=True)
    assert (await _series(desk)) == before
    assert before["hold"] == "restored"
    wet = await _reconcile(desk, witness)
    assert [each.losses for each in wet.values()] == [each.losses for each in dry.values()]
    after = await _series(desk)
    assert (after["hold"], after["version"]) == (None, before["version"] + 3)
    assert await _reconcile(desk, witness) == {}
    assert (await _series(desk)) == after


async def test_a_database_that_was_set_back_in_secret_is_found_by_what_was_given(
    desk: Desk, tmp_path: Path
) -> None:
    """As by a snapshot of the disk: nothing in the database shows it."""
    await desk.invoice()
    series = await _series(desk)
    id = str(parse_typeid("ser", series["id"]))
    witness = Witness()
    witness.says((pseudonym(desk.tenant_id), id, series["period"]), OutsideCount(6, 8))
    found = await _reconcile(desk, witness)
    assert list(found) == [id]
    assert (await desk.invoice())["number"].endswith("0009")


async def test_what_is_merely_reserved_is_no_sign_of_a_restore(desk: Desk, tmp_path: Path) -> None:
    await desk.invoice()
    assert await _reconcile(desk, _journal(tmp_path)) == {}
    assert (await desk.invoice())["number"].endswith("0002")
    assert len(await _reconcile(desk, _journal(tmp_path), set_back=True)) == 3
    assert (await desk.invoice())["number"].endswith("0006")


async def test_an_operator_who_sets_a_disk_back_holds_all_series_before(
    desk: Desk, tmp_path: Path
) -> None:
    other = await desk.world.seller()
    await desk.invoice()
    async with desk.world.admin() as conn:
        assert await hold_all(conn) == 6  # of both tenants
    assert (await _series(desk))["hold"] == (await _series(other))["hold"] == "restored"
    await _reconcile(desk, _journal(tmp_path))
    assert (await _series(desk))["hold"] is None
    assert (await _series(other))["hold"] == "restored"


async def test_a_series_that_is_gone_whole_is_named(desk: Desk) -> None:
    witness = Witness()
    gone = Uuid7Ids().new()
    witness.says((pseudonym(desk.tenant_id), str(gone), "2026"), OutsideCount(3, 5))
    found = await _reconcile(desk, witness)
    assert found[str(gone)].gone == OutsideCount(3, 5)


async def test_a_series_held_by_hand_before_is_released_with_its_history(desk: Desk) -> None:
    series = await _series(desk)
    await desk.post(f"/v1/series/{series['id']}/hold", {"reason": "closing"})
    await _restored(desk)
    await _reconcile(desk, Witness())
    assert (await _series(desk))["hold"] is None


async def test_the_anchor_is_a_witness_too_and_the_audit_stays_clean(
    desk: Desk, tmp_path: Path
) -> None:
    for _ in range(4):
        await desk.invoice()
    await seal(desk, anchored=True)
    witness = Witness()
    witness.read_anchor(tmp_path / "anchor.jsonl")
    assert {(count.given, count.perhaps) for count in witness.counts.values()} == {(4, 4)}
    await _restored(desk)
    await _reconcile(desk, witness)
    await desk.invoice()
    await seal(desk)
    async with desk.world.admin() as conn:
        assert await faults(conn, desk.tenant_id) == {}
