"""Taxes that the rules determine: what they are asked for a line, and what a document keeps of it.

Pointers of questions lead into the body of the draft, or under `/seller` into the legal entity.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal

from invx.contexts.invoicing.domain.bill import bill_of
from invx.contexts.invoicing.domain.check import lines_of
from invx.contexts.invoicing.domain.content import (
    Content,
    DeterminedLine,
    Line,
    LineSupply,
    QuoteUse,
    TaxDetermination,
)
from invx.contexts.invoicing.domain.countries import VAT_PREFIXES
from invx.contexts.invoicing.domain.legal_entity_details import LegalEntityDetails
from invx.contexts.invoicing.domain.party import Address, Party, PartyKind, Seller
from invx.contexts.invoicing.domain.tax.tax_quotes import Quoting, Unquoted
from invx.kernel.errors import Conflict, Problem
from invx.rules.tax import model as tax
from invx.rules.tax.determine import determine
from invx.rules.tax.outcome import UNDETERMINED, Determination, PackUse, Question, Undetermined
from invx.rules.tax.packs import Packs
from invx.rules.tax.quotes import Engine, QuoteWanted, quoted
from invx.rules.tax.rate_table import RateTable
from invx.rules.totals.compute import compute
from invx.rules.totals.model import ZERO, LineKind
from invx.rules.totals.representable import problems as problems_of_bill


class TaxChanged(Conflict):
    """The taxes of the draft are others by now: edit it, look at them, and finalize again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Determined:
    """The content with its taxes, or the questions that stand in the way."""

    content: Content
    problems: tuple[Problem, ...] = ()
    hangs_on_id: bool = False  # whether some tax waits for the validation of the buyer's VAT id
    unquoted: tuple[Unquoted, ...] = ()  # lines that wait for a quote, and bear no tax yet


@dataclass(frozen=True, slots=True)
class Validated:
    """What is known of the buyer's VAT id, and the authority's proof of it."""

    validation: tax.Validation
    consultation: str | None = None


UNKNOWN = Validated(tax.Validation.NOT_ASKED)


def wants_determination(content: Content) -> bool:
    """Whether some line says what it supplies and leaves the taxes to the rules."""
    return any(_is_open(line) for _, line in lines_of(content.lines))


def determined(
    content: Content,
    details: LegalEntityDetails,
    packs: Packs,
    *,
    day: date,
    buyer_id: Validated = UNKNOWN,
    table: RateTable | Engine | None = None,
    quoting: Quoting | None = None,
) -> Determined:
    """The content with the taxes of its open lines, determined for `day` unless it names another.

    `packs` and `table` hold what the tenant itself knows too. Lines that state taxes keep them:
    whoever writes a draft has the last word. With an engine for a table, lines whose rates it has
    to say are `unquoted` until a quote is given.
    """
    if content.buyer is None or content.buyer.address is None or details.seller is None:
        asks = "Taxes follow from where the buyer is: state the address."
        problem = Problem("/buyer/address", UNDETERMINED, asks)
        return Determined(content=content, problems=(problem,))
    asking = _Asking(
        content, content.buyer, details, details.seller, packs, day, buyer_id, table, quoting
    )
    found = asking.answer(None)
    if asking.valued:
        found = asking.answer(_net_eur(asking, details))
    return found


def _net_eur(asking: "_Asking", details: LegalEntityDetails) -> Decimal | None:
    """The net in euros of the lines that hang on a limit; None without a rate to the euro.

    Where prices include tax, the net is what is left at the rates that hold below the limit.
    """
    wanted = asking.valued
    rate = _euros_each(asking.content)
    if rate is None:
        return None
    below = asking.answer(ZERO).content
    bill = bill_of(below, details.rounding)
    if problems_of_bill(bill):
        return ZERO  # whoever looks next refuses these figures
    totals = compute(bill)
    net = sum((line.net for line in totals.lines if line.id in wanted), ZERO)
    share = totals.net / totals.line_net if totals.line_net else ZERO
    return net * share * rate


def _euros_each(content: Content) -> Decimal | None:
    """Euros for one unit of the document's currency."""
    if content.currency == "EUR":
        return Decimal(1)
    stated = content.tax_currency
    return stated.rate if stated and stated.currency == "EUR" else None


def reopened(content: Content) -> Content:
    """The content as it was before its taxes were determined."""
    if content.determination is None:
        return content
    decided = {each.line_id for each in content.determination.lines}
    return replace(content, lines=_without_taxes(content.lines, decided), determination=None)


def _without_taxes(lines: tuple[Line, ...], decided: set[str]) -> tuple[Line, ...]:
    return tuple(
        replace(
            line,
            taxes=() if line.id in decided else line.taxes,
            children=_without_taxes(line.children, decided),
        )
        if line.children or line.id in decided
        else line
        for line in lines
    )


def _is_open(line: Line) -> bool:
    return line.kind is LineKind.ITEM and line.supply is not None and not line.taxes


@dataclass(slots=True)
class _Asking:
    """Rounds of questions to the rules, line by line. Like questions are asked once."""

    content: Content
    buyer: Party
    details: LegalEntityDetails
    seller: Seller
    packs: Packs
    day: date
    buyer_id: Validated
    table: RateTable | Engine | None
    quoting: Quoting | None = None
    net_eur: Decimal | None = None
    found: list[DeterminedLine] = field(default_factory=list)
    packs_used: set[PackUse] = field(default_factory=set)
    problems: list[Problem] = field(default_factory=list)
    hangs_on_id: bool = False
    valued: set[str] = field(default_factory=set)  # ids of the lines that hang on a limit
    unquoted: list[Unquoted] = field(default_factory=list)
    answers: dict[tuple[LineSupply, date], Determination | Undetermined | QuoteWanted] = field(
        default_factory=dict
    )

    def answer(self, net_eur: Decimal | None) -> Determined:
        """One round, knowing that much of the net of the lines that hang on a limit."""
        self.net_eur = net_eur
        self.found, self.problems, self.packs_used = [], [], set()
        self.hangs_on_id, self.valued, self.answers, self.unquoted = False, set(), {}, []
        lines = self._lines(self.content.lines, "/lines")
        kept = TaxDetermination(
            lines=tuple(self.found),
            packs=tuple(sorted(self.packs_used, key=lambda each: each.country)),
            tax_id_validation=str(self.buyer_id.validation),
            consultation=self.buyer_id.consultation,
            quote=self._quote_used(),
        )
        return Determined(
            content=replace(self.content, lines=lines, determination=kept),
            problems=tuple(self.problems),
            hangs_on_id=self.hangs_on_id,
            unquoted=tuple(self.unquoted),
        )

    def _quote_used(self) -> QuoteUse | None:
        if self.quoting is None or not any(
            each.scheme == tax.Scheme.EXTERNAL for each in self.found
        ):
            return None
        return self.quoting.use

    def _lines(self, lines: tuple[Line, ...], at: str) -> tuple[Line, ...]:
        return tuple(self._line(line, f"{at}/{index}") for index, line in enumerate(lines))

    def _line(self, line: Line, at: str) -> Line:
        if line.children:
            line = replace(line, children=self._lines(line.children, f"{at}/children"))
        if line.supply is None or not _is_open(line):
            return line
        if line.supply.triangular:
            asks = "A triangular sale is not determined: state its taxes."
            self.problems.append(Problem(f"{at}/taxes", UNDETERMINED, asks))
            return line
        key = line.supply, self._date(line)
        answer = self.answers.get(key)
        if answer is None:
            answer = self.answers[key] = determine(self._facts(*key), self.packs, self.table)
        if isinstance(answer, QuoteWanted):
            if self.quoting is None:
                self.unquoted.append(self._unquoted(line.id, at, *key, place=answer.place))
                return line
            answer = quoted(self.quoting.quote, line.id, answer, self.quoting.question)
        if isinstance(answer, Undetermined):
            self._asked(answer, line, line.supply, at)
            return line
        self.found.append(_kept(line.id, answer))
        self.packs_used |= set(answer.packs)
        return replace(line, taxes=answer.taxes)

    def _asked(self, answer: Undetermined, line: Line, supply: LineSupply, at: str) -> None:
        shipped = supply.delivery is None and self.content.ship_to is not None
        for each in answer.questions:
            self.problems.append(problem_of(each, at, shipped=shipped))
            self.hangs_on_id |= each.pointer.endswith("/validation")
            if each.pointer == _VALUE:
                self.valued.add(line.id)

    def _unquoted(
        self, line_id: str, at: str, supply: LineSupply, day: date, *, place: str
    ) -> Unquoted:
        """Where it starts, and where it is taxed: as the rules see it."""
        origin = supply.dispatch or self.seller.party.address
        if supply.kind is not tax.SupplyKind.GOODS:
            destination = supply.located or self.buyer.address
        elif supply.transported:
            destination = self._delivery(supply) or self.buyer.address
        else:
            destination = origin
        return Unquoted(
            line_id=line_id,
            pointer=at,
            supply=supply,
            day=day,
            place=place,
            origin=origin,
            destination=destination,
        )

    def _delivery(self, supply: LineSupply) -> Address | None:
        if supply.delivery is None and self.content.ship_to is not None:
            return self.content.ship_to.address
        return supply.delivery

    def _date(self, line: Line) -> date:
        """When the line is supplied; a period when it ends."""
        period = line.service_period or self.content.service_period
        ended = period.end or period.start if period else None
        return ended or self.content.supply_date or self.day

    def _facts(self, supply: LineSupply, day: date) -> tax.Facts:
        address = self.buyer.address
        home = self.seller.party.address
        return tax.Facts(
            seller=tax.Seller(
                place=_place(home) or tax.Place(country=""),
                registrations=tuple(_registrations(self.seller)),
                distance_sales=self.details.distance_sales,
            ),
            buyer=tax.Buyer(
                place=_place(address) or tax.Place(country=""),
                business=self.buyer.kind is PartyKind.BUSINESS,
                tax_ids=tuple(_ids(self.buyer, self.buyer_id.validation)),
                certificates=self.buyer.certificates,
            ),
            supply=tax.Supply(
                kind=supply.kind,
                category=supply.category,
                date=day,
                dispatch=_place(supply.dispatch),
                delivery=_place(self._delivery(supply)),
                located=_place(supply.located),
                transported=supply.transported,
                installed=supply.installed,
                importer=supply.importer,
                net_eur=self.net_eur,
            ),
            policy=self.details.tax_id_policy,
            language=self.content.language.partition("-")[0],
        )


def problem_of(question: Question, line: str, *, shipped: bool = False) -> Problem:
    """The question, with the pointer of the field that answers it.

    `shipped` says that the place of delivery is that of the whole document.
    """
    head, _, rest = question.pointer.removeprefix("/").partition("/")
    field, _, below = rest.partition("/")
    if question.pointer == _VALUE:
        pointer = "/tax_currency"
    elif head == "supply" and field == "delivery" and shipped:
        pointer = f"/ship_to/address/{below}".rstrip("/")
    elif head == "supply":
        pointer = f"{line}/supply/{rest}".rstrip("/")
    elif head == "buyer":
        pointer = f"/buyer/{_BUYER.get(field, rest)}"
        pointer += f"/{below}" if field == "place" and below else ""
    elif head == "seller":
        pointer = f"/seller/{rest.replace('place', 'address', 1)}"
    else:
        pointer = line
    return Problem(pointer, UNDETERMINED, question.asks)


_VALUE = "/supply/net_eur"
_BUYER = {"place": "address", "tax_ids": "vat_id", "business": "kind"}


def _kept(line_id: str, answer: Determination) -> DeterminedLine:
    return DeterminedLine(
        line_id=line_id,
        scheme=str(answer.scheme),
        place=answer.place,
        source=answer.source,
        assumed=answer.assumed,
        fingerprint=answer.fingerprint,
    )


def _place(address: Address | None) -> tax.Place | None:
    if address is None:
        return None
    return tax.Place(
        country=address.country,
        postal_code=address.postal_code,
        region=address.region,
        city=address.city,
    )


def _registrations(seller: Seller) -> Iterator[tax.Registration]:
    for each in seller.registrations:
        yield tax.Registration(
            country=each.country,
            vat_id=each.vat_id,
            region=each.region,
            basis=tax.Basis(each.basis),
            special=each.special,
            established=each.established,
            valid_from=each.valid_from or tax.DAY_ONE,
            valid_until=each.valid_to or tax.DAY_LAST,
        )


def _ids(buyer: Party, validation: tax.Validation) -> Iterator[tax.TaxId]:
    if buyer.vat_id and buyer.vat_id.strip():
        country = country_of_id(buyer)
        yield tax.TaxId(country=country, id=buyer.vat_id.strip(), validation=validation)


def country_of_id(buyer: Party) -> str:
    """The country that a VAT id begins with; without one it is of the country of the address."""
    lead = (buyer.vat_id or "").strip()[:2].upper()
    if lead in VAT_PREFIXES:
        return lead
    return buyer.address.country if buyer.address else ""
