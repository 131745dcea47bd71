"""Settle withholding tax with the certificates that the buyer sends.

A document with withholding asks for less from the start (`due`): what the buyer is expected to keep
back is booked as tax receivable when it is issued. A certificate proves it. Where the buyer kept
back more, or less, the difference is an entry of the settlement: more settles what was paid too
little, less opens what was not kept back after all. A document without withholding expects nothing,
so all that is certified settles it: a buyer abroad who has to keep tax back.
"""

from dataclasses import replace
from decimal import Decimal

from invx.contexts.invoicing.domain import settlement_errors as errors
from invx.contexts.invoicing.domain.amounts import amount_problems
from invx.contexts.invoicing.domain.balance import EntryKind
from invx.contexts.invoicing.domain.content import DocumentType
from invx.contexts.invoicing.domain.periods.closed import NOTHING_CLOSED, Closed
from invx.contexts.invoicing.domain.posting import Posting
from invx.contexts.invoicing.domain.settlement import Settlement
from invx.contexts.invoicing.domain.settlement_events import WithholdingCertified
from invx.contexts.invoicing.domain.withheld import Certificate, beyond
from invx.kernel.errors import Conflict, Problem
from invx.kernel.money import quantize


class NothingToWithhold(Conflict):
    """Of what the seller owes the buyer nobody keeps tax back."""


def certify(
    settlement: Settlement,
    certificate: Certificate,
    *,
    expected: Decimal,
    note: str | None = None,
    closed: Closed = NOTHING_CLOSED,
) -> None:
    """A certificate came in, or a corrected one of the same source; zero takes it back.

    `expected` is what the document and its credit notes expect by now. The same again changes
    nothing. Raises EntryInvalid, NothingToWithhold, SettlementClosed.
    """
    claim, withheld = settlement.claim, settlement.withholding
    if settlement.standing.voided:
        raise errors.SettlementClosed
    if claim.document_type is not DocumentType.INVOICE or claim.total < 0:
        raise NothingToWithhold
    if certificate.amount and (problems := amount_problems(certificate.amount, claim.currency)):
        raise errors.EntryInvalid(problems=problems)
    certificate = replace(certificate, amount=quantize(certificate.amount, claim.currency))
    whole = claim.total + claim.withheld
    if sum((each.amount for each in withheld.with_(certificate)), -whole) > 0:
        problem = Problem("/amount", "withheld_more_than_asked", f"The document asks for {whole}.")
        raise errors.EntryInvalid(problems=[problem])
    wanted = beyond(withheld.with_(certificate), expected)
    difference = quantize(wanted - settlement.standing.withheld, claim.currency)
    if withheld.certificates.get(certificate.source) == certificate and not difference:
        return
    source = f"certificate:{withheld.count + 1}:{certificate.source}"
    settlement.record(
        WithholdingCertified(
            claim=claim,
            certificate=certificate,
            expected=expected,
            note=note,
            after=settlement.standing,
            subject_id=settlement.subject_id,
        )
    )
    if difference:
        posting = Posting(source=source, on=certificate.on, closed=closed)
        settlement.adjust(EntryKind.WITHHOLDING, difference, posting)
