"""What the delivery of a document refuses."""

from invx.kernel.errors import Conflict, Invalid, NotFound


class ChannelUnknown(Invalid):
    """There is no such channel, or the legal entity does not use it."""


class ChannelUnsuitable(Conflict):
    """The channel does not take such documents."""


class ClearanceRequired(Conflict):
    """An authority has to clear the document before the buyer may get it."""


class ClearanceUnderWay(Conflict):
    """The document has been handed to an authority already."""


class TransmittedAlready(Conflict):
    """The document goes through this channel already."""


class TransmissionNotFound(NotFound):
    """There is no such transmission of this document."""


class TransmissionNotFailed(Conflict):
    """Only a transmission that failed can be tried again."""


class NothingToAsk(Conflict):
    """The channel has nothing of this document, or has said all there is to say."""


class DeliveryOver(Conflict):
    """The document was taken back; it is sent to nobody."""

    code = "delivery_closed"


class RevisionNotAllowed(Conflict):
    """The country's pack knows no revision under the same number; cancel or credit instead."""


class RevisionNotDue(Conflict):
    """Only a document that clearance rejected can be issued anew under its number."""

    code = "document_not_rejected"


class RevisionTooLate(Conflict):
    """The days in which a rejected document may be issued anew under its number are over."""


class DocumentNotRevisable(Conflict):
    """Only an invoice is issued anew under its number; a credit note is voided and made again."""


class RevisionDiffers(Invalid):
    """A revision keeps the type and the currency of what it takes the place of."""
