"""Enter what was issued or voided into the register of its legal entity (D3)."""

from dataclasses import dataclass
from typing import Protocol
from uuid import UUID

from invx.contexts.invoicing.domain.register import Register
from invx.contexts.invoicing.domain.register_events import RegisteredDocument
from invx.kernel.messages import Command


class Registers(Protocol):
    """The registers of legal entities; they are only ever taken locked."""

    async def locked(self, legal_entity_id: UUID) -> Register:
        """That of a legal entity, locked; a new one when nothing was ever entered."""
        ...

    async def not_entered(self, legal_entity_id: UUID, limit: int) -> list[RegisteredDocument]:
        """Documents that were issued or voided and are not in the register, in their order."""
        ...


class RegisterUnitOfWork(Protocol):
    """What entering needs of the unit of work of invoicing."""

    @property
    def registers(self) -> Registers: ...


@dataclass(frozen=True, slots=True)
class EnterRegister(Command):
    legal_entity_id: UUID
    limit: int


async def enter_register(command: EnterRegister, uow: RegisterUnitOfWork) -> int:
    """Enter up to `limit` documents that are not in the register; returns how many were.

    They come in the order in which each series gave its numbers. Runs beside finalizing, not in
    it: a register is one row of rows per legal entity, and finalizing must not queue for it.
    """
    register = await uow.registers.locked(command.legal_entity_id)
    documents = await uow.registers.not_entered(command.legal_entity_id, command.limit)
    for document in documents:
        register.enter(command.legal_entity_id, document)
    return len(documents)
