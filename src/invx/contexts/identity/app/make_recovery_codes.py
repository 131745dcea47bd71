"""A user takes new recovery codes."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from invx.contexts.identity.app.ports import IdentityUnitOfWork
from invx.contexts.identity.domain.second_factor import second_factor_id
from invx.kernel.messages import Command


@dataclass(frozen=True, slots=True)
class MakeRecoveryCodes(Command):
    """Known by their hashes; the password was verified before."""

    user_id: UUID
    hashes: Sequence[str]


async def make_recovery_codes(command: MakeRecoveryCodes, uow: IdentityUnitOfWork) -> None:
    """Older ones are good for nothing any more. Raises SecondFactorNotFound."""
    factor = await uow.second_factors.get(second_factor_id(command.user_id))
    factor.make_codes(len(command.hashes), uow.ctx.now)
    await uow.one_time_codes.replace_recovery(command.user_id, command.hashes)
