"""What happens between a user and a provider that vouches for them."""

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar
from uuid import UUID

from invx.kernel.messages import Event, Personal


@dataclass(frozen=True, slots=True, kw_only=True)
class IdentityLinked(Event):
    """From now on this provider vouches for the user, by its own name for them."""

    subjects: ClassVar[dict[str, str]] = {"*": "user_id"}

    user_id: UUID
    issuer: str
    subject: Personal[str]
    linked_at: datetime
