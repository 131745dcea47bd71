"""Several anchors, several tenants: what waits is counted, and one that fails keeps none back."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from invx.infra.anchor_bucket import AnchorBucket
from invx.infra.anchor_file import AnchorFile, read_anchor
from invx.infra.anchoring import Anchoring, pseudonym
from invx.infra.anchors import anchors_of
from invx.infra.audit_seals import verify_seals
from invx.infra.metrics import SEALS_UNANCHORED
from invx.infra.sealing import Sealing
from invx.infra.system import SystemClock
from invx.kernel.ports import SealAnchor, SealStatement
from invx.settings import SettingInvalid, read_settings
from tests.storages import S3Server
from tests.world import Desk, line


class Away:
    """An anchor that does not answer until it is told to."""

    name = "away"

    def __init__(self) -> None:
        self.answers = False

    async def keep(
        self, statements: Sequence[SealStatement], *, known: int
    ) -> list[Mapping[str, Any]]:
        if not self.answers:
            raise OSError("away")
        return [{"line": each.seal, "sha256": each.root} for each in statements]


def waiting(name: str) -> float:
    found: float = SEALS_UNANCHORED.labels("invoicing", name)._value.get()
    return found


async def test_what_waits_is_counted_over_all_tenants(desk: Desk) -> None:
    """One tenant that is through must not hide another that is not."""
    context = desk.world.host.contexts["invoicing"]
    other = await desk.world.seller()
    away = Away()
    sealing = Sealing([context], SystemClock(), Anchoring(away, SystemClock()))
    for each, seals in ((desk, 2), (other, 1)):
        for _ in range(seals):
            await each.invoice(line("1.00"))
            with pytest.raises(OSError, match="away"):
                await sealing.seal(context, each.tenant_id)
    assert waiting("away") == 3
    away.answers = True
    await sealing.seal(context, other.tenant_id)
    assert waiting("away") == 2
    away.answers = False
    await other.invoice(line("1.00"))
    with pytest.raises(OSError, match="away"):
        await sealing.seal(context, other.tenant_id)
    assert waiting("away") == 3
    away.answers = True
    for each in (desk, other):
        await sealing.seal(context, each.tenant_id)
    assert waiting("away") == 0


async def test_file_and_bucket_both_get_each_seal_also_beside_one_that_fails(
    desk: Desk, tmp_path: Path, s3: S3Server
) -> None:
    context, clock = desk.world.host.contexts["invoicing"], SystemClock()
    path = tmp_path / "seals.jsonl"
    bucket = s3.bucket(locked=True, prefix="")
    anchor = AnchorBucket(bucket, clock, retention=timedelta(days=1))
    anchors = (Away(), AnchorFile(path), anchor)
    sealing = Sealing([context], clock, *(Anchoring(each, clock) for each in anchors))
    for _ in range(2):
        await desk.invoice(line("1.00"))
        with pytest.raises(OSError, match="away"):
            await sealing.seal(context, desk.tenant_id)
    key = ("invoicing", pseudonym(desk.tenant_id))
    filed = {each.seal: each for each in read_anchor(path) if (each.context, each.tenant) == key}
    locked = {each.seal: each async for each in anchor.seals(*key)}
    assert {n: each.root for n, each in filed.items()} == {n: e.root for n, e in locked.items()}
    assert sorted(filed) == [1, 2]
    async with desk.world.admin() as conn:
        audit = await verify_seals(conn, "invoicing", desk.tenant_id, filed, locked)
        assert (audit.seals, audit.broken) == (2, None)
        await conn.execute(
            'UPDATE invoicing.seal_anchors SET receipt = \'{"line": 2, "sha256": "0"}\''
            " WHERE number = 2 AND anchor = $1",
            anchor.name,
        )
        audit = await verify_seals(conn, "invoicing", desk.tenant_id, filed, locked)
        assert audit.broken == "the receipt of seal 2 is not the anchor's"
        await conn.execute("DELETE FROM invoicing.seal_anchors WHERE number = 2")
        await conn.execute("DELETE FROM invoicing.seal_leaves WHERE number = 2")
        await conn.execute("DELETE FROM invoicing.seals WHERE number = 2")
        audit = await verify_seals(conn, "invoicing", desk.tenant_id, {}, locked)
        assert "missing" in str(audit.broken) or "says that version" in str(audit.broken)


def anchors_set_up(environment: dict[str, str]) -> list[SealAnchor]:
    settings = read_settings(environment)
    return anchors_of(settings.anchor, settings.storage.s3, SystemClock())


def test_anchors_are_set_up_by_settings(tmp_path: Path) -> None:
    assert anchors_set_up({}) == []
    both = {"INVX_ANCHOR_FILE": str(tmp_path / "a.jsonl"), "INVX_ANCHOR_S3": "s3://seals/live"}
    found = anchors_set_up(both)
    assert [each.name for each in found] == ["file:a.jsonl", "s3:seals/live/"]
    with pytest.raises(SettingInvalid, match="INVX_ANCHOR_S3"):
        read_settings({"INVX_ANCHOR_S3": "http://seals"})
