"""What an operator does to a tenant as a whole stands in the sealed history of the installation."""

from pathlib import Path
from typing import Any

import pytest

from invx.cli.operator_acts import noted
from invx.contexts.identity.read.operator_acts import OperatorActView, operator_acts
from invx.infra.embedded import Postgres
from invx.infra.system import Uuid7Ids
from invx.infra.tenancy import INSTALLATION
from invx.kernel.context import Caller
from invx.kernel.ids import parse_typeid
from tests.integration.identity.test_operators_acts import busy
from tests.integration.tenants.houses import moved
from tests.integration.tenants.two import another, exported, traded
from tests.operators import REASON
from tests.sealing import faults
from tests.tenants import invx, tnt
from tests.world import Desk, World


class Died(BaseException):
    """The process, at this very line."""


async def acts_of(world: World, desk: Desk | None = None) -> list[OperatorActView]:
    caller = Caller(INSTALLATION, "user:test", Uuid7Ids().new())
    async with world.host.contexts["identity"].runner.reading(caller) as (conn, ctx):
        return await operator_acts(conn, ctx, desk.tenant_id if desk else None)


def told(acts: list[OperatorActView]) -> list[tuple[str, str, str | None]]:
    return [(each.act, each.detail, each.outcome) for each in acts]


async def events_of_acts(world: World) -> list[Any]:
    async with world.admin() as conn:
        rows = await conn.fetch(
            "SELECT * FROM identity.events WHERE type LIKE 'OperatorAct%'"
            " ORDER BY recorded_at, version"
        )
    return list(rows)


async def test_each_act_is_taken_down_with_who_when_what_and_how_it_ended(
    house: World, tmp_path: Path
) -> None:
    desk, other = await traded(await house.seller()), await house.seller()
    id, file = tnt(desk.tenant_id), tmp_path / "all of it.zip"
    await moved(desk, "acme", "--actor", "user:mo")
    await exported(desk, file)
    await invx(house, "tenant", "quota", id, "standard", "--actor", "user:quo")
    await invx(house, "tenant", "erase", id, "--confirm", "T", "--actor", "user:era")
    await invx(house, "tenant", "suspend", tnt(other.tenant_id))
    await invx(house, "tenant", "resume", tnt(other.tenant_id), "--actor", "user:re")
    found = await acts_of(house, desk)
    assert told(found) == [
        ("move", "pooled to acme", "done"),
        ("suspend", "", "done"),
        ("export", "all of it.zip", "done"),
        ("quota", "standard", "done"),
        ("erase", "", "done"),
    ]
    assert [each.actor for each in found] == [
        *("user:mo", "user:operator", "user:operator", "user:quo", "user:era"),
    ]
    assert all(each.ended_at and each.ended_at >= each.begun_at for each in found)
    assert {each.of_tenant for each in found} == {desk.tenant_id}
    results = {each.act: each.result or "" for each in found}
    assert results["move"].endswith(" rows")
    assert int(results["move"].split()[0]) > 10
    assert results["export"].endswith(" files")
    assert int(results["erase"].split()[0]) > 10
    assert told(await acts_of(house, other)) == [("suspend", "", "done"), ("resume", "", "done")]
    assert len(await acts_of(house)) == 7


async def test_an_import_stands_in_the_history_of_the_house_it_came_into(
    world: World, server: Postgres, tmp_path: Path
) -> None:
    desk = await traded(await world.seller())
    file = await exported(desk, tmp_path / "t.zip")
    async with another(server, tmp_path / "b") as elsewhere:
        done = await invx(elsewhere, "tenant", "import", str(file), "--actor", "user:im")
        assert done.code == 0, done.text
        again = await invx(elsewhere, "tenant", "import", str(file))
        assert again.code == 1
        [first, second] = await acts_of(elsewhere, desk)
    assert (first.actor, first.act, first.detail, first.outcome) == (
        *("user:im", "import", "t.zip", "done"),
    )
    assert (first.result or "").endswith(" files")
    assert (second.outcome, second.result) == ("refused", "archive_refused")
    assert told(await acts_of(world, desk)) == [
        ("suspend", "", "done"),
        ("export", "t.zip", "done"),
    ]


async def test_what_was_refused_is_taken_down_with_the_reason(world: World) -> None:
    desk = await traded(await world.seller())
    id, nobody = tnt(desk.tenant_id), tnt(Uuid7Ids().new())
    assert (await invx(world, "tenant", "resume", nobody)).code == 1
    assert (await invx(world, "tenant", "erase", id, "--confirm", "T")).code == 1
    [unknown, active] = await acts_of(world)
    assert (unknown.act, unknown.outcome, unknown.result) == ("resume", "refused", "unknown_tenant")
    assert tnt(unknown.of_tenant) == nobody
    assert (active.act, active.outcome, active.result) == ("erase", "refused", "erase_refused")


async def test_an_act_that_was_broken_off_has_no_end(world: World) -> None:
    desk = await world.seller()
    with pytest.raises(Died):
        async with noted(world.place, "erase", desk.tenant_id, "user:gone", "without an export"):
            raise Died
    [act] = await acts_of(world, desk)
    assert (act.actor, act.outcome, act.ended_at, act.result) == ("user:gone", None, None, None)
    said = await invx(world, "tenant", "history", tnt(desk.tenant_id), COLUMNS="250")
    assert "no end" in said.text
    assert "without an export" in said.text


async def test_a_dry_run_and_an_argument_that_cannot_be_leave_no_trace(
    house: World, tmp_path: Path
) -> None:
    desk = await traded(await house.seller())
    id = tnt(desk.tenant_id)
    for words in (
        ("export", id, str(tmp_path / "none.zip"), "--dry-run"),
        ("move", id, "--to", "acme", "--dry-run"),
        ("move", id, "--to", "nowhere"),
        ("erase", id, "--dry-run"),
        ("erase", id, "--confirm", "somebody else"),
        ("quota", id, "huge"),
        ("suspend", "tnt_nonsense"),
    ):
        await invx(house, "tenant", *words)
    assert await acts_of(house) == []


async def test_the_history_is_shown_in_its_order_and_of_one_tenant(world: World) -> None:
    one, other = await world.seller(), await world.seller()
    for desk in (one, other, one):
        await invx(world, "tenant", "suspend", tnt(desk.tenant_id))
    await invx(world, "tenant", "resume", tnt(one.tenant_id))
    said = await invx(world, "tenant", "history", COLUMNS="250")
    assert (said.code, "4 acts" in said.text) == (0, True)
    lines = [line for line in said.text.splitlines() if "tnt_" in line]
    assert [line.split()[3] for line in lines] == ["suspend", "suspend", "suspend", "resume"]
    assert tnt(other.tenant_id) in lines[1]
    own = await invx(world, "tenant", "history", tnt(one.tenant_id), COLUMNS="250")
    assert "3 acts" in own.text
    assert tnt(other.tenant_id) not in own.text
    assert "0 acts" in (await invx(world, "tenant", "history", tnt(Uuid7Ids().new()))).text


async def test_acts_of_the_operator_plane_stand_between_those_of_commands(world: World) -> None:
    operator, ada = await busy(world)
    tenant_id = parse_typeid("tnt", ada.tenant)
    await invx(world, "tenant", "suspend", ada.tenant)
    other = await world.seller()
    await operator.post(f"/tenants/{tnt(other.tenant_id)}/suspend", REASON)
    caller = Caller(INSTALLATION, "user:test", Uuid7Ids().new())
    async with world.host.contexts["identity"].runner.reading(caller) as (conn, ctx):
        found = await operator_acts(conn, ctx, tenant_id)
    assert told(found) == [
        ("suspend", REASON["reason"], "ordered"),
        ("resume", REASON["reason"], "ordered"),
        ("quota", "standard to standard", "ordered"),
        ("ask access", "", "ordered"),
        ("enter", "", "ordered"),
        ("leave", "", "ordered"),
        ("suspend", "", "done"),
    ]
    assert [each.actor for each in found] == [operator.actor] * 6 + ["user:operator"]
    assert len(await acts_of(world)) == 8
    said = await invx(world, "tenant", "history", ada.tenant, COLUMNS="250")
    lines = [line for line in said.text.splitlines() if ada.tenant in line]
    assert len(lines) == 7
    assert REASON["reason"] in lines[0]
    assert operator.actor in lines[0]


async def test_the_history_is_chained_sealed_and_notices_a_change(world: World) -> None:
    desk = await world.seller()
    await invx(world, "tenant", "suspend", tnt(desk.tenant_id))
    await world.host.sealing.seal(world.host.contexts["identity"], INSTALLATION)
    async with world.admin() as conn:
        assert await faults(conn, INSTALLATION, schema="identity") == {}
        assert await conn.fetchval(
            "SELECT count(*) > 0 FROM identity.seals WHERE tenant_id = $1", INSTALLATION
        )
        await conn.execute(
            "UPDATE identity.events SET actor = 'user:nobody' WHERE type = 'OperatorActBegun'"
        )
        assert "events" in await faults(conn, INSTALLATION, schema="identity")
    verified = await invx(world, "audit", "verify")
    assert (verified.code, "BROKEN events" in verified.text) == (1, True)


async def test_nothing_personal_and_no_name_of_the_tenant_stands_in_it(
    world: World, tmp_path: Path
) -> None:
    """It outlives the tenant: an erasure must not leave its name behind."""
    desk = await traded(await world.seller())
    async with world.admin() as conn:
        for context in world.host.contexts:
            await conn.execute(
                f"UPDATE {context}.tenants SET name = 'Heimlich KG' WHERE tenant_id = $1",
                desk.tenant_id,
            )
    await exported(desk, tmp_path / "t.zip")
    gone = await invx(world, "tenant", "erase", tnt(desk.tenant_id), "--confirm", "Heimlich KG")
    assert gone.code == 0, gone.text
    rows = await events_of_acts(world)
    assert len(rows) == 6
    for row in rows:
        assert row["tenant_id"] == INSTALLATION
        assert "Heimlich" not in row["body"]
        assert str(tmp_path) not in row["body"]
    async with world.admin() as conn:
        assert not await conn.fetchval("SELECT count(*) FROM identity.personal")


async def test_a_tenant_reads_nothing_of_it(world: World) -> None:
    desk = await world.seller(sign_up=True)
    await invx(world, "tenant", "suspend", tnt(desk.tenant_id))
    await invx(world, "tenant", "resume", tnt(desk.tenant_id))
    for path in ("/v1/audit/acts", "/v1/me/acts"):
        text = (await desk.client.get(path)).text
        assert "operator" not in text.lower()
