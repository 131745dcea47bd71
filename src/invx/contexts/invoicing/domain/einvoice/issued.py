"""A document as it was issued, or as it would be: what every file is made of."""

from dataclasses import dataclass, replace
from datetime import date

from invx.contexts.invoicing.domain.bill import bill_of
from invx.contexts.invoicing.domain.content import Content, DocumentType
from invx.contexts.invoicing.domain.errors import NotRepresentable
from invx.contexts.invoicing.domain.party import Seller
from invx.contexts.invoicing.domain.terms import due_date_of, instalments_of
from invx.kernel.errors import Problem
from invx.rules.calendar.terms import Instalment
from invx.rules.totals.model import Profile, Totals
from invx.rules.totals.representable import problems as problems_of_bill

DRAFT_NUMBER = "DRAFT"  # stands in for BT-1, which a draft has not


@dataclass(frozen=True, slots=True, kw_only=True)
class Issued:
    """What was issued, or would be: content and figures, by whom, when, under which number."""

    content: Content
    totals: Totals
    seller: Seller
    number: str = DRAFT_NUMBER
    issue_date: date
    due_date: date
    instalments: tuple[Instalment, ...] = ()
    test: bool = False  # by a sandbox: no claim on anybody


def would_be_issued(content: Content, totals: Totals, seller: Seller, day: date) -> Issued:
    """Content as if it were issued on a day. Its number is not known, so a word stands for it."""
    return Issued(
        content=content,
        totals=totals,
        seller=seller,
        issue_date=day,
        due_date=due_date_of(content, day),
        instalments=instalments_of(content, totals.due, day),
    )


def ensure_representable(content: Content, totals: Totals) -> None:
    """Raises NotRepresentable: profile `plain` and proformas have no e-invoice (M3)."""
    if found := unrepresentable(content, totals):
        raise NotRepresentable(found[0].detail, problems=found)


def unrepresentable(content: Content, totals: Totals) -> tuple[Problem, ...]:
    """Why no e-invoice can say what the document says; empty when one can."""
    if content.type is DocumentType.PROFORMA:
        detail = "A proforma is no invoice, so there is no e-invoice of it."
        return (Problem("/type", NotRepresentable.code, detail),)
    if totals.profile is Profile.EN16931:
        return ()
    bill = replace(bill_of(content, totals.rounding), profile=Profile.EN16931)
    found = [each for each in problems_of_bill(bill) if each.code == NotRepresentable.code]
    detail = "A document in profile plain has no e-invoice."
    return (Problem("/profile", NotRepresentable.code, detail), *found)
