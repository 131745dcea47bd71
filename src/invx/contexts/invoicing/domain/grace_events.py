"""What happens to the time that a draft is given before it is finalized by itself."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from invx.kernel.messages import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class GraceGiven(Event):
    """The draft is to be finalized at this moment of business time; any earlier word is void."""

    document_id: UUID
    finalize_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class GraceHeld(Event):
    """The draft stays one, whatever the clock says, until it is resumed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GraceResumed(Event):
    """The clock counts again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GraceFailed(Event):
    """The moment came, and the draft could not be finalized; `code` is the refusal's."""

    code: str


@dataclass(frozen=True, slots=True, kw_only=True)
class GraceEnded(Event):
    """The draft is a document by now, or it is not to become one by itself any more."""
