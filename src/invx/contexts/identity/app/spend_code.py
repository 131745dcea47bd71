"""The code beside a password: asked of who has a second factor, good once."""

from dataclasses import dataclass
from uuid import UUID

from invx.contexts.identity.app.ports import IdentityUnitOfWork
from invx.contexts.identity.domain.errors import CodeRequired, SignInRefused
from invx.contexts.identity.domain.second_factor import second_factor_id
from invx.kernel.messages import Command

TOTP, RECOVERY_CODE = "totp", "recovery_code"


@dataclass(frozen=True, slots=True)
class ShownCode:
    """What somebody showed: the step to which it belongs, or its hash, or nothing that fits."""

    step: int | None = None
    recovery_hash: str | None = None


@dataclass(frozen=True, slots=True)
class SpendCode(Command):
    """Of this user; `shown` is None where no code was sent at all."""

    user_id: UUID
    shown: ShownCode | None


async def spend_code(command: SpendCode, uow: IdentityUnitOfWork) -> str | None:
    """By what the user was recognised, None where no code is asked for.

    Raises CodeRequired, and SignInRefused for a code that is wrong or was used.
    """
    factor = await uow.second_factors.find(second_factor_id(command.user_id))
    if factor is None or not factor.active:
        return None
    shown = command.shown
    if shown is None:
        raise CodeRequired
    if shown.step is not None and await uow.one_time_codes.spend_step(command.user_id, shown.step):
        return TOTP
    if shown.recovery_hash is not None:
        now = uow.ctx.now
        left = await uow.one_time_codes.spend_recovery(command.user_id, shown.recovery_hash, now)
        if left is not None:
            factor.recover(left, now)
            return RECOVERY_CODE
    raise SignInRefused
