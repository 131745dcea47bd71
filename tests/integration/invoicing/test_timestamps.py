"""Seals are timestamped by an authority; the audit verifies every token (RFC 3161)."""

import base64
from collections.abc import Iterator
from pathlib import Path

import pytest

from invx.infra.anchor_timestamps import (
    TimestampAnchor,
    TimestampRefused,
    message_of,
    roots_in,
    verify_timestamps,
    wrong_token,
)
from invx.infra.anchoring import Anchoring
from invx.infra.sealing import Sealing
from invx.infra.system import SystemClock
from invx.kernel.ports import SealStatement
from tests.timestamps import Authority, authority
from tests.world import Desk, line

STATEMENT = SealStatement("invoicing", "t1", 1, "ab" * 32, 3, "2026-11-30T23:30:00.000001Z")


@pytest.fixture
def tsa(tmp_path: Path) -> Iterator[Authority]:
    with authority(tmp_path / "tsa") as found:
        yield found


async def test_a_seal_gets_a_token_that_holds(tsa: Authority) -> None:
    anchor = TimestampAnchor(tsa.url, roots_in(tsa.roots))
    [receipt] = await anchor.keep([STATEMENT], known=0)
    token = base64.b64decode(receipt["token"])
    roots = roots_in(tsa.roots)
    assert wrong_token(token, message_of(STATEMENT), roots) is None
    assert wrong_token(token, b"another message", roots) is not None
    assert wrong_token(token[:-1] + bytes([token[-1] ^ 1]), message_of(STATEMENT), roots)
    assert wrong_token(b"", message_of(STATEMENT), roots) is not None
    assert anchor.name == "tsa:127.0.0.1"


async def test_a_token_by_a_stranger_or_a_broken_one_is_refused(
    tsa: Authority, tmp_path: Path
) -> None:
    with authority(tmp_path / "stranger") as stranger:
        anchor = TimestampAnchor(stranger.url, roots_in(tsa.roots))
        with pytest.raises(TimestampRefused, match="does not hold"):
            await anchor.keep([STATEMENT], known=0)
    tsa.spoil = True
    with pytest.raises(TimestampRefused, match="does not hold"):
        await TimestampAnchor(tsa.url, roots_in(tsa.roots)).keep([STATEMENT], known=0)
    with pytest.raises(TimestampRefused, match="ConnectError"):
        await TimestampAnchor("http://127.0.0.1:9/", roots_in(tsa.roots)).keep([STATEMENT], known=0)


async def test_the_audit_names_a_seal_whose_token_does_not_hold(desk: Desk, tsa: Authority) -> None:
    context, clock, roots = (
        desk.world.host.contexts["invoicing"],
        SystemClock(),
        roots_in(tsa.roots),
    )
    sealing = Sealing([context], clock, Anchoring(TimestampAnchor(tsa.url, roots), clock))
    for _ in range(2):
        await desk.invoice(line("1.00"))
        await sealing.seal(context, desk.tenant_id)
    async with desk.world.admin() as conn:
        assert await verify_timestamps(conn, "invoicing", desk.tenant_id, roots) == (2, None)
        for change in (
            "UPDATE invoicing.seals SET leaves = leaves + 1 WHERE number = 2",
            "UPDATE invoicing.seal_anchors SET receipt = '{}' WHERE number = 2",
        ):
            savepoint = conn.transaction()
            await savepoint.start()
            await conn.execute(change)
            count, wrong = await verify_timestamps(conn, "invoicing", desk.tenant_id, roots)
            await savepoint.rollback()
            assert count == 2
            assert str(wrong).startswith("timestamp of seal 2 by tsa:127.0.0.1")
