"""Documents to test with: a sound invoice, and short ways to vary it."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid5

from invx.contexts.invoicing.domain.bill import bill_of
from invx.contexts.invoicing.domain.content import (
    AdjustmentLine,
    Content,
    DocumentType,
    Line,
    PaymentTerms,
)
from invx.contexts.invoicing.domain.document import Document
from invx.contexts.invoicing.domain.document_events import Issue, Links, Mode, Origin
from invx.contexts.invoicing.domain.party import Address, Party, Registration, Seller
from invx.kernel.messages import Event
from invx.rules.totals.compute import compute
from invx.rules.totals.model import Rounding, Tax, Totals

D = Decimal
NAMES = UUID("7a3f2c1e-0000-4000-8000-000000000000")
ENTITY = uuid5(NAMES, "entity")
SERIES = uuid5(NAMES, "series")
SUBJECT = uuid5(NAMES, "buyer")
DOCUMENT = uuid5(NAMES, "document")
TODAY = date(2026, 3, 2)
NOW = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)

BUYER = Party(name="Muster AG", address=Address(city="Köln", country="DE"), vat_id="DE811907980")
SELLER = Seller(
    party=Party(name="Kontor Nord", address=Address(city="Hamburg", country="DE")),
    registrations=(Registration(country="DE", vat_id="DE342118907"),),
)
S19 = Tax(category="S", rate=D(19))
S7 = Tax(category="S", rate=D(7))
Z = Tax(category="Z")


def named(name: str) -> UUID:
    """The same id for the same name, in every run."""
    return uuid5(NAMES, name)


def line(id: str, price: str | None, quantity: str = "1", *taxes: Tax, **more: Any) -> Line:
    """An item; at 19 % unless told otherwise."""
    return Line(
        id=id,
        description=f"Item {id}",
        price=None if price is None else D(price),
        quantity=D(quantity),
        taxes=taxes or (S19,),
        **more,
    )


def off(amount: str | None = None, *, percent: str | None = None, **more: Any) -> AdjustmentLine:
    """A discount or a charge."""
    return AdjustmentLine(
        amount=D(amount) if amount else None,
        percent=D(percent) if percent else None,
        reason="agreed",
        **more,
    )


def content(*lines: Line, **more: Any) -> Content:
    """A sound invoice over these lines."""
    given = {"currency": "EUR", "buyer": BUYER, "payment_terms": PaymentTerms(days=14)} | more
    return Content(lines=lines, **given)


def totalled(said: Content, rounding: Rounding = Rounding.PER_GROUP) -> Totals:
    return compute(bill_of(said, rounding))


def drafted(
    said: Content,
    *,
    name: str = "document",
    links: Links | None = None,
    rounding: Rounding = Rounding.PER_GROUP,
) -> Document:
    return Document.draft(
        named(name),
        said,
        totalled(said, rounding),
        Origin(
            legal_entity_id=ENTITY,
            subject_id=SUBJECT,
            mode=Mode.LIVE,
            created_at=NOW,
            links=links or Links(),
        ),
    )


def finalize(document: Document, number: str = "2026-0001", **more: Any) -> Document:
    given = {
        "seller": SELLER,
        "series_id": SERIES,
        "issue_date": TODAY,
        "due_date": date(2026, 3, 16),
        "instalments": (),
        "now": NOW,
    }
    said = given | more
    seller, now = said.pop("seller"), said.pop("now")
    document.finalize(seller, Issue(number=number, **said), now=now)
    return document


def finalized(said: Content, **more: Any) -> Document:
    """The document of this content, as replay finds it: with no event unwritten."""
    document = finalize(drafted(said, **more))
    return replayed(document)


def replayed(document: Document, events: Sequence[Event] = ()) -> Document:
    return Document.rehydrate(document.id, [*(events or document.recorded)])


def credit(original: Document, said: Content, name: str = "credit") -> Totals:
    """Issue a credit note of this content against the original, through both documents."""
    note = drafted(said, name=name, links=Links(credits=original.id), rounding=original.rounding)
    finalize(note, f"CN-{name}", due_date=None)
    assert note.content.type is DocumentType.CREDIT_NOTE
    original.record_credit(note.id, note.content, note.totals)
    return note.totals


def without_personal_data(said: Content) -> Content:
    """What is left of a content after an erasure."""
    lines = tuple(replace(each, description=None, details=None) for each in said.lines)
    return replace(said, buyer=None, notes=None, lines=lines)
