"""What is to be known of a sandbox's work before its clock moves on (T5)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """How a tenant's work stands in all contexts that are hosted together.

    `settled` says that every context has the clock of which was asked, and that nothing which is
    due by it is left to do. `parked` and `failing` name work by context, kind and key, each with
    its reason; what fails is tried again later, what is parked is not.
    """

    settled: bool
    open: bool = True  # false: suspended, moved or gone somewhere
    next_due: datetime | None = None  # the earliest business time at which something becomes due
    parked: Mapping[str, str] = field(default_factory=dict)
    parked_before: Sequence[str] = ()  # of these, what was parked when it was asked
    failing: Mapping[str, str] = field(default_factory=dict)
