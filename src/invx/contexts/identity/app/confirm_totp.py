"""A user showed a code of the secret: from now on signing in takes one."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from invx.contexts.identity.app.ports import IdentityUnitOfWork
from invx.contexts.identity.domain.errors import CodeWrong
from invx.contexts.identity.domain.second_factor import second_factor_id
from invx.kernel.messages import Command


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfirmTotp(Command):
    """`step` is that of the code, which was compared before with this very secret."""

    user_id: UUID
    encrypted_secret: str
    step: int
    recovery_hashes: Sequence[str]


async def confirm_totp(command: ConfirmTotp, uow: IdentityUnitOfWork) -> None:
    """The code is spent, and there are recovery codes.

    Raises SecondFactorActive, SecondFactorNotFound, CodeWrong.
    """
    factor = await uow.second_factors.get(second_factor_id(command.user_id))
    now = uow.ctx.now
    factor.confirm(command.encrypted_secret, now)
    if not await uow.one_time_codes.spend_step(command.user_id, command.step):
        raise CodeWrong
    await uow.one_time_codes.replace_recovery(command.user_id, command.recovery_hashes)
    factor.make_codes(len(command.recovery_hashes), now)
