"""A key gets another secret; the one before runs out."""

from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from invx.contexts.identity.app.ports import IdentityUnitOfWork
from invx.contexts.identity.domain.api_key import ApiKey
from invx.contexts.identity.domain.authority import Authority
from invx.kernel.messages import Command


@dataclass(frozen=True, slots=True)
class RotateApiKey(Command):
    """`secret` as in `CreateApiKey`; `overlap` is how long the secret of now stays good."""

    api_key_id: UUID
    secret: tuple[str, str]
    overlap: timedelta


async def rotate_api_key(command: RotateApiKey, uow: IdentityUnitOfWork) -> ApiKey:
    """The key. Who gets its secret may do what it may, so this is granting: MoreThanHeld.

    Raises ApiKeyNotFound, ApiKeyOver.
    """
    key = await uow.api_keys.locked(command.api_key_id)
    caller = uow.ctx.caller
    held = Authority(caller.permissions, caller.approval_limit)
    held.ensure_grants(sorted(key.authority.permissions), key.authority.approval_limit)
    key.rotate(command.secret, command.overlap, uow.system_now())
    return key
