"""A key ends."""

from dataclasses import dataclass
from uuid import UUID

from invx.contexts.identity.app.ports import IdentityUnitOfWork
from invx.kernel.messages import Command


@dataclass(frozen=True, slots=True)
class RevokeApiKey(Command):
    """Both of its secrets."""

    api_key_id: UUID


async def revoke_api_key(command: RevokeApiKey, uow: IdentityUnitOfWork) -> None:
    """End it; one that has ended stays ended. Raises ApiKeyNotFound."""
    (await uow.api_keys.locked(command.api_key_id)).revoke(uow.system_now())
