"""Open a sandbox: a tenant beside a live one, with its own keys, series, clock and end."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from invx.contexts.identity.app.end_sandbox import END_SANDBOX
from invx.contexts.identity.app.ports import IdentityUnitOfWork
from invx.contexts.identity.domain.clock import started_at
from invx.contexts.identity.domain.errors import FromLiveOnly, NoOrganization, NotALikeness
from invx.contexts.identity.domain.tenant import LIVE, TEST, Tenant
from invx.contexts.identity.domain.tenant_events import Entry
from invx.kernel.errors import Problem
from invx.kernel.messages import Command


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenSandbox(Command):
    """Beside the live tenant `beside`; without `lifetime` it stays until it is deleted."""

    beside: UUID
    name: str
    lifetime: timedelta | None = None
    like: UUID | None = None
    clock: datetime | None = None


async def open_sandbox(command: OpenSandbox, uow: IdentityUnitOfWork) -> Tenant:
    """The sandbox. Raises NoOrganization, FromLiveOnly, NotALikeness, ClockTooFar."""
    own = await uow.tenants.find(command.beside)
    if own is None:
        raise NoOrganization
    if own.entry.mode != LIVE:
        raise FromLiveOnly
    if command.like is not None:
        await _ensure_alike(command.like, own, uow)
    now = uow.system_now()
    offset = started_at(command.clock, now) if command.clock is not None else 0
    sandbox = Tenant.open(
        uow.ids.new(),
        organization_id=own.organization_id,
        entry=Entry(name=command.name, mode=TEST, clock_offset_seconds=offset),
        now=now,
        sandbox_of=own.id,
        ends_at=now + command.lifetime if command.lifetime else None,
    )
    if command.like is not None:
        sandbox.configure_like(command.like)
    await add_tenant(sandbox, uow)
    return sandbox


async def add_tenant(tenant: Tenant, uow: IdentityUnitOfWork) -> None:
    """Take in a new tenant; one that has an end is ended by itself then."""
    uow.tenants.add(tenant)
    await uow.directory.state(tenant)
    if tenant.ends_at is not None:
        uow.jobs.schedule(END_SANDBOX, str(tenant.id), due_at=tenant.ends_at)


async def _ensure_alike(like: UUID, own: Tenant, uow: IdentityUnitOfWork) -> None:
    """Another live tenant of the organization may have other members, so it is not shown."""
    found = await uow.tenants.find(like)
    alike = found is not None and found.organization_id == own.organization_id and found.is_open
    if not alike or (found is not None and found.entry.mode == LIVE and found.id != own.id):
        detail = NotALikeness.__doc__ or ""
        raise NotALikeness(problems=[Problem("/configured_like", NotALikeness.code, detail)])
