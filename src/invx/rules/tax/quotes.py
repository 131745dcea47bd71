"""Taxes quoted by an external engine: values only. The port that asks it belongs to a context.

The rules stay the judge of whether tax is collected at all: registration and certificates come
first. Only the rates of a place are the engine's to say. A quote answers one fingerprint and is
used for the facts that still have it, so a changed line is never taxed by an old quote.
"""

from dataclasses import dataclass

from invx.rules.tax.model import Scheme
from invx.rules.tax.outcome import Determination, PackUse, Question, Undetermined
from invx.rules.totals.model import Profile, Regime, Tax


@dataclass(frozen=True, slots=True)
class Engine:
    """Stands where a rate table would: the rates of North America are this engine's to say."""

    name: str

    @property
    def digest(self) -> str:
        """What a fingerprint knows of it."""
        return f"engine {self.name}"


@dataclass(frozen=True, slots=True, kw_only=True)
class QuoteWanted:
    """A supply that is taxed in `place` (a state or province), at rates that the engine knows."""

    place: str
    fingerprint: str


class WantsQuote(Exception):
    """Carries `place` up to `determine`, which answers with `QuoteWanted`."""

    def __init__(self, place: str) -> None:
        super().__init__(place)
        self.place = place


@dataclass(frozen=True, slots=True, kw_only=True)
class LineQuote:
    """All taxes of one line; a line free of tax has one at the rate 0 with its reason."""

    line_id: str
    taxes: tuple[Tax, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Quote:
    """What an engine said: `engine` and `version` name it, `reference` finds its own record."""

    engine: str
    version: str
    reference: str
    fingerprint: str  # of the question that it answers
    lines: tuple[LineQuote, ...]


def quoted(
    quote: Quote, line_id: str, wanted: QuoteWanted, question: str
) -> Determination | Undetermined:
    """What the quote says of a line, or a question; `question` is the fingerprint of today."""
    taxes = next((each.taxes for each in quote.lines if each.line_id == line_id), ())
    asks = None
    if quote.fingerprint != question:
        asks = f"The quote {quote.reference} of {quote.engine} answers other facts; ask again."
    elif not taxes:
        asks = f"{quote.engine} stated no tax: at which rate?"
    if asks is not None:
        found = Question(pointer="/quote", asks=asks)
        return Undetermined(questions=(found,), fingerprint=wanted.fingerprint)
    vat_only = all(tax.regime is Regime.VAT for tax in taxes)
    country = wanted.place[:2]
    return Determination(
        taxes=taxes,
        scheme=Scheme.EXTERNAL,
        place=wanted.place,
        source=f"{quote.engine} {quote.version}, quote {quote.reference}",
        packs=(PackUse(country=country, version=quote.version, status="external"),),
        fingerprint=wanted.fingerprint,
        profile=Profile.EN16931 if vat_only and len(taxes) == 1 else Profile.PLAIN,
    )
