"""Enter what was issued or voided into the register of its legal entity (D3)."""

from dataclasses import dataclass
from uuid import UUID

from invx.contexts.invoicing.app.ports import InvoicingUnitOfWork
from invx.kernel.messages import Command


@dataclass(frozen=True, slots=True)
class EnterRegister(Command):
    legal_entity_id: UUID
    limit: int


async def enter_register(command: EnterRegister, uow: InvoicingUnitOfWork) -> int:
    """Enter up to `limit` documents that are not in the register; returns how many were.

    They come in the order in which each series gave its numbers. Runs beside finalizing, not in
    it: a register is one row of rows per legal entity, and finalizing must not queue for it.
    """
    register = await uow.registers.locked(command.legal_entity_id)
    documents = await uow.registers.not_entered(command.legal_entity_id, command.limit)
    for document in documents:
        register.enter(command.legal_entity_id, document)
    return len(documents)
