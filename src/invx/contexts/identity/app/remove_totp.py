"""A user wants no second factor any more."""

from dataclasses import dataclass
from uuid import UUID

from invx.contexts.identity.app.ports import IdentityUnitOfWork
from invx.contexts.identity.app.spend_code import ShownCode, SpendCode, spend_code
from invx.contexts.identity.domain.second_factor import second_factor_id
from invx.kernel.messages import Command


@dataclass(frozen=True, slots=True)
class RemoveTotp(Command):
    """With a code of it, or a recovery code; the password was verified before."""

    user_id: UUID
    shown: ShownCode


async def remove_totp(command: RemoveTotp, uow: IdentityUnitOfWork) -> None:
    """Secret and recovery codes are forgotten. Raises SecondFactorNotFound, SignInRefused."""
    factor = await uow.second_factors.get(second_factor_id(command.user_id))
    await spend_code(SpendCode(command.user_id, command.shown), uow)
    factor.remove(uow.ctx.now)
    await uow.one_time_codes.replace_recovery(command.user_id, ())
