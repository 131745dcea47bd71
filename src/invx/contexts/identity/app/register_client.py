"""A tenant registers a program."""

from collections.abc import Sequence
from dataclasses import dataclass

from invx.contexts.identity.app.ports import IdentityUnitOfWork
from invx.contexts.identity.domain.client import Client
from invx.kernel.messages import Command


@dataclass(frozen=True, slots=True, kw_only=True)
class RegisterClient(Command):
    """`secret_hash` is that of a confidential client's secret, None for a public one."""

    name: str
    kind: str
    redirect_uris: Sequence[str]
    scopes: Sequence[str]
    secret_hash: str | None


async def register_client(command: RegisterClient, uow: IdentityUnitOfWork) -> Client:
    """The client. Raises ClientInvalid."""
    client = Client.register(
        uow.ids.new(),
        name=command.name,
        kind=command.kind,
        redirect_uris=command.redirect_uris,
        scopes=command.scopes,
        secret_hash=command.secret_hash,
        now=uow.ctx.now,
    )
    uow.clients.add(client)
    return client
