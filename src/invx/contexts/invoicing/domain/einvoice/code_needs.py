"""Codes of a document that no e-invoice may state, by the field of our API that states them."""

from collections.abc import Iterator
from dataclasses import dataclass

from invx.contexts.invoicing.domain.check import lines_of
from invx.contexts.invoicing.domain.content import AdjustmentLine, Content, DocumentType, Item
from invx.contexts.invoicing.domain.einvoice import code_lists
from invx.contexts.invoicing.domain.einvoice.e_invoice_formats import Syntax
from invx.contexts.invoicing.domain.party import Identifier, Party, Seller
from invx.kernel.errors import Problem
from invx.rules.totals.model import Regime, Tax

# South Sudan is newer than the list that the rules of CII check by.
_COUNTRIES = {
    Syntax.CII: code_lists.COUNTRY_CODES,
    Syntax.UBL: code_lists.COUNTRY_CODES | {"SS"},
}
_SEPA = frozenset({"SEPA"})  # a creditor's id stands among the seller's


@dataclass(frozen=True, slots=True)
class _Code:
    """A code and the list that it has to be of; None is always right."""

    pointer: str
    code: str | None
    known: frozenset[str]
    of: str  # the list and the rule


def code_problems(content: Content, seller: Seller, syntax: Syntax) -> Iterator[Problem]:
    """A problem for each code that is none of its list (BR-CL-01 to 26)."""
    for stated in _codes(content, seller, syntax):
        if stated.code is not None and stated.code not in stated.known:
            detail = f"{stated.code!r} is no code of {stated.of}."
            yield Problem(stated.pointer, "code_unknown", detail)


def _codes(content: Content, seller: Seller, syntax: Syntax) -> Iterator[_Code]:
    credit = content.type is DocumentType.CREDIT_NOTE
    types = code_lists.CREDIT_NOTE_TYPES if credit else code_lists.INVOICE_TYPES
    yield _Code("/type_code", content.type_code, types, "UNTDID 1001 for its type (BR-CL-01)")
    means = content.payment_means.code if content.payment_means else None
    at = "/payment_means/code"
    yield _Code(at, means, code_lists.PAYMENT_MEANS, "UNTDID 4461 (BR-CL-16)")
    for index, note in enumerate(content.further_notes):
        at = f"/further_notes/{index}/subject"
        yield _Code(at, note.subject, code_lists.NOTE_SUBJECTS, "UNTDID 4451 (BR-CL-08)")
    for index, attached in enumerate(content.attachments):
        media_type = attached.media_type if attached.carried else None
        at = f"/attachments/{index}/media_type"
        yield _Code(at, media_type, code_lists.MEDIA_TYPES, "attachments (BR-CL-24)")
    yield _object("/invoiced_object", content.invoiced_object)
    yield _id("/delivery_location", content.delivery_location, "BR-CL-26")
    yield from _parties(content, seller, _COUNTRIES[syntax])
    for kind, adjusted in (("discounts", content.discounts), ("charges", content.charges)):
        yield from _adjustments(f"/{kind}", adjusted)
    for pointer, line in lines_of(content.lines):
        yield from _taxes(f"{pointer}/taxes", line.taxes)
        yield from _adjustments(f"{pointer}/discounts", line.discounts)
        yield from _adjustments(f"{pointer}/charges", line.charges)
        yield _object(f"{pointer}/invoiced_object", line.invoiced_object)
        if line.item is not None:
            yield from _item(f"{pointer}/item", line.item)


def _parties(content: Content, seller: Seller, countries: frozenset[str]) -> Iterator[_Code]:
    payee = content.payee
    for at, party in (
        ("/seller", seller.party),
        ("/buyer", content.buyer),
        ("/ship_to", content.ship_to),
        ("/tax_representative", content.tax_representative),
    ):
        if party is not None and party.address is not None:
            country = party.address.country
            yield _Code(f"{at}/address/country", country, countries, "ISO 3166-1 (BR-CL-14)")
    yield from _ids("/seller", seller.party, _SEPA)
    if content.buyer is not None:
        yield from _ids("/buyer", content.buyer)
    if payee is not None:
        yield from _ids("/payee", payee, _SEPA)
    if content.ship_to is not None:
        for index, each in enumerate(content.ship_to.identifiers):
            yield _id(f"/ship_to/identifiers/{index}", each, "BR-CL-26")


def _ids(at: str, party: Party, more: frozenset[str] = frozenset()) -> Iterator[_Code]:
    for index, each in enumerate(party.identifiers):
        yield _id(f"{at}/identifiers/{index}", each, "BR-CL-10", more)
    yield _id(f"{at}/registration", party.registration, "BR-CL-11")
    scheme = party.endpoint.scheme if party.endpoint else None
    yield _Code(f"{at}/endpoint/scheme", scheme, code_lists.ENDPOINT_SCHEMES, "EAS (BR-CL-25)")


def _id(at: str, stated: Identifier | None, rule: str, more: frozenset[str] = frozenset()) -> _Code:
    known = code_lists.ID_SCHEMES | more
    return _Code(f"{at}/scheme", stated.scheme if stated else None, known, f"ISO 6523 ({rule})")


def _object(at: str, stated: Identifier | None) -> _Code:
    scheme = stated.scheme if stated else None
    return _Code(f"{at}/scheme", scheme, code_lists.OBJECT_SCHEMES, "UNTDID 1153 (BR-CL-07)")


def _item(at: str, item: Item) -> Iterator[_Code]:
    yield _id(f"{at}/standard_id", item.standard_id, "BR-CL-21")
    yield _Code(f"{at}/origin", item.origin, code_lists.COUNTRY_CODES, "ISO 3166-1 (BR-CL-15)")
    for index, each in enumerate(item.classifications):
        pointer = f"{at}/classifications/{index}/scheme"
        yield _Code(pointer, each.scheme, code_lists.ITEM_SCHEMES, "UNTDID 7143 (BR-CL-13)")


def _adjustments(at: str, adjusted: tuple[AdjustmentLine, ...]) -> Iterator[_Code]:
    charge = at.endswith("charges")
    known = code_lists.CHARGE_REASONS if charge else code_lists.DISCOUNT_REASONS
    of = "UNTDID 7161 (BR-CL-20)" if charge else "UNTDID 5189 (BR-CL-19)"
    for index, each in enumerate(adjusted):
        yield _Code(f"{at}/{index}/reason_code", each.reason_code, known, of)
        yield from _taxes(f"{at}/{index}/taxes", each.taxes)


def _taxes(at: str, taxes: tuple[Tax, ...]) -> Iterator[_Code]:
    for index, tax in enumerate(taxes):
        code = tax.reason_code.upper() if tax.reason_code and tax.regime is Regime.VAT else None
        pointer = f"{at}/{index}/reason_code"
        yield _Code(pointer, code, code_lists.EXEMPTION_REASONS, "VATEX (BR-CL-22)")
