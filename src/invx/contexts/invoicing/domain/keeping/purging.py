"""Why a document is not purged, and why a purge does not begin."""

from invx.kernel.errors import Conflict


class RetentionRuns(Conflict):
    """The law still keeps the document."""

    code = "retention_runs"


class DocumentOnHold(Conflict):
    """A legal hold keeps the document."""

    code = "legal_hold"


class DocumentUnsettled(Conflict):
    """Something of the document is open or disputed, so it is needed still."""


class DocumentNotIssued(Conflict):
    """Only what was issued has a retention; a draft is deleted, or erased with its buyer."""


class TrialUnfinished(Conflict):
    """The trial has not looked at all documents yet: wait until it is done."""

    lasting = False


class NotATrial(Conflict):
    """Only what a trial of a purge has shown can be purged."""

    code = "not_a_trial"
