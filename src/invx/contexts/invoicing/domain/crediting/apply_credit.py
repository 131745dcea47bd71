"""Surplus of one document counts for another: of a credit note for its original, mostly."""

from dataclasses import replace
from decimal import Decimal
from uuid import UUID

from invx.contexts.invoicing.domain import settlement_errors as errors
from invx.contexts.invoicing.domain.bookkeeping.books import Worth
from invx.contexts.invoicing.domain.posting import Posting
from invx.contexts.invoicing.domain.settlement import Settlement
from invx.contexts.invoicing.domain.tax.tax_record import matched


def apply_credit(original: Settlement, credit_note: Settlement, posting: Posting) -> Decimal:
    """Let the surplus of one document lower what is open of another; gives the amount.

    Without an amount it takes as much as both sides allow, which may be nothing: then nothing is
    recorded. The rest stays as the credit note's surplus, to be used elsewhere or refunded. Raises
    CreditOfAnother, CreditExceedsSurplus, ExceedsOpen, NothingOpen, EntryInvalid, SourceReused.
    """
    if _debtor(original) != _debtor(credit_note):
        raise errors.CreditOfAnother
    if original.entry_from(posting.source) is None:
        possible = min(original.open, credit_note.surplus)
        if posting.amount is None:
            if not possible:
                return possible
            posting = replace(posting, amount=possible)
        elif posting.amount.is_finite() and posting.amount > credit_note.surplus:
            raise errors.CreditExceedsSurplus(f"Only {credit_note.surplus} is left to credit.")
    taken, given = None, None
    if posting.amount is not None and posting.amount.is_finite():
        document_id = original.claim.document_id
        taken, given = matched(original.taxes, credit_note.taxes, document_id, posting.amount)
    brought = _worth(original, credit_note, posting)
    entry = original.credit(replace(posting, worth=brought), taken)
    credit_note.use_credit(posting, given)
    return entry.amount


def _worth(original: Settlement, note: Settlement, posting: Posting) -> Worth:
    """What surplus of one document brings to another in the books: what it stands there for."""
    if original.books is None or note.books is None or original.entry_from(posting.source):
        return Worth()
    if original.books.value.currency != note.books.value.currency:
        return Worth()
    if posting.amount is None or not posting.amount.is_finite():
        return Worth()
    taken = note.books.part_of(-posting.amount)
    return Worth(amount=-taken) if taken is not None else Worth()


def _debtor(settlement: Settlement) -> tuple[UUID, str | None, str]:
    claim = settlement.claim
    return claim.legal_entity_id, claim.customer, claim.currency
