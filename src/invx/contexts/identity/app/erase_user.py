"""A person has their account erased, and what is held of them (GDPR, Art. 17; D4).

In the installation at once. Each tenant that knows them follows in a transaction of its own, by a
due job: it can be done again, and a suspended tenant is asked again until it can be written.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from invx.contexts.identity.app.ports import IdentityUnitOfWork
from invx.contexts.identity.app.spend_code import ShownCode, SpendCode, spend_code
from invx.contexts.identity.domain.errors import (
    OnlyOwner,
    OperatorStill,
    SignInAgain,
    SignInRefused,
    UserNotFound,
)
from invx.contexts.identity.domain.owned import OwnedTenant
from invx.contexts.identity.domain.second_factor import second_factor_id
from invx.contexts.identity.domain.user import User, UserStatus
from invx.kernel.errors import Problem
from invx.kernel.ids import typeid
from invx.kernel.messages import Command

LEAVE_TENANT = "leave_tenant"
FRESH = timedelta(minutes=10)  # how young a session is that stands for a password
ASKED_AGAIN_AFTER = timedelta(hours=1)  # of a tenant that is suspended


@dataclass(frozen=True, slots=True, kw_only=True)
class EraseUser(Command):
    """`verified_hash` is the password's hash that was verified; None: they say they have none."""

    user_id: UUID
    verified_hash: str | None
    code: ShownCode | None = None
    attempts: Sequence[str] = ()  # the keys under which failures were counted


async def erase_user(command: EraseUser, uow: IdentityUnitOfWork) -> None:
    """Nobody signs in as this person any more; their address is free.

    Raises UserNotFound for one who was erased, SignInRefused, SignInAgain, CodeRequired, and
    OperatorStill and OnlyOwner for who is needed.
    """
    await uow.people.shut_out_writers()
    user = await uow.users.get(command.user_id)
    if user.status is UserStatus.ERASED:
        raise UserNotFound
    await _ensure_themselves(command, user, uow)
    await spend_code(SpendCode(user.id, command.code), uow)
    if await uow.operators.of_user(user.id) is not None:
        raise OperatorStill
    await uow.people.leave_alone(user.id)
    if owned := await uow.people.owned_alone(user.id):
        raise OnlyOwner(problems=[_needed_by(each) for each in owned])
    now = uow.system_now()
    for tenant_id in await uow.people.tenants_knowing(user.id):
        uow.jobs.schedule(LEAVE_TENANT, f"{user.id}:{tenant_id}", due_at=uow.ctx.now)
    await uow.people.forget(user.id, now)
    for session in await uow.sessions.open_of(user.id):
        session.revoke("user_erased", now)
    factor = await uow.second_factors.find(second_factor_id(user.id))
    if factor is not None and factor.active:
        factor.remove(now)
    await uow.attempts.forget(command.attempts)
    user.erase(now)


async def _ensure_themselves(command: EraseUser, user: User, uow: IdentityUnitOfWork) -> None:
    if command.verified_hash is not None:
        if command.verified_hash != user.password_hash:
            raise SignInRefused
        return
    caller = uow.ctx.caller
    session = await uow.sessions.find(caller.session_id) if caller.session_id else None
    if user.password_hash is not None or session is None or session.user_id != user.id:
        raise SignInAgain
    if session.opened_at + FRESH <= uow.system_now():
        raise SignInAgain


def _needed_by(owned: OwnedTenant) -> Problem:
    detail = f"{owned.name} ({typeid('tnt', owned.tenant_id)}) has no other owner."
    return Problem("", OnlyOwner.code, detail)


@dataclass(frozen=True, slots=True)
class LeaveSoon(Command):
    """A person who was erased is to leave a tenant."""

    user_id: UUID
    tenant_id: UUID


async def leave_soon(command: LeaveSoon, uow: IdentityUnitOfWork) -> None:
    """See that they left; where that is not possible now, come back."""
    if not await uow.leaving.leave(command.user_id, command.tenant_id):
        key = f"{command.user_id}:{command.tenant_id}"
        uow.jobs.schedule(LEAVE_TENANT, key, due_at=uow.ctx.now + ASKED_AGAIN_AFTER)
