"""Somebody may run the installation no more."""

from dataclasses import dataclass
from uuid import UUID

from invx.contexts.identity.app.end_support import EndSupport, end_soon
from invx.contexts.identity.app.ports import IdentityUnitOfWork
from invx.contexts.identity.domain.operator import Operator
from invx.kernel.messages import Command


@dataclass(frozen=True, slots=True)
class RevokeOperator(Command):
    """Their tokens are refused from then on; access to tenants is ended there (`end_support`).

    By whoever asks, at once, or by due jobs.
    """

    operator_id: UUID


async def revoke_operator(command: RevokeOperator, uow: IdentityUnitOfWork) -> Operator:
    """The operator, with the tenants that they asked. Again is fine. Raises OperatorNotFound."""
    operator = await uow.operators.get(command.operator_id)
    operator.revoke(uow.system_now())
    for tenant_id in operator.asked:
        end_soon(tenant_id, EndSupport(operator.id), uow, due_at=uow.ctx.now)
    return operator
