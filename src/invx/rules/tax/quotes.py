"""Taxes quoted by an external engine: values only. The port that asks it belongs to a context.

A quote answers one fingerprint. It is used only while the facts still have it, so a changed line
is never taxed by an old quote.
"""

from dataclasses import dataclass

from invx.rules.tax.model import Scheme
from invx.rules.tax.outcome import Determination, PackUse, Question, Undetermined
from invx.rules.totals.model import Profile, Regime, Tax


@dataclass(frozen=True, slots=True, kw_only=True)
class Quote:
    """What an engine said: `engine` and `version` name it, `reference` finds its own record."""

    engine: str
    version: str
    reference: str
    fingerprint: str
    place: str
    taxes: tuple[Tax, ...]


def quoted(quote: Quote, fingerprint: str) -> Determination | Undetermined:
    """The determination that a quote gives, or a question when it answers other facts."""
    if quote.fingerprint != fingerprint:
        asks = f"The quote {quote.reference} of {quote.engine} answers other facts; ask again."
        question = Question(pointer="/quote", asks=asks)
        return Undetermined(questions=(question,), fingerprint=fingerprint)
    if not quote.taxes:
        question = Question(pointer="/quote/taxes", asks="The engine stated no tax: at which rate?")
        return Undetermined(questions=(question,), fingerprint=fingerprint)
    vat_only = all(tax.regime is Regime.VAT for tax in quote.taxes)
    return Determination(
        taxes=quote.taxes,
        scheme=Scheme.EXTERNAL,
        place=quote.place,
        source=f"{quote.engine} {quote.version}, quote {quote.reference}",
        packs=(PackUse(country=quote.place[:2], version=quote.version, status="external"),),
        fingerprint=fingerprint,
        profile=Profile.EN16931 if vat_only and len(quote.taxes) == 1 else Profile.PLAIN,
    )
