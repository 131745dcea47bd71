"""A program gets a key of its own."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from invx.contexts.identity.app.ports import IdentityUnitOfWork
from invx.contexts.identity.domain.api_key import KEYS_PER_TENANT_MAX, ApiKey
from invx.contexts.identity.domain.authority import Authority
from invx.contexts.identity.domain.errors import TooManyApiKeys
from invx.contexts.identity.domain.user import user_in
from invx.kernel.messages import Command


@dataclass(frozen=True, slots=True, kw_only=True)
class CreateApiKey(Command):
    """`secret` is the hash of the secret that was made for it, and how that ends."""

    name: str
    permissions: Sequence[str]
    expires_at: datetime | None
    secret: tuple[str, str]


async def create_api_key(command: CreateApiKey, uow: IdentityUnitOfWork) -> ApiKey:
    """The key. It approves what its maker does. Raises MoreThanHeld, TooManyApiKeys.

    And UserNotFound for a person who was erased: their keys end with them, so none comes after.
    """
    caller = uow.ctx.caller
    if (user_id := user_in(caller.actor)) is not None:
        await uow.people.ensure_here(user_id)
    held = Authority(caller.permissions, caller.approval_limit)
    held.ensure_grants(command.permissions, held.approval_limit)
    if await uow.api_keys.count() >= KEYS_PER_TENANT_MAX:
        raise TooManyApiKeys
    key = ApiKey.create(
        uow.ids.new(),
        name=command.name,
        mode="test" if uow.ctx.test else "live",
        authority=Authority(frozenset(command.permissions), held.approval_limit),
        secret=command.secret,
        created=(caller.actor, uow.system_now()),
        expires_at=command.expires_at,
    )
    uow.api_keys.add(key)
    return key
