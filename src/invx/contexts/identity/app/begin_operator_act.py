"""Take down what an operator does to a tenant as a whole: before it is done, and at its end."""

from dataclasses import dataclass
from uuid import UUID

from invx.contexts.identity.app.ports import IdentityUnitOfWork
from invx.contexts.identity.domain.operator_act import OperatorAct
from invx.kernel.messages import Command


@dataclass(frozen=True, slots=True)
class BeginOperatorAct(Command):
    act: str
    of_tenant: UUID
    detail: str = ""


@dataclass(frozen=True, slots=True)
class EndOperatorAct(Command):
    act_id: UUID
    outcome: str
    detail: str = ""


async def begin_operator_act(command: BeginOperatorAct, uow: IdentityUnitOfWork) -> UUID:
    """The id of the act. Inside the installation."""
    begun = OperatorAct.begin(uow.ids.new(), command.act, command.of_tenant, command.detail)
    uow.operator_acts.add(begun)
    return begun.id


async def end_operator_act(command: EndOperatorAct, uow: IdentityUnitOfWork) -> None:
    """Raises OperatorActNotFound, OperatorActOver."""
    (await uow.operator_acts.get(command.act_id)).end(command.outcome, command.detail)
