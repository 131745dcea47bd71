"""End a sandbox: closed at once, and then erased by a due job, also when its time has come."""

from dataclasses import dataclass
from uuid import UUID

from invx.contexts.identity.app.find_sandbox import find_sandbox
from invx.contexts.identity.app.ports import IdentityUnitOfWork
from invx.contexts.identity.domain.errors import FromLiveOnly
from invx.contexts.identity.domain.tenant import ERASED
from invx.kernel.messages import Command

END_SANDBOX = "end_sandbox"


@dataclass(frozen=True, slots=True, kw_only=True)
class EndSandbox(Command):
    """Asked for from inside the tenant `asked_from`."""

    asked_from: UUID
    sandbox_id: UUID


async def end_sandbox(command: EndSandbox, uow: IdentityUnitOfWork) -> None:
    """Nobody writes in it from now on. Raises SandboxNotFound, ClockOfLiveTenant, FromLiveOnly."""
    sandbox = await find_sandbox(command.sandbox_id, command.asked_from, uow)
    if sandbox.id == command.asked_from:
        raise FromLiveOnly
    now = uow.system_now()
    sandbox.end(now)
    uow.jobs.schedule(END_SANDBOX, str(sandbox.id), due_at=now)


@dataclass(frozen=True, slots=True)
class EraseSandbox(Command):
    """Whose time has come."""

    sandbox_id: UUID


async def erase_sandbox(command: EraseSandbox, uow: IdentityUnitOfWork) -> None:
    """Close it in every context, erase it, and remember that; done before, it does nothing."""
    sandbox = await uow.tenants.find(command.sandbox_id)
    if sandbox is None or sandbox.entry.status == ERASED:
        return
    erased = await uow.erasing.erase(sandbox)
    sandbox.end(uow.system_now())
    if erased:
        await uow.people.forget_tenant(sandbox.id)
        sandbox.erase()
