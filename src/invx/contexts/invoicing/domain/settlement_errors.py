"""The refusals of settlements."""

from invx.kernel.errors import Conflict, Invalid, NotFound


class EntryInvalid(Invalid):
    """The entry cannot be made as it is; `problems` names each field."""


class SourceReused(Conflict):
    """An entry with other figures already has this source."""


class SettlementClosed(Conflict):
    """The document was voided; nothing can be settled against it."""


class SettlementInUse(Conflict):
    """There are entries against the document, so its settlement cannot be voided."""


class NothingOpen(Conflict):
    """Nothing is open any more."""


class ExceedsOpen(Conflict):
    """The amount is more than what is still open."""


class NothingToRefund(Conflict):
    """There is no surplus to pay back."""


class RefundExceedsSurplus(Conflict):
    """The refund is more than the surplus."""


class NoCreditLeft(Conflict):
    """The document has no surplus that could be used as credit."""


class CreditExceedsSurplus(Conflict):
    """The credit is more than the surplus of the document that it comes from."""


class CreditOfAnother(Conflict):
    """A credit counts only for the same legal entity, customer and currency."""


class EntryNotFound(NotFound):
    """The settlement has no such entry."""


class EntryNotReversible(Conflict):
    """Credits and reversals cannot be taken back by a reversal."""


class EntryReversed(Conflict):
    """The entry has been taken back already."""


class AlreadyDisputed(Conflict):
    """The document is disputed already."""


class NotDisputed(Conflict):
    """The document is not disputed."""


class NothingPending(Conflict):
    """The document has no bookings that wait for a rate."""
