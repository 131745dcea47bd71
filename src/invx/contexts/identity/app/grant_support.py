"""A tenant lets an operator in, or does not."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from invx.contexts.identity.app.ports import IdentityUnitOfWork
from invx.contexts.identity.domain.authority import Authority
from invx.contexts.identity.domain.errors import SupportPermissionRefused
from invx.contexts.identity.domain.support import SupportGrant, supportable
from invx.kernel.errors import Problem
from invx.kernel.messages import Command


@dataclass(frozen=True, slots=True)
class GrantSupport(Command):
    """To do this, for so long."""

    support_grant_id: UUID
    permissions: Sequence[str]
    lasting: timedelta


@dataclass(frozen=True, slots=True)
class RefuseSupport(Command):
    """Not at all."""

    support_grant_id: UUID


async def grant_support(command: GrantSupport, uow: IdentityUnitOfWork) -> SupportGrant:
    """The grant. Nobody grants what they may not do.

    Raises SupportGrantNotFound, SupportOver, SupportPermissionRefused, MoreThanHeld.
    """
    grant = await uow.support_grants.get(command.support_grant_id)
    caller = uow.ctx.caller
    allowed = supportable(command.permissions)
    problems = [
        Problem(f"/permissions/{index}", "not_for_support", f"No operator gets {each}.")
        for index, each in enumerate(command.permissions)
        if each not in allowed
    ]
    if problems:
        raise SupportPermissionRefused(problems=problems)
    Authority(caller.permissions, caller.approval_limit).ensure_grants(
        command.permissions, caller.approval_limit
    )
    grant.grant(command.permissions, command.lasting, caller.actor, uow.system_now())
    return grant


async def refuse_support(command: RefuseSupport, uow: IdentityUnitOfWork) -> SupportGrant:
    """The request that was. Raises SupportGrantNotFound, SupportOver."""
    grant = await uow.support_grants.get(command.support_grant_id)
    grant.refuse(uow.ctx.caller.actor, uow.system_now())
    return grant
