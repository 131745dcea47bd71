"""Errors that mean the same to HTTP, to a reaction and to the command line.

A `DomainError` is the caller's: it carries a stable code, a kind and the fields at fault.
An `InvariantViolation` is ours: it is never shown as the caller's mistake, and it wakes somebody.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import ClassVar, NoReturn


class Kind(StrEnum):
    """How a caller should react; the edges translate it (HTTP status, exit code, park or retry)."""

    INVALID = "invalid"  # the input breaks a rule; sending it again will not help
    NOT_FOUND = "not_found"  # no such thing in this tenant
    CONFLICT = "conflict"  # the thing is in a state that forbids this
    STALE = "stale"  # the caller's version is not the current one
    BUSY = "busy"  # the same work is under way; ask again shortly
    FORBIDDEN = "forbidden"
    UNAUTHENTICATED = "unauthenticated"
    UNAVAILABLE = "unavailable"  # somebody we depend on does not answer; ask again
    TOO_MANY = "too_many"  # asked too often; the same later is welcome
    GONE = "gone"  # it was here, and was erased for good
    DAMAGED = "damaged"  # what we keep is not what it was: ours to mend, asking again is no use


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong with one field: `pointer` is a JSON Pointer (RFC 6901) into the request.

    Where somebody else's rule says so, `rule` is its id there, and `terms` are the names that it
    has for what is at fault.
    """

    pointer: str
    code: str
    detail: str
    rule: str | None = None
    terms: tuple[str, ...] = ()


class DomainError(Exception):
    """Base of every refusal. The code is the class name in snake case, or its own."""

    kind: ClassVar[Kind] = Kind.INVALID
    code: ClassVar[str] = "domain_error"
    lasting: ClassVar[bool] = True  # false: the same request may succeed later without a change

    def __init__(self, detail: str = "", *, problems: Sequence[Problem] = ()) -> None:
        super().__init__(detail)
        self.detail = detail or (type(self).__doc__ or "").strip().splitlines()[0]
        self.problems = tuple(problems)

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        if "code" not in cls.__dict__:
            cls.code = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", cls.__name__).lower()


class Invalid(DomainError):
    """The input breaks one or more rules; `problems` names each field."""


class NotFound(DomainError):
    """There is no such thing in this tenant."""

    kind = Kind.NOT_FOUND


class Conflict(DomainError):
    """The state of the thing forbids this."""

    kind = Kind.CONFLICT


class Stale(DomainError):
    """Somebody changed it since you read it; read it again and decide anew."""

    kind = Kind.STALE


class Forbidden(DomainError):
    """The token does not carry the permission that this needs."""

    kind = Kind.FORBIDDEN


class Unauthenticated(DomainError):
    """There is no valid access token."""

    kind = Kind.UNAUTHENTICATED


class Unavailable(DomainError):
    """A system this depends on does not answer; nothing was written."""

    kind = Kind.UNAVAILABLE


class TooMany(DomainError):
    """This was asked too often; ask again later."""

    kind = Kind.TOO_MANY
    lasting = False

    def __init__(self, detail: str = "", *, wait_seconds: int = 1) -> None:
        super().__init__(detail)
        self.wait_seconds = wait_seconds


class Gone(DomainError):
    """It was here, and was erased for good."""

    kind = Kind.GONE


class Damaged(DomainError):
    """What is kept is not what it was."""

    kind = Kind.DAMAGED


class NotYet(Exception):
    """A reaction met a contract before its cause; deliver it again later."""


class ConcurrencyConflict(Exception):
    """Another transaction won the race for a stream; the runner runs the handler again."""


class InvariantViolation(Exception):
    """A state that must not exist. It is our defect, never the caller's."""


def invariant(condition: bool, message: str) -> None:
    """Raise `InvariantViolation` unless `condition` holds (`assert` would vanish under -O)."""
    if not condition:
        violated(message)


def violated(message: str) -> NoReturn:
    """Raise `InvariantViolation`."""
    raise InvariantViolation(message)
