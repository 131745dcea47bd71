"""Where the approval of a document stands."""

from enum import StrEnum


class ApprovalState(StrEnum):
    """`lapsed`: the draft changed, or was thrown away, after it was submitted."""

    NONE = "none"
    PENDING = "pending"
    APPROVED = "approved"
    REJECTED = "rejected"
    WITHDRAWN = "withdrawn"
    LAPSED = "lapsed"

    @property
    def holds(self) -> bool:
        """Whether a change of the draft ends it: it is asked for, or was given."""
        return self in (ApprovalState.PENDING, ApprovalState.APPROVED)
