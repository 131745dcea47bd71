"""Refusals say what, why and where, the same to everybody."""

import pytest

from invx.kernel.errors import (
    Conflict,
    DomainError,
    Invalid,
    InvariantViolation,
    Kind,
    NotFound,
    Problem,
    Stale,
    Unavailable,
    invariant,
    violated,
)


class InvoiceNotDraft(Conflict):
    """The invoice is no draft any more.

    More for readers of the code.
    """


class IBANMissing(Invalid):
    """There is no IBAN."""

    code = "iban_missing"


class Cancelled(InvoiceNotDraft):
    """It was cancelled."""


def test_a_code_is_the_name_of_the_class_unless_it_has_its_own() -> None:
    assert InvoiceNotDraft.code == "invoice_not_draft"
    assert IBANMissing.code == "iban_missing"
    assert Cancelled.code == "cancelled"
    assert DomainError.code == "domain_error"


def test_the_detail_is_the_first_line_of_the_docstring_unless_given() -> None:
    assert InvoiceNotDraft().detail == "The invoice is no draft any more."
    assert InvoiceNotDraft("It is paid.").detail == "It is paid."
    assert str(InvoiceNotDraft("It is paid.")) == "It is paid."


def test_problems_are_kept_in_order() -> None:
    problems = [Problem("/b", "x", "B"), Problem("/a", "y", "A")]
    assert Invalid(problems=problems).problems == tuple(problems)
    assert Invalid().problems == ()


@pytest.mark.parametrize(
    "error,kind",
    [
        (Invalid, Kind.INVALID),
        (NotFound, Kind.NOT_FOUND),
        (InvoiceNotDraft, Kind.CONFLICT),
        (Stale, Kind.STALE),
        (Unavailable, Kind.UNAVAILABLE),
    ],
)
def test_a_kind_is_inherited(error: type[DomainError], kind: Kind) -> None:
    assert error().kind is kind


def test_an_invariant_is_ours_and_no_refusal() -> None:
    invariant(True, "nothing happens")
    with pytest.raises(InvariantViolation, match="gap"):
        invariant(False, "a gap")
    with pytest.raises(InvariantViolation, match="gap"):
        violated("a gap")
    assert not issubclass(InvariantViolation, DomainError)
