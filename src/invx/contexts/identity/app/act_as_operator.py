"""What an operator is about to do is recorded, in the installation."""

from dataclasses import dataclass
from uuid import UUID

from invx.contexts.identity.app.ports import IdentityUnitOfWork
from invx.contexts.identity.domain.operator import Operator
from invx.contexts.identity.domain.operator_events import ActOfOperator
from invx.kernel.messages import Command


@dataclass(frozen=True, slots=True)
class ActAsOperator(Command):
    """The act, which follows this commit: one without a trace must not be."""

    operator_id: UUID
    act: ActOfOperator


async def act_as_operator(command: ActAsOperator, uow: IdentityUnitOfWork) -> Operator:
    """The operator. Raises OperatorNotFound for one who was revoked meanwhile."""
    operator = await uow.operators.get(command.operator_id)
    operator.act(command.act)
    return operator
