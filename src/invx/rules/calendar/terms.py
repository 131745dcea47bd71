"""When a document is to be paid, in which parts, and what early payment saves."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from enum import StrEnum

from invx.kernel.errors import Problem, invariant
from invx.kernel.money import allocate, quantize
from invx.rules.calendar.periods import add_months, end_of_month

DAYS_MAX = 3660
MONTHS_MAX = 120
PARTS_MAX = 60
HUNDRED = Decimal(100)


class TermsKind(StrEnum):
    """How the due date follows from the issue date."""

    ON_RECEIPT = "on_receipt"  # due the day it is issued
    NET = "net"  # `days` later
    END_OF_MONTH = "end_of_month"  # `months` later, the last of that month, and `days` more
    INSTALMENTS = "instalments"


@dataclass(frozen=True, slots=True)
class InstalmentTerm:
    """A part of the amount, due `days` after issue."""

    percent: Decimal
    days: int


@dataclass(frozen=True, slots=True)
class DiscountTerm:
    """What is let off for payment within `days` of issue."""

    percent: Decimal
    days: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentTerms:
    """What was agreed about payment. `terms_problems` says whether it makes sense."""

    kind: TermsKind
    days: int = 0
    months: int = 0
    instalments: tuple[InstalmentTerm, ...] = ()
    discounts: tuple[DiscountTerm, ...] = ()


@dataclass(frozen=True, slots=True)
class Instalment:
    """An amount and the day it is due."""

    due_date: date
    amount: Decimal


@dataclass(frozen=True, slots=True)
class EarlyPayment:
    """Paid on `last_date` at the latest, `payable` settles the document; `discount` is let off."""

    last_date: date
    percent: Decimal
    discount: Decimal
    payable: Decimal


def schedule(
    terms: PaymentTerms, issue_date: date, *, amount: Decimal, currency: str
) -> tuple[Instalment, ...]:
    """The parts of the amount by due date; their sum is the amount, to the unit.

    Instalments are split by largest remainder. Terms of any other kind have one part.
    """
    if terms.kind is not TermsKind.INSTALMENTS:
        return (Instalment(due_date(terms, issue_date), quantize(amount, currency)),)
    parts = sorted(terms.instalments, key=lambda part: part.days)
    amounts = allocate(amount, [part.percent for part in parts], currency)
    return tuple(
        Instalment(issue_date + timedelta(days=part.days), share)
        for part, share in zip(parts, amounts, strict=True)
    )


def due_date(terms: PaymentTerms, issue_date: date) -> date:
    """The day by which all is to be paid: the last instalment's."""
    match terms.kind:
        case TermsKind.ON_RECEIPT:
            return issue_date
        case TermsKind.NET:
            return issue_date + timedelta(days=terms.days)
        case TermsKind.END_OF_MONTH:
            month = end_of_month(add_months(issue_date.replace(day=1), terms.months))
            return month + timedelta(days=terms.days)
        case TermsKind.INSTALMENTS:
            invariant(bool(terms.instalments), "instalments without a part")
            return issue_date + timedelta(days=max(part.days for part in terms.instalments))


def early_payments(
    terms: PaymentTerms, issue_date: date, *, amount: Decimal, currency: str
) -> tuple[EarlyPayment, ...]:
    """The early-payment discounts of an amount, soonest first. They are of the gross amount."""
    found = []
    for term in sorted(terms.discounts, key=lambda term: term.days):
        discount = quantize(amount * term.percent / HUNDRED, currency)
        last = issue_date + timedelta(days=term.days)
        found.append(EarlyPayment(last, term.percent, discount, amount - discount))
    return tuple(found)


def terms_problems(terms: PaymentTerms, at: str = "/payment_terms") -> Iterator[Problem]:
    """What is wrong with the terms, by field; due dates may be asked for when there is nothing."""
    if not 0 <= terms.days <= DAYS_MAX:
        yield Problem(f"{at}/days", "out_of_range", f"From 0 to {DAYS_MAX} days.")
    if not 0 <= terms.months <= MONTHS_MAX:
        yield Problem(f"{at}/months", "out_of_range", f"From 0 to {MONTHS_MAX} months.")
    if terms.months and terms.kind is not TermsKind.END_OF_MONTH:
        yield Problem(f"{at}/months", "not_for_this_kind", "Months belong to end_of_month.")
    if terms.days and terms.kind in (TermsKind.ON_RECEIPT, TermsKind.INSTALMENTS):
        yield Problem(f"{at}/days", "not_for_this_kind", f"{terms.kind} has no days of its own.")
    if terms.kind is TermsKind.INSTALMENTS:
        yield from _instalment_problems(terms, at)
    elif terms.instalments:
        yield Problem(f"{at}/instalments", "not_for_this_kind", "Kind instalments has parts.")
    yield from _parts(terms.discounts, f"{at}/discounts")


def _instalment_problems(terms: PaymentTerms, at: str) -> Iterator[Problem]:
    if not 1 <= len(terms.instalments) <= PARTS_MAX:
        yield Problem(f"{at}/instalments", "out_of_range", f"From 1 to {PARTS_MAX} parts.")
    elif sum(part.percent for part in terms.instalments) != HUNDRED:
        yield Problem(f"{at}/instalments", "not_100_percent", "The parts make 100 percent.")
    yield from _parts(terms.instalments, f"{at}/instalments")


def _parts(parts: Sequence[InstalmentTerm | DiscountTerm], at: str) -> Iterator[Problem]:
    seen: set[int] = set()
    for index, part in enumerate(parts):
        if not 0 < part.percent <= HUNDRED:
            detail = "Above 0 and at most 100 percent."
            yield Problem(f"{at}/{index}/percent", "out_of_range", detail)
        if not 0 <= part.days <= DAYS_MAX:
            yield Problem(f"{at}/{index}/days", "out_of_range", f"From 0 to {DAYS_MAX} days.")
        if part.days in seen:
            yield Problem(f"{at}/{index}/days", "duplicate_days", "Two parts on the same day.")
        seen.add(part.days)
