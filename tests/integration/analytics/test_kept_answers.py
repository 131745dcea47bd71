"""With Valkey the sums of a tenant are made once, and anew when a contract has changed them."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from invx.infra.embedded_valkey import Valkey
from tests.world import Desk, World, line, open_world


@pytest.fixture
async def shared(server: Any, tmp_path: Path) -> AsyncIterator[World]:
    with Valkey(tmp_path / "valkey") as valkey:
        async with open_world(server, tmp_path, {"INVX_VALKEY": valkey.url}) as world:
            reads: Any = world.host.contexts["analytics"].reads
            for name in ("socket_timeout", "socket_connect_timeout"):  # the machine may be busy
                reads._link.client.connection_pool.connection_kwargs[name] = 10
            yield world


async def grosses(desk: Desk) -> list[str]:
    return [row["gross"] for row in (await desk.get("/v1/analytics/revenue"))["data"]]


async def asked_of(world: World) -> list[str]:
    """What the connections of analytics are asked from now on."""
    pool, statements = world.host.contexts["analytics"].database._pools.app, []
    connections = [await pool.acquire() for _ in range(pool.get_max_size())]
    for conn in connections:
        conn.add_query_logger(lambda said: statements.append(said.query))
        await pool.release(conn)
    return statements


async def test_the_same_question_is_not_asked_of_the_database_again(
    shared: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("invx.infra.read_cache.KEPT_SECONDS", 3600)
    desk = await shared.seller()
    await desk.invoice(line("100.00"))
    await shared.settle()
    assert await grosses(desk) == ["119.00"]
    statements = await asked_of(shared)
    assert await grosses(desk) == ["119.00"]
    assert not [each for each in statements if "analytics" in each]
    assert (await desk.get("/v1/analytics/revenue", currency="USD"))["data"] == []
    assert [each for each in statements if "analytics.documents" in each]


async def test_a_contract_changes_the_answer(shared: World) -> None:
    desk, other = await shared.seller(), await shared.seller()
    for each in (desk, other):
        await each.invoice(line("100.00"))
    await shared.settle()
    assert (await grosses(desk), await grosses(other)) == (["119.00"], ["119.00"])
    second = await desk.invoice(line("10.00"))
    assert await grosses(desk) == ["119.00"]  # analytics has not heard of it
    await shared.settle()
    assert (await grosses(desk), await grosses(other)) == (["130.90"], ["119.00"])
    await desk.post(f"/v1/invoices/{second['id']}/void", {"reason": "entered twice"})
    await shared.settle()
    assert await grosses(desk) == ["119.00"]


async def test_many_contracts_at_once_change_it_too(shared: World) -> None:
    desk = await shared.seller()
    assert await grosses(desk) == []
    for _ in range(5):
        await desk.invoice(line("100.00"))
    await shared.settle()
    assert await grosses(desk) == ["595.00"]


async def test_who_may_not_read_is_not_answered_from_what_is_kept(shared: World) -> None:
    desk = await shared.seller()
    await desk.invoice(line("100.00"))
    await shared.settle()
    assert await grosses(desk) == ["119.00"]
    other = shared.client(desk.tenant_id, ("invoices:read",))
    assert (await other.get("/v1/analytics/revenue")).status_code == 403
    stranger = await shared.seller()
    assert await grosses(stranger) == []


async def test_nothing_of_a_tenant_is_kept_for_longer_than_ten_seconds(shared: World) -> None:
    """So what an erased tenant leaves there ends by itself."""
    desk = await shared.seller()
    await grosses(desk)
    reads: Any = shared.host.contexts["analytics"].reads
    client = reads._link.client
    [key] = [key async for key in client.scan_iter(f"*{desk.tenant_id}*")]
    assert 0 < await client.ttl(key) <= 10
