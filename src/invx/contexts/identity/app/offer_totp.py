"""A user is shown the secret for an authenticator app."""

from dataclasses import dataclass
from uuid import UUID

from invx.contexts.identity.app.ports import IdentityUnitOfWork
from invx.contexts.identity.domain.second_factor import SecondFactor, second_factor_id
from invx.kernel.messages import Command


@dataclass(frozen=True, slots=True)
class OfferTotp(Command):
    """The secret, encrypted before."""

    user_id: UUID
    encrypted_secret: str


async def offer_totp(command: OfferTotp, uow: IdentityUnitOfWork) -> None:
    """Nothing is asked for before it is confirmed. Raises SecondFactorActive."""
    id = second_factor_id(command.user_id)
    factor = await uow.second_factors.find(id)
    if factor is None:
        factor = SecondFactor(id)
        uow.second_factors.add(factor)
    factor.offer(command.user_id, command.encrypted_secret, uow.ctx.now)
