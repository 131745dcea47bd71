"""The refusals of approvals."""

from invx.kernel.errors import Conflict, Forbidden, Invalid, NotFound


class ApprovalRulesInvalid(Invalid):
    """The approval rules cannot be stated like this; `problems` names each field."""


class ApprovalNotFound(NotFound):
    """This invoice was never submitted for an approval."""


class ApprovalRequired(Conflict):
    """The document needs an approval before it is finalized; the detail names rule and step."""


class ApprovalNotNeeded(Conflict):
    """No approval rule applies to this document; it can be finalized as it is."""


class ApprovalPending(Conflict):
    """The document waits for an approval already; withdraw it to submit it anew."""


class ApprovalGiven(Conflict):
    """The document is approved as it is."""


class ApprovalNotPending(Conflict):
    """Nothing of this approval waits for a decision."""


class ApprovalNotWithdrawable(Conflict):
    """There is nothing to withdraw: it is neither asked for nor given."""


class StepNotOpen(Conflict):
    """This step of the approval is not open: it is decided, or its turn has not come."""


class NotAssigned(Forbidden):
    """No open step of the approval is assigned to you."""


class OwnDocument(Forbidden):
    """Who submitted a document does not decide about it, unless the rule allows it."""


class NotSubmitter(Forbidden):
    """Only who submitted a document withdraws it."""


class OverApprovalLimit(Forbidden):
    """The document is over the amount up to which you may approve."""


class DelegateMalformed(Invalid):
    """A delegate is named as in tokens, such as user:anna."""
