"""Documents in the tax ledger: finalized, paid, credited, and what the ledger says of them."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any
from uuid import UUID

from invx.contexts.invoicing.adapters.charts import shipped_charts
from invx.contexts.invoicing.domain.balance import Claim
from invx.contexts.invoicing.domain.bookkeeping.accounts import accounts_of, rows_of
from invx.contexts.invoicing.domain.bookkeeping.book import Book, Part, book_of, parts_of
from invx.contexts.invoicing.domain.bookkeeping.books import BookValue, Worth
from invx.contexts.invoicing.domain.bookkeeping.line_account import LineAccount
from invx.contexts.invoicing.domain.content import Content, DocumentType
from invx.contexts.invoicing.domain.crediting.apply_credit import apply_credit
from invx.contexts.invoicing.domain.crediting.credit_taxes import fitted
from invx.contexts.invoicing.domain.crediting.crediting import (
    LineCredit,
    credit_amount,
    credit_lines,
    credit_whole,
)
from invx.contexts.invoicing.domain.document import Document
from invx.contexts.invoicing.domain.document_events import Links
from invx.contexts.invoicing.domain.legal_entity import LegalEntity
from invx.contexts.invoicing.domain.legal_entity_details import LegalEntityDetails
from invx.contexts.invoicing.domain.party import Basis, Registration
from invx.contexts.invoicing.domain.periods.closed import NOTHING_CLOSED, Closed
from invx.contexts.invoicing.domain.posting import Posting
from invx.contexts.invoicing.domain.settlement import Settlement
from invx.contexts.invoicing.domain.settlement_events import (
    EntryRecorded,
    SettlementOpened,
    SettlementVoided,
)
from invx.contexts.invoicing.domain.tax.tax_entries import TaxAccount, TaxEntry
from invx.contexts.invoicing.domain.tax.tax_opening import tax_account_of
from tests.unit.invoicing.domain.drafts import (
    ENTITY,
    SELLER,
    SUBJECT,
    TODAY,
    D,
    drafted,
    finalize,
    totalled,
)

ACCRUAL = Registration(country="DE", vat_id="DE342118907")
CASH = replace(ACCRUAL, basis=Basis.CASH)
CHARTS = shipped_charts()


def entity(*registrations: Registration, **more: Any) -> LegalEntity:
    """A German legal entity with these registrations."""
    said = {"time_zone": "Europe/Berlin", "languages": ("de",), "currency": "EUR"} | more
    seller = replace(SELLER, registrations=registrations)
    return LegalEntity.register(ENTITY, LegalEntityDetails(seller=seller, **said))


@dataclass
class Case:
    """An invoice with its credit notes, each with its settlement, as finalizing makes them."""

    seller: LegalEntity
    document: Document
    settlement: Settlement
    notes: list[Settlement] = field(default_factory=list)
    closed: Closed = NOTHING_CLOSED  # from now on
    _count: int = 0

    @classmethod
    def of(
        cls,
        said: Content,
        seller: LegalEntity,
        *,
        name: str = "document",
        value: BookValue | None = None,
        closed: Closed = NOTHING_CLOSED,
    ) -> "Case":
        """`value` says at which rate the document stands in books of another currency."""
        document = finalize(drafted(said, name=name))
        settlement = _opened(document, seller, None, value=value, closed=closed)
        return cls(seller, document, settlement, closed=closed)

    @property
    def settlements(self) -> list[Settlement]:
        return [self.settlement, *self.notes]

    def post(
        self,
        name: str,
        amount: Any = None,
        on: date = TODAY,
        which: int = 0,
        worth: Worth | None = None,
    ) -> UUID:
        """An entry; its id. `which` is 0 for the invoice, then its credit notes."""
        self._count += 1
        wanted = None if amount is None else D(amount)
        said = {"worth": worth} if worth else {}
        posting = Posting(
            source=f"s{self._count}", on=on, amount=wanted, closed=self.closed, **said
        )
        return getattr(self.settlements[which], name)(posting).entry_id

    def reverse(self, entry_id: UUID, on: date = TODAY, which: int = 0) -> UUID:
        self._count += 1
        posting = Posting(source=f"s{self._count}", on=on, closed=self.closed)
        return self.settlements[which].reverse(entry_id, posting).entry_id

    def credit(
        self, gross: Any = None, on: date = TODAY, line: str | None = None, **links: UUID
    ) -> Settlement:
        """A credit note over an amount, over a line, or over all that is left."""
        original = self.document
        if line is not None:
            said = credit_lines(original, [LineCredit(line_id=line)])
        elif gross is None:
            said = credit_whole(original)
        else:
            said = credit_amount(original, D(gross), "x")
        said = fitted(said, original)
        name = f"{original.id} credited {len(self.notes)}"
        note = drafted(said, name=name, links=Links(credits=original.id, **links))
        original.record_credit(note.id, said, totalled(said))
        finalize(note, issue_date=on)
        value = self.settlement.books.value if self.settlement.books else None
        settlement = _opened(
            note, self.seller, self, original.accounts, value=value, closed=self.closed
        )
        posting = Posting(source=str(note.id), on=on, closed=self.closed)
        apply_credit(self.settlement, settlement, posting)
        self.notes.append(settlement)
        return settlement

    @property
    def ledger(self) -> list[TaxEntry]:
        """All entries of the invoice and of its credit notes."""
        return [each for settlement in self.settlements for each in entries_of(settlement)]


def _opened(
    document: Document,
    seller: LegalEntity,
    original: Case | None,
    like: Sequence[LineAccount] = (),
    *,
    value: BookValue | None = None,
    closed: Closed = NOTHING_CLOSED,
) -> Settlement:
    credits = document.content.type is DocumentType.CREDIT_NOTE
    issued = document.issue_date or TODAY
    said = (document.content, document.totals, document.links)
    taxes = original.settlement.taxes if original else None
    corrected = (taxes.account, original.document.content) if original and taxes else None
    claim = Claim(
        document_id=document.id,
        document_type=document.content.type,
        legal_entity_id=ENTITY,
        customer="C-1",
        currency=document.content.currency,
        total=-document.totals.due if credits else document.totals.due,
        opened_on=issued,
    )
    taxed = tax_account_of(said, seller, issued, corrected)
    booked = _booked(document, seller, taxed, like)
    if value is not None:
        value = replace(value, total=None)
        value = value.at(value.rate, claim.total) if value.rate else value
        booked = (replace(booked[0], exchange_rate=value.factor), booked[1]) if booked else None
    return Settlement.open_for(
        claim, subject_id=SUBJECT, tax_account=taxed, booked=booked, value=value, closed=closed
    )


def _booked(
    document: Document,
    seller: LegalEntity,
    taxed: TaxAccount | None,
    like: Sequence[LineAccount],
) -> tuple[Book, list[Part]] | None:
    """What opens the journal, where the seller keeps books."""
    rows = rows_of(document.content, seller, CHARTS, document.issue_date or TODAY)
    if rows is None:
        return None
    found = accounts_of((document.content, document.totals), seller, rows, like)
    assert not found.problems, found.problems
    document.accounts = found.lines
    return book_of(document, seller, rows, taxed), parts_of(document, rows, found.lines)


def entries_of(settlement: Settlement) -> list[TaxEntry]:
    """What the events of a settlement add to the ledger, in order."""
    found: list[TaxEntry] = []
    for event in settlement.recorded:
        if isinstance(event, SettlementOpened | EntryRecorded | SettlementVoided):
            found += event.taxes.entries if event.taxes else ()
    return found


def figures(entries: list[TaxEntry], *by: str) -> dict[Any, tuple[str, str]]:
    """Sums of base and tax by these attributes, by the rate unless told otherwise."""
    sums: dict[Any, list[Any]] = defaultdict(lambda: [D(0), D(0)])
    for each in entries:
        values = tuple(str(getattr(each, name)) for name in by or ("rate",))
        key = values[0] if len(values) == 1 else values
        sums[key][0] += each.base
        sums[key][1] += each.tax
    return {key: (str(base), str(tax)) for key, (base, tax) in sums.items() if base or tax}


def groups_of(settlement: Settlement) -> dict[str, tuple[str, str]]:
    """The document's own groups, as `figures` has them."""
    assert settlement.taxes
    groups = settlement.taxes.account.groups
    return {str(g.rate): (str(g.base), str(g.tax)) for g in groups if g.base or g.tax}
