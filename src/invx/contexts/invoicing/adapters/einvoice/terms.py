"""The business terms of EN 16931-1 by our names: `/lines/*/net` is BT-131."""

import re

_PARTY = {
    "seller": (
        "BT-27 BT-28 BT-29 BT-30 BT-31 BT-32 BT-33 BT-34",
        "BT-35 BT-36 BT-162 BT-37 BT-38 BT-39 BT-40",
        "BT-41 BT-42 BT-43",
    ),
    "buyer": (
        "BT-44 BT-45 BT-46 BT-47 BT-48 - - BT-49",
        "BT-50 BT-51 BT-163 BT-52 BT-53 BT-54 BT-55",
        "BT-56 BT-57 BT-58",
    ),
}
_PARTY_FIELDS = (
    "name",
    "trading_name",
    "identifiers/*",
    "registration",
    "vat_id",
    "tax_number",
    "legal_information",
    "endpoint",
)
_ADDRESS_FIELDS = ("line1", "line2", "line3", "city", "postal_code", "region", "country")
_CONTACT_FIELDS = ("name", "phone", "email")


def _listed() -> dict[str, str]:
    found = dict(_PLAIN)
    for role, (own, place, contact) in _PARTY.items():
        found |= _paired(f"/{role}/", _PARTY_FIELDS, own)
        found |= _paired(f"/{role}/address/", _ADDRESS_FIELDS, place)
        found |= _paired(f"/{role}/contact/", _CONTACT_FIELDS, contact)
    place = "BT-64 BT-65 BT-164 BT-66 BT-67 BT-68 BT-69"
    found |= _paired("/tax_representative/address/", _ADDRESS_FIELDS, place)
    place = "BT-75 BT-76 BT-165 BT-77 BT-78 BT-79 BT-80"
    found |= _paired("/delivery/address/", _ADDRESS_FIELDS, place)
    return found


def _paired(prefix: str, names: tuple[str, ...], terms: str) -> dict[str, str]:
    pairs = zip(names, terms.split(), strict=True)
    return {prefix + name: term for name, term in pairs if term != "-"}


# Where a discount and a charge have terms of their own, both are named.
_PLAIN = {
    "/number": "BT-1",
    "/issue_date": "BT-2",
    "/type_code": "BT-3",
    "/currency": "BT-5",
    "/tax_currency": "BT-6",
    "/tax_point": "BT-7",
    "/tax_point_code": "BT-8",
    "/due_date": "BT-9",
    "/buyer_reference": "BT-10",
    "/project": "BT-11",
    "/contract": "BT-12",
    "/purchase_order": "BT-13",
    "/sales_order": "BT-14",
    "/receiving_advice": "BT-15",
    "/despatch_advice": "BT-16",
    "/tender": "BT-17",
    "/object": "BT-18",
    "/buyer_accounting_reference": "BT-19",
    "/payment_terms": "BT-20",
    "/notes/*/subject": "BT-21",
    "/notes/*/text": "BT-22",
    "/process": "BT-23",
    "/specification": "BT-24",
    "/preceding/*/number": "BT-25",
    "/preceding/*/issue_date": "BT-26",
    "/payee/name": "BT-59",
    "/payee/identifier": "BT-60",
    "/payee/registration": "BT-61",
    "/tax_representative/name": "BT-62",
    "/tax_representative/vat_id": "BT-63",
    "/delivery/name": "BT-70",
    "/delivery/location": "BT-71",
    "/delivery/date": "BT-72",
    "/period/start": "BT-73",
    "/period/end": "BT-74",
    "/payments/*/code": "BT-81",
    "/payments/*/text": "BT-82",
    "/payments/*/remittance": "BT-83",
    "/payments/*/transfers/*/account": "BT-84",
    "/payments/*/transfers/*/name": "BT-85",
    "/payments/*/transfers/*/bic": "BT-86",
    "/payments/*/card/number": "BT-87",
    "/payments/*/card/holder": "BT-88",
    "/payments/*/debit/mandate": "BT-89",
    "/payments/*/debit/creditor": "BT-90",
    "/payments/*/debit/account": "BT-91",
    "/adjustments/*/charge": "BG-20, BG-21",
    "/adjustments/*/amount": "BT-92, BT-99",
    "/adjustments/*/base": "BT-93, BT-100",
    "/adjustments/*/percent": "BT-94, BT-101",
    "/adjustments/*/category": "BT-95, BT-102",
    "/adjustments/*/rate": "BT-96, BT-103",
    "/adjustments/*/reason": "BT-97, BT-104",
    "/adjustments/*/reason_code": "BT-98, BT-105",
    "/totals/line_net": "BT-106",
    "/totals/discounts": "BT-107",
    "/totals/charges": "BT-108",
    "/totals/net": "BT-109",
    "/totals/tax": "BT-110",
    "/totals/tax_in_tax_currency": "BT-111",
    "/totals/gross": "BT-112",
    "/totals/prepaid": "BT-113",
    "/totals/rounding": "BT-114",
    "/totals/payable": "BT-115",
    "/taxes/*/base": "BT-116",
    "/taxes/*/amount": "BT-117",
    "/taxes/*/category": "BT-118",
    "/taxes/*/rate": "BT-119",
    "/taxes/*/reason": "BT-120",
    "/taxes/*/reason_code": "BT-121",
    "/attachments/*/id": "BT-122",
    "/attachments/*/description": "BT-123",
    "/attachments/*/location": "BT-124",
    "/attachments/*/content": "BT-125",
    "/attachments/*/media_type": "BT-125-1",
    "/attachments/*/filename": "BT-125-2",
    "/lines/*/id": "BT-126",
    "/lines/*/note": "BT-127",
    "/lines/*/object": "BT-128",
    "/lines/*/quantity": "BT-129",
    "/lines/*/unit": "BT-130",
    "/lines/*/net": "BT-131",
    "/lines/*/order_line": "BT-132",
    "/lines/*/buyer_accounting_reference": "BT-133",
    "/lines/*/period/start": "BT-134",
    "/lines/*/period/end": "BT-135",
    "/lines/*/adjustments/*/charge": "BG-27, BG-28",
    "/lines/*/adjustments/*/amount": "BT-136, BT-141",
    "/lines/*/adjustments/*/base": "BT-137, BT-142",
    "/lines/*/adjustments/*/percent": "BT-138, BT-143",
    "/lines/*/adjustments/*/reason": "BT-139, BT-144",
    "/lines/*/adjustments/*/reason_code": "BT-140, BT-145",
    "/lines/*/price/net": "BT-146",
    "/lines/*/price/discount": "BT-147",
    "/lines/*/price/gross": "BT-148",
    "/lines/*/price/base_quantity": "BT-149",
    "/lines/*/price/base_unit": "BT-150",
    "/lines/*/category": "BT-151",
    "/lines/*/rate": "BT-152",
    "/lines/*/item/name": "BT-153",
    "/lines/*/item/description": "BT-154",
    "/lines/*/item/seller_id": "BT-155",
    "/lines/*/item/buyer_id": "BT-156",
    "/lines/*/item/standard_id": "BT-157",
    "/lines/*/item/classifications/*": "BT-158",
    "/lines/*/item/origin": "BT-159",
    "/lines/*/item/attributes/*/name": "BT-160",
    "/lines/*/item/attributes/*/value": "BT-161",
}
TERMS = _listed()

_PLACE = re.compile(r"/[0-9]+(?=/|$)")
_CHILDREN = re.compile(r"/children/\*")


def term_of(pointer: str) -> str | None:
    """The business term that a pointer leads to, of a part of an identifier that of the whole."""
    place = _CHILDREN.sub("", _PLACE.sub("/*", pointer))
    while place:
        if place in TERMS:
            return TERMS[place]
        place = place.rpartition("/")[0]
    return None
