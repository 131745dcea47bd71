"""Taxes that the rules determine: what they are asked for a line, and what a document keeps of it.

Pointers of questions lead into the body of the draft, or under `/seller` into the legal entity.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import date

from invx.contexts.invoicing.domain.check import lines_of
from invx.contexts.invoicing.domain.content import (
    Content,
    DeterminedLine,
    Line,
    LineSupply,
    TaxDetermination,
)
from invx.contexts.invoicing.domain.countries import VAT_PREFIXES
from invx.contexts.invoicing.domain.legal_entity_details import LegalEntityDetails
from invx.contexts.invoicing.domain.party import Address, Party, PartyKind, Seller
from invx.kernel.errors import Conflict, Problem
from invx.rules.tax import model as tax
from invx.rules.tax.determine import determine
from invx.rules.tax.outcome import UNDETERMINED, Determination, PackUse, Question, Undetermined
from invx.rules.tax.packs import Packs
from invx.rules.totals.model import LineKind


class TaxChanged(Conflict):
    """The taxes of the draft are others by now: edit it, look at them, and finalize again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Determined:
    """The content with its taxes, or the questions that stand in the way."""

    content: Content
    problems: tuple[Problem, ...] = ()


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
) -> Determined:
    """The content with the taxes of its open lines, determined for `day` unless it names another.

    Lines that state taxes keep them: whoever writes a draft has the last word.
    """
    if content.buyer is None or content.buyer.address is None or details.seller is None:
        asks = "Taxes follow from where the buyer is: state the address."
        problem = Problem("/buyer/address", UNDETERMINED, asks)
        return Determined(content=content, problems=(problem,))
    asking = _Asking(content, content.buyer, details, details.seller, packs, day, buyer_id)
    lines = asking.lines(content.lines, "/lines")
    kept = TaxDetermination(
        lines=tuple(asking.found),
        packs=tuple(sorted(asking.packs_used, key=lambda each: each.country)),
        tax_id_validation=str(buyer_id.validation),
        consultation=buyer_id.consultation,
    )
    content = replace(content, lines=lines, determination=kept)
    return Determined(content=content, problems=tuple(asking.problems))


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
        for line in lines
    )


def _is_open(line: Line) -> bool:
    return line.kind is LineKind.ITEM and line.supply is not None and not line.taxes


@dataclass(slots=True)
class _Asking:
    """One round of questions to the rules, line by line."""

    content: Content
    buyer: Party
    details: LegalEntityDetails
    seller: Seller
    packs: Packs
    day: date
    buyer_id: Validated
    found: list[DeterminedLine] = field(default_factory=list)
    packs_used: set[PackUse] = field(default_factory=set)
    problems: list[Problem] = field(default_factory=list)

    def lines(self, lines: tuple[Line, ...], at: str) -> tuple[Line, ...]:
        """The lines with their taxes."""
        return tuple(self._line(line, f"{at}/{index}") for index, line in enumerate(lines))

    def _line(self, line: Line, at: str) -> Line:
        line = replace(line, children=self.lines(line.children, f"{at}/children"))
        if line.supply is None or not _is_open(line):
            return line
        answer = determine(self._facts(line, line.supply), self.packs)
        if isinstance(answer, Undetermined):
            self.problems += (problem_of(each, at) for each in answer.questions)
            return line
        self.found.append(_kept(line.id, answer))
        self.packs_used |= set(answer.packs)
        return replace(line, taxes=answer.taxes)

    def _facts(self, line: Line, supply: LineSupply) -> tax.Facts:
        period = line.service_period or self.content.service_period
        ended = period.end or period.start if period else None
        address = self.buyer.address
        delivery = supply.delivery
        if delivery is None and self.content.ship_to is not None:
            delivery = self.content.ship_to.address
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
                date=ended or self.content.supply_date or self.day,
                dispatch=_place(supply.dispatch),
                delivery=_place(delivery),
                located=_place(supply.located),
                transported=supply.transported,
                installed=supply.installed,
                importer=supply.importer,
            ),
            policy=self.details.tax_id_policy,
            language=self.content.language.partition("-")[0],
        )


def problem_of(question: Question, line: str) -> Problem:
    """The question, with the pointer of the field that answers it."""
    head, _, rest = question.pointer.removeprefix("/").partition("/")
    if head == "supply":
        pointer = f"{line}/supply/{rest}".rstrip("/")
    elif head == "buyer":
        pointer = f"/buyer/{_BUYER.get(rest.partition('/')[0], rest)}"
        pointer += f"/{rest.partition('/')[2]}" if rest.startswith("place/") else ""
    elif head == "seller":
        pointer = f"/seller/{rest.replace('place', 'address', 1)}"
    else:
        pointer = line
    return Problem(pointer, UNDETERMINED, question.asks)


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
    """The buyer's VAT id; one without its country belongs to the country of the address."""
    if not buyer.vat_id:
        return
    text = buyer.vat_id.strip()
    country = text[:2] if text[:2] in VAT_PREFIXES else ""
    if not country and buyer.address is not None:
        country = buyer.address.country
    yield tax.TaxId(country=country, id=text, validation=validation)
