"""Somebody may run the installation: a user who is here, or a new one."""

from dataclasses import dataclass

from invx.contexts.identity.app.ports import IdentityUnitOfWork
from invx.contexts.identity.domain.errors import OperatorExists, UserNotFound
from invx.contexts.identity.domain.operator import Operator
from invx.contexts.identity.domain.user import User, email_key
from invx.kernel.messages import Command


@dataclass(frozen=True, slots=True)
class AppointOperator(Command):
    """`password_hash` is that of a new user; None: the user is to be here already."""

    email: str
    name: str
    password_hash: str | None


async def appoint_operator(command: AppointOperator, uow: IdentityUnitOfWork) -> Operator:
    """The operator. Raises OperatorExists, and UserNotFound without a hash for a new user."""
    now = uow.system_now()
    user = await uow.users.by_email(email_key(command.email))
    if user is None:
        if command.password_hash is None:
            raise UserNotFound
        user = User.register(
            uow.ids.new(),
            email=command.email,
            name=command.name,
            language="en",
            password_hash=command.password_hash,
            now=now,
        )
        uow.users.add(user)
    elif await uow.operators.of_user(user.id) is not None:
        raise OperatorExists
    operator = Operator.appoint(uow.ids.new(), user.id, command.name, now)
    uow.operators.add(operator)
    return operator
