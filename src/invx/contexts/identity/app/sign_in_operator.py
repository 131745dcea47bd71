"""An operator proved who they are, by a password and a code."""

from dataclasses import dataclass
from uuid import UUID

from invx.contexts.identity.app.ports import IdentityUnitOfWork
from invx.contexts.identity.app.spend_code import ShownCode, SpendCode, spend_code
from invx.contexts.identity.domain.errors import SecondFactorRequired, SignInRefused
from invx.contexts.identity.domain.operator import Operator
from invx.kernel.messages import Command


@dataclass(frozen=True, slots=True, kw_only=True)
class SignInOperator(Command):
    """As `OpenSession`, without a session: who comes again shows both again."""

    user_id: UUID
    verified_hash: str
    new_hash: str | None
    attempts: tuple[str, ...]
    code: ShownCode | None
    address: str | None


async def sign_in_operator(command: SignInOperator, uow: IdentityUnitOfWork) -> Operator:
    """The operator. Who is none is refused as if the password were wrong.

    Raises SignInRefused, CodeRequired, SecondFactorRequired.
    """
    user = await uow.users.get(command.user_id)
    operator = await uow.operators.of_user(user.id)
    if operator is None or not user.active or command.verified_hash != user.password_hash:
        raise SignInRefused
    beside = await spend_code(SpendCode(user.id, command.code), uow)
    if beside is None:
        raise SecondFactorRequired
    operator.sign_in(f"password+{beside}", command.address, uow.system_now())
    if command.new_hash is not None:
        user.rehash(command.new_hash)
    await uow.attempts.forget(command.attempts)
    return operator
