"""The refusals of documents: sentences whose code is the snake case of the class."""

from collections.abc import Sequence
from datetime import datetime
from math import ceil

from invx.kernel.errors import (
    Conflict,
    Gone,
    Invalid,
    NotFound,
    Problem,
    TooMany,
    Unavailable,
)


class DocumentNotDraft(Conflict):
    """Only a draft can be changed, deleted or finalized."""


class DocumentNotFinalized(Conflict):
    """Only a finalized document that still stands can be credited, sent, voided or replaced."""


class DocumentQuotaExceeded(TooMany):
    """The tenant has drafted as many documents today as it may; `detail` says when it may again."""

    def __init__(self, quota: str, allowed: int, now: datetime, until: datetime) -> None:
        super().__init__(
            f"Tenants of the class {quota!r} draft at most {allowed} documents a day. The day ends"
            f" at {until:%Y-%m-%dT%H:%M:%SZ}.",
            wait_seconds=ceil((until - now).total_seconds()),
        )


class DocumentEmpty(Invalid):
    """A document without a single item line cannot be finalized."""


class DocumentIncomplete(Invalid):
    """The document is not right as it is; `problems` names each field."""


class NotRepresentable(Invalid):
    """The profile of the document cannot express this; `problems` names each line."""


class DocumentSettled(Conflict):
    """Money or credits stand against the document, so it cannot be voided; cancel or credit it."""


class DocumentReleasedAlready(Conflict):
    """The document has left the house, so it cannot be voided; cancel it instead."""

    code = "document_released"


class DocumentReplacedAlready(Conflict):
    """Another document stands in the place of this one already."""

    code = "document_replaced"


class DocumentCredited(Conflict):
    """Credit notes stand against the document, so it cannot be voided; credit what is left."""


class DocumentErased(Gone):
    """The document's personal data was erased, and the files that named it."""


class DocumentPurged(Gone):
    """The law let go of the document and it was purged; its number and its figures stay."""


class DocumentNotCreditable(Conflict):
    """Only an invoice can be credited or cancelled."""


class CreditExceedsRemainder(Conflict):
    """The credit asks for more than what is left of the document."""


class AmountNotDivisible(Invalid):
    """No whole units of net and tax make this amount (BR-CO-17); one more or less do."""


class NothingLeftToCredit(Conflict):
    """The whole document has been credited already."""


class CreditNotFound(Conflict):
    """No such credit note stands against this document."""


class LineNotFound(Invalid):
    """The document has no item line with this id."""


class EInvoiceIncomplete(Invalid):
    """The e-invoice asks for what the document does not say; `problems` names each field."""

    code = "e_invoice_incomplete"


class EInvoiceInvalid(Invalid):
    """The official rules of the e-invoice refuse the document; `problems` names each rule."""

    code = "e_invoice_invalid"


class EInvoiceRulesMissing(Unavailable):
    """The e-invoice cannot be judged before it is issued: a rule sheet is not installed."""

    code = "e_invoice_rules_missing"


def refusal_of(problems: Sequence[Problem], of_route: Sequence[Problem] = ()) -> Invalid:
    """One refusal for all problems; its code is that of the gravest.

    `of_route` are those that only the e-invoice has; a field is named once.
    """
    known = {problem.pointer for problem in problems}
    only = [problem for problem in of_route if problem.pointer not in known]
    representable = NotRepresentable.code not in {problem.code for problem in only}
    if not problems and representable:
        return EInvoiceIncomplete(problems=only)
    problems = [*problems, *only]
    codes = {problem.code for problem in problems}
    if "document_empty" in codes:
        return DocumentEmpty(problems=problems)
    if NotRepresentable.code in codes:
        return NotRepresentable(problems=problems)
    return DocumentIncomplete(problems=problems)


class DocumentNotFound(NotFound):
    """There is no such invoice."""

    code = "invoice_not_found"


class SettlementNotFound(NotFound):
    """There is nothing to settle for this invoice: it is a draft, or a proforma."""


class LegalEntityNotFound(NotFound):
    """There is no such legal entity."""


class RegistrationNotFound(NotFound):
    """No legal entity has, or had, such a registration."""


class LegalEntityRequired(Invalid):
    """Name the legal entity: the tenant does not have exactly one."""

    def __init__(self) -> None:
        detail = "Name the legal entity: the tenant does not have exactly one."
        super().__init__(detail, problems=[Problem("/legal_entity", "required", detail)])


class SeriesNotFound(NotFound):
    """There is no such series."""


class ExternalIdTaken(Conflict):
    """Something of this kind already has this external_id."""


class NumberTaken(Conflict):
    """A document of this series already has this number."""


class ChartNotFound(NotFound):
    """There is no chart of accounts with this code."""
