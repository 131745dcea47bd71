"""Who sells, buys and receives, as blocks of lines."""

import re
from typing import Any

from invx.contexts.invoicing.adapters.sheet.fields import Json, breakable, part, parts, word
from invx.contexts.invoicing.adapters.wording import Wording

_STATE_AFTER_CITY = ("US", "CA", "AU")
_POSTCODE_BELOW_CITY = ("GB", "IE")
_NINE_DIGITS = re.compile(r"([A-Z]{2})(\d{3})(\d{3})(\d{3})")
OTHERS = ("recipient", "ship_to", "payee", "tax_representative")


def block(words: Wording, role: str, party: Json, *, home: str) -> dict[str, Any] | None:
    """A party under its role: name in bold, then contact and address; None for no party.

    The country is named only where it is not `home`, the seller's.
    """
    if not party:
        return None
    name = word(party, "name") or word(party, "legal_name")
    legal = word(party, "legal_name")
    contact = word(part(party, "contact"), "name")
    under = [legal if legal != name else "", contact, *address(words, party, home=home)]
    vat = vat_id(party)
    if vat:
        under.append(f"{words.say('id.vat')} {vat}")
    return {
        "label": words.say(f"party.{role}"),
        "strong": breakable(name),
        "lines": [breakable(line) for line in under if line],
    }


def address(words: Wording, party: Json, *, home: str) -> list[str]:
    """The lines of an address in the order of its country."""
    place = part(party, "address")
    country = word(place, "country")
    street = [word(place, key) for key in ("line1", "line2", "line3")]
    foreign = words.country(country) if country and country != home else ""
    return [line for line in [*street, *_town(place, country), foreign] if line]


def vat_id(party: Json) -> str:
    """The VAT number as it is read aloud: DE 342 118 907. Empty where there is none.

    A seller with several registrations shows its own number first, else that of a registration.
    """
    number = word(party, "vat_id")
    for registration in parts(party, "registrations"):
        number = number or word(registration, "vat_id")
    compact = number.replace(" ", "")
    match = _NINE_DIGITS.fullmatch(compact)
    return " ".join(match.groups()) if match else number


def tax_number(party: Json) -> str:
    """The national tax number, of the party or else of its first registration that has one."""
    number = word(party, "tax_number")
    for registration in parts(party, "registrations"):
        number = number or word(registration, "tax_number")
    return number


def _town(place: Json, country: str) -> list[str]:
    code, city, region = (word(place, key) for key in ("postal_code", "city", "region"))
    if country in _STATE_AFTER_CITY:
        tail = " ".join(text for text in (region, code) if text)
        return [", ".join(text for text in (city, tail) if text)]
    if country in _POSTCODE_BELOW_CITY:
        return [city, code]
    return [" ".join(text for text in (code, city) if text)]
