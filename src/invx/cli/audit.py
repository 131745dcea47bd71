"""`invx audit …`: the proof that no history was changed, and what carries it elsewhere."""

import os
from collections.abc import Iterator, Mapping
from contextlib import AsyncExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Annotated, Any
from uuid import UUID

import typer

from invx.cli.ground import (
    TENANT,
    Refused,
    console,
    open_host,
    open_pools,
    out,
    progress_bar,
    tenant_of,
    with_place,
)
from invx.host import CONTEXTS, holdings_of
from invx.infra.anchor_file import AnchoredSeal, AnchorMismatch, read_anchor
from invx.infra.anchor_timestamps import roots_in, verify_timestamps
from invx.infra.anchoring import pseudonym
from invx.infra.anchors import bucket_anchor
from invx.infra.archive_export import export_archive
from invx.infra.audit import verify
from invx.infra.audit_seals import verify_seals
from invx.infra.holdings import Holdings
from invx.infra.postgres import POOLED
from invx.infra.system import SystemClock
from invx.infra.tenancy import INSTALLATION
from invx.kernel.ids import typeid
from invx.kernel.storage import StorageUnavailable
from invx.place import Place, owners, tenant_entries
from invx.settings import Settings, read_settings

Tenant = Annotated[str | None, typer.Option("--tenant", help="Only this one, tnt_….")]
Held = Mapping[int, AnchoredSeal]
Anchored = Mapping[tuple[str, str], Held]


@dataclass(slots=True)
class Sum:
    """What was looked at, and the first broken place of each kind."""

    tenants: int = 0
    counts: dict[str, int] = field(default_factory=dict)
    broken: dict[str, str] = field(default_factory=dict)

    def add(self, kind: str, count: int) -> None:
        self.counts[kind] = self.counts.get(kind, 0) + count

    def say(self, kind: str, where: str, what: str) -> None:
        self.broken.setdefault(kind, f"{where}: {what}")

    def examined(
        self, kind: str, context: str, tenant_id: UUID, found: tuple[int, str | None]
    ) -> None:
        """How many there are of a kind, and the first that is wrong."""
        count, wrong = found
        self.add(kind, count)
        if wrong is not None:
            self.say(kind, _where(context, tenant_id), wrong)


def _where(context: str, tenant_id: UUID) -> str:
    return f"{context}: tenant {typeid(TENANT, tenant_id)}"


def verify_all(tenant: Tenant = None) -> None:
    """Prove that nothing of any tenant was changed, removed or slipped in; 1 if it was.

    Events and personal values, seals, what the anchors hold of them, registers, archived files,
    and the rows that events give. Names the first broken place of each kind.
    """

    async def work(place: Place) -> None:
        total = Sum()
        settings = read_settings()
        anchored = anchored_seals(settings.anchor.file, total)
        audit = Audit.of(settings, total)
        tenants = await _tenants(place, tenant)
        async with AsyncExitStack() as stack:
            conns = {
                name: await stack.enter_async_context(owners(place, name, audit.holdings))
                for name in place.everywhere()
            }
            with progress_bar() as bar:
                task = bar.add_task("verifying", total=len(tenants) * len(CONTEXTS))
                for tenant_id, placement in tenants.items():
                    for context, conn in conns[placement].items():
                        where = f"{context} of {typeid(TENANT, tenant_id)}"
                        bar.update(task, description=where)
                        held = anchored.get((context, pseudonym(tenant_id)), {})
                        bucket = await _in_bucket(settings, context, tenant_id, total)
                        await audit.examine(conn, context, tenant_id, held, bucket)
                        bar.advance(task)
                    total.tenants += 1
                bar.update(task, description="verified")
        conclude(total)

    with_place(work)


@dataclass(frozen=True, slots=True)
class Audit:
    """What is looked at in each tenant and context, and where it is counted."""

    total: Sum
    holdings: Mapping[str, Holdings]
    tsa_roots: Path | None

    @classmethod
    def of(cls, settings: Settings, total: Sum) -> "Audit":
        """With the storages and the timestamp authority that the settings name."""
        return cls(total, holdings_of(settings.storage), settings.anchor.tsa_roots)

    async def examine(self, conn: Any, context: str, tenant_id: UUID, *held: Held) -> None:
        """All that can be proved; `held` is what the anchors have of the seals."""
        total, where = self.total, _where(context, tenant_id)
        found = await verify(conn, context, tenant_id)
        if (link := found.broken) is not None:
            place = f"stream {link.stream_id}, version {link.version}"
            total.say("events", where, f"{place}: {link.what}")
        for kind in ("streams", "events", "erased"):
            total.add(kind, getattr(found, kind))
        seals = await verify_seals(conn, context, tenant_id, *held)
        total.add("seals", seals.seals)
        if seals.broken is not None:
            total.say("seals", where, seals.broken)
        if self.tsa_roots is not None:
            roots = roots_in(self.tsa_roots)
            stamped = await verify_timestamps(conn, context, tenant_id, roots)
            total.examined("timestamps", context, tenant_id, stamped)
        for name, examination in self.holdings[context].examinations.items():
            total.examined(name, context, tenant_id, await examination(conn, tenant_id))


def anchored_seals(path: Path | None, total: Sum) -> Anchored:
    """What the anchor file holds; read before the seals, which go on meanwhile."""
    held: dict[tuple[str, str], dict[int, AnchoredSeal]] = {}
    if path is None:
        return held
    try:
        for seal in read_anchor(path):
            held.setdefault((seal.context, seal.tenant), {})[seal.seal] = seal
            total.add("anchored", 1)
    except (OSError, AnchorMismatch) as error:
        total.say("anchor", str(path), str(error))
    return held


async def _in_bucket(settings: Settings, context: str, tenant_id: UUID, total: Sum) -> Held:
    """What the bucket holds of a tenant's seals; read before they are, for they go on meanwhile."""
    held: dict[int, AnchoredSeal] = {}
    if (place := settings.anchor.bucket) is None:
        return held
    anchor = bucket_anchor(settings.anchor, settings.storage.s3, place, SystemClock())
    try:
        async for seal in anchor.seals(context, pseudonym(tenant_id)):
            held[seal.seal] = seal
            total.add("anchored", 1)
    except (StorageUnavailable, AnchorMismatch) as error:
        total.say("anchor", _where(context, tenant_id), error.detail)
    return held


def conclude(total: Sum) -> None:
    """Raises Refused when anything is wrong, after printing it."""
    for kind, what in total.broken.items():
        out.print(f"BROKEN {kind} in {what}")
    if total.broken:
        raise Refused("The history was changed outside Invx: keep a copy of the database as it is.")
    counts = dict(total.counts)
    erased, anchored = counts.pop("erased", 0), counts.pop("anchored", None)
    listed = ", ".join(f"{count} {_NAMES[kind]}" for kind, count in counts.items())
    kept = "" if anchored is None else f", {anchored} seals in the anchors"
    out.print(f"Intact: {total.tenants} tenants, {listed} ({erased} erased values){kept}.")


_NAMES = {
    "streams": "streams",
    "events": "events",
    "seals": "seals",
    "register": "register rows",
    "archives": "archived files",
    "files": "uploaded files",
    "timestamps": "timestamps",
    "exports": "accounting exports",
    "rows": "rows",
    "purged": "purged documents",
}


def seal(tenant: Tenant = None) -> None:
    """Seal now what has moved since the last seals, and bring the seals to the anchor."""

    async def work(place: Place) -> None:
        tenants = await _tenants(place, tenant)
        made = leaves = 0
        async with open_host(place) as host:
            with progress_bar() as bar:
                task = bar.add_task("sealing", total=len(tenants))
                for tenant_id in tenants:
                    for context in host.contexts.values():
                        seals = await host.sealing.seal(context, tenant_id)
                        made, leaves = made + len(seals), leaves + sum(s.leaves for s in seals)
                    bar.advance(task)
        console.print(f"{made} seals over {leaves} streams of {len(tenants)} tenants.")

    with_place(work)


def export(
    tenant: Annotated[str, typer.Option("--tenant", help="tnt_….")],
    to: Annotated[Path, typer.Option("--to", help="The ZIP file to write.")],
) -> None:
    """Write the sealed archive of a tenant.

    `scripts/verify_archive.py` verifies it with Python alone. It holds personal data.
    """

    async def work(place: Place) -> None:
        [(tenant_id, placement)] = (await _tenants(place, tenant)).items()
        contexts = holdings_of(read_settings().storage)
        async with owners(place, placement, contexts) as conns:
            with progress_bar() as bar:
                task = bar.add_task("exporting", total=None)
                with new_file(to) as file:
                    rows = await export_archive(
                        conns,
                        contexts,
                        tenant_id,
                        file,
                        lambda name, count: bar.update(task, description=f"{name}: {count}"),
                    )
        console.print(f"{to}: {sum(rows.values())} rows of {len(rows)} lists.")

    with_place(work)


@contextmanager
def new_file(path: Path) -> Iterator[IO[bytes]]:
    """A file that is only there if all was written. Raises Refused when there is one already."""
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        raise Refused(f"{path} is there already.") from None
    try:
        with os.fdopen(descriptor, "wb") as file:
            yield file
    except BaseException:
        path.unlink()
        raise


async def _tenants(place: Place, tenant: str | None) -> dict[UUID, str]:
    """That one, or all and the installation itself, each with its placement. Raises Refused."""
    async with open_pools(place) as pools:
        entries = await tenant_entries(pools)
    known = {INSTALLATION: POOLED} | {each.tenant_id: each.placement for each in entries}
    if tenant is None:
        return known
    if (wanted := tenant_of(tenant)) not in known:
        raise Refused(f"There is no tenant {tenant}.")
    return {wanted: known[wanted]}
