"""What happens to an OAuth client. Neither its secret nor a hash of it stands in an event."""

from dataclasses import dataclass
from datetime import datetime

from invx.kernel.messages import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientRegistered(Event):
    """A program may ask people for access, or has some of its own."""

    name: str
    kind: str  # public | confidential
    redirect_uris: tuple[str, ...]
    scopes: tuple[str, ...]
    registered_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientRemoved(Event):
    """It gets no tokens any more; those that it has end."""

    removed_at: datetime
