"""Which of a buyer's tax ids counts, and what an unproven one leads to: the entity's policy."""

from collections.abc import Callable
from dataclasses import dataclass

from invx.rules.tax.model import Facts, TaxId, Unproven, Validation
from invx.rules.tax.outcome import ask
from invx.rules.tax.places import country_of

_SAID = {
    Validation.INVALID: "was refused by the authority",
    Validation.UNAVAILABLE: "could not be checked",
    Validation.NOT_ASKED: "was not checked",
}


@dataclass(frozen=True, slots=True)
class Proof:
    """The id that counts, if one does; and what was taken for granted."""

    id: TaxId | None
    assumed: str | None = None


def issuer(id: TaxId) -> str:
    """The country whose id it is: ISO code, and `XI`."""
    return country_of(id.country)


def proof(facts: Facts, wanted: Callable[[str], bool]) -> Proof:
    """The buyer's best id among those of the wanted countries.

    Valid ids come first. An id that is not valid is decided by the policy: it counts, or it does
    not, and the proof says so; or TaxUndetermined asks for the validation.
    """
    found = [(i, each) for i, each in enumerate(facts.buyer.tax_ids) if wanted(issuer(each))]
    if not found:
        return Proof(None)
    order = [Validation.VALID, Validation.UNAVAILABLE, Validation.NOT_ASKED, Validation.INVALID]
    index, best = min(found, key=lambda item: order.index(item[1].validation))
    if best.validation is Validation.VALID:
        return Proof(best)
    said = f"The tax id {best.id} {_SAID[best.validation]}"
    match facts.policy.on(best.validation):
        case Unproven.ACCEPT:
            return Proof(best, f"{said}; by policy it counts as valid.")
        case Unproven.TAX:
            return Proof(None, f"{said}; by policy it does not count.")
        case Unproven.WAIT:
            raise ask(f"/buyer/tax_ids/{index}/validation", f"{said}; is it valid?")
