"""A tenant removes a program: it gets no tokens any more."""

from dataclasses import dataclass
from uuid import UUID

from invx.contexts.identity.app.ports import IdentityUnitOfWork
from invx.kernel.messages import Command


@dataclass(frozen=True, slots=True)
class RemoveClient(Command):
    """Of the transaction's tenant."""

    client_id: UUID


async def remove_client(command: RemoveClient, uow: IdentityUnitOfWork) -> None:
    """One that was removed stays removed. Raises ClientNotFound."""
    await uow.hold_access()
    client = await uow.clients.get(command.client_id)
    client.remove(uow.ctx.now)
