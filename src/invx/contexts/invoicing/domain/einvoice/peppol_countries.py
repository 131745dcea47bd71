"""What Peppol asks where the seller is in one of the countries that have rules of their own.

Source: the national rules in the Schematron of Peppol BIS Billing 3; those that only warn are left
out. Which country a seller is of, differs: Norway, Italy and Greece go by the VAT id, the others by
the address.
"""

import re
from collections.abc import Iterator

from invx.contexts.invoicing.domain.check import lines_of
from invx.contexts.invoicing.domain.check_parties import taxes_of
from invx.contexts.invoicing.domain.content import DocumentType, PaymentMeans
from invx.contexts.invoicing.domain.einvoice.check_digits import is_norwegian
from invx.contexts.invoicing.domain.einvoice.e_invoice_asked import Asked, absent, country_of, wrong
from invx.contexts.invoicing.domain.einvoice.payment_codes import accounts_of, payment_code
from invx.contexts.invoicing.domain.party import Party
from invx.kernel.errors import Problem

_MEANS = "/payment_means/code"
_DANISH_MEANS = frozenset("1 10 31 42 48 49 50 58 59 93 97".split())
_DUTCH_MEANS = frozenset("30 48 49 57 58 59".split())
_DUTCH_SCHEMES = frozenset({"0106", "0190"})  # KVK, OIN
_SWEDISH_RATES = frozenset({6, 12, 25})
_ICELANDIC_ACCOUNTS = frozenset({"9", "42"})


def country_needs(asked: Asked) -> Iterator[Problem]:
    """The rules of the seller's country."""
    address = asked.between[0]
    if address == "DK":
        yield from _denmark(asked)
    elif address == "NL":
        yield from _netherlands(asked)
    elif address == "IS":
        yield from _iceland(asked)
    elif address == "SE":
        yield from _sweden(asked)
    representative = asked.content.tax_representative
    id = asked.vat_id or (representative.vat_id if representative else None)
    country = id[:2].upper() if id else address
    if country == "NO":
        yield from _norway(asked)
    elif country == "IT":
        yield from _italy(asked)
    elif country in {"GR", "EL"}:
        detail = "Numbers of Greek sellers follow myDATA, which is not written here"
        yield wrong("/seller/address/country", detail, "GR-R-001, GR-R-004")


def _address(at: str, party: Party | None, rule: str, *names: tuple[str, str]) -> Iterator[Problem]:
    for name, what in names:
        if party is None or party.address is None or not getattr(party.address, name):
            yield absent(f"{at}/address/{name}", what, rule)


_STREET = ("line1", "a street")
_CITY = ("city", "a city")
_CODE = ("postal_code", "a postal code")


def _scheme(
    at: str, party: Party | None, schemes: frozenset[str], rule: str, *, asked: bool
) -> Iterator[Problem]:
    registration = party.registration if party else None
    known = " or ".join(sorted(schemes))
    if registration is None:
        if asked:
            yield absent(f"{at}/registration", f"a company number of scheme {known}", rule)
    elif registration.scheme not in schemes:
        yield wrong(f"{at}/registration/scheme", f"The scheme is {known}", rule)


def _denmark(asked: Asked) -> Iterator[Problem]:
    content, danish = asked.content, asked.between == ("DK", "DK")
    cvr = frozenset({"0184"})
    yield from _scheme("/seller", asked.seller.party, cvr, "DK-R-002, DK-R-014", asked=True)
    if not danish:
        return
    for at, party in (("/seller", asked.seller.party), ("/buyer", content.buyer)):
        for index, each in enumerate(party.identifiers if party else ()):
            if not each.scheme:
                yield absent(f"{at}/identifiers/{index}/scheme", "its scheme", "DK-R-013")
    if content.type is DocumentType.CREDIT_NOTE:
        return
    code, means = payment_code(content, asked.seller), content.payment_means or PaymentMeans()
    if code is not None and code not in _DANISH_MEANS:
        known = ", ".join(sorted(_DANISH_MEANS, key=int))
        yield wrong(_MEANS, f"Between Danes the means are {known}", "DK-R-005")
    if code in {"31", "42"} and not all(each.bic for each in accounts_of(content, asked.seller)):
        what = "the registration number of the bank, as BIC"
        yield absent("/seller/bank_accounts", what, "DK-R-006")
    debit = means.direct_debit
    if code == "49" and not (debit and debit.account):
        yield absent("/payment_means/direct_debit/account", "the debited account", "DK-R-007")
    if code in {"50", "93"}:
        kinds = ("01#", "04#", "15#") if code == "50" else ("71#", "73#", "75#")
        if not (means.remittance or "").startswith(kinds):
            rule = "DK-R-008" if code == "50" else "DK-R-010"
            what = f"a reference that begins with {', '.join(kinds)}"
            yield absent("/payment_means/remittance", what, rule)


def _netherlands(asked: Asked) -> Iterator[Problem]:
    content = asked.content
    whole = (_STREET, _CITY, _CODE)
    if content.type is DocumentType.CREDIT_NOTE and not content.preceding:
        yield absent("/preceding", "the invoice that is credited", "NL-R-001")
    yield from _address("/seller", asked.seller.party, "NL-R-002", *whole)
    yield from _scheme("/seller", asked.seller.party, _DUTCH_SCHEMES, "NL-R-003", asked=False)
    if asked.between[1] == "NL":
        yield from _address("/buyer", content.buyer, "NL-R-004", *whole)
        yield from _scheme("/buyer", content.buyer, _DUTCH_SCHEMES, "NL-R-005", asked=False)
    if country_of(content.tax_representative) == "NL":
        yield from _address("/tax_representative", content.tax_representative, "NL-R-006", *whole)
    code, payable = payment_code(content, asked.seller), asked.totals.payable
    owed = payable < 0 if content.type is DocumentType.CREDIT_NOTE else payable > 0
    if owed and code is None:
        yield absent("/seller/bank_accounts", "a means of payment", "NL-R-007")
    if code is not None and code not in _DUTCH_MEANS:
        known = ", ".join(sorted(_DUTCH_MEANS))
        yield wrong(_MEANS, f"Of Dutch sellers the means are {known}", "NL-R-008")
    lines = [line for _, line in lines_of(content.lines)]
    ordered = content.purchase_order or content.sales_order
    if any(line.order_line for line in lines) and not ordered:
        yield absent("/purchase_order", "the order whose lines are named", "NL-R-009")


def _iceland(asked: Asked) -> Iterator[Problem]:
    kennitala = frozenset({"0196"})
    where = (_STREET, _CODE)
    yield from _scheme("/seller", asked.seller.party, kennitala, "IS-R-002", asked=True)
    yield from _address("/seller", asked.seller.party, "IS-R-003", *where)
    if asked.between[1] == "IS":
        yield from _scheme("/buyer", asked.content.buyer, kennitala, "IS-R-004", asked=True)
        yield from _address("/buyer", asked.content.buyer, "IS-R-005", *where)
    accounts = accounts_of(asked.content, asked.seller)
    numbers = [each.iban or each.account or "" for each in accounts]
    code = payment_code(asked.content, asked.seller)
    if code in _ICELANDIC_ACCOUNTS and not any(
        re.fullmatch(r"[0-9]{12}", each) for each in numbers
    ):
        what = "an account of twelve digits"
        yield absent("/seller/bank_accounts", what, "IS-R-006, IS-R-007")


def _sweden(asked: Asked) -> Iterator[Problem]:
    vat_id, number = asked.vat_id or "", asked.tax_number
    if asked.seller.party.registration and number and number.casefold() != "godkänd för f-skatt":
        detail = "The tax number of a Swedish seller reads: Godkänd för F-skatt"
        yield wrong("/seller/registrations", detail, "SE-R-005")
    if not vat_id.startswith("SE"):
        return
    if not re.fullmatch(r"SE[0-9]{12}", vat_id):
        detail = "A Swedish VAT id is SE and twelve digits"
        yield wrong("/seller/registrations", detail, "SE-R-001, SE-R-002")
    for pointer, line in lines_of(asked.content.lines):
        for index, tax in enumerate(line.taxes):
            if tax.category == "S" and tax.rate not in _SWEDISH_RATES:
                detail = "Rates of Swedish sellers are 6, 12 and 25"
                yield wrong(f"{pointer}/taxes/{index}/rate", detail, "SE-R-006")


def _norway(asked: Asked) -> Iterator[Problem]:
    vat_id = asked.vat_id or ""
    exempt = all(tax.category == "O" for tax in taxes_of(asked.content))
    well = vat_id.endswith("MVA") and is_norwegian(vat_id[2:-3])
    if vat_id.startswith("NO") and not exempt and not well:
        detail = "A Norwegian VAT id is NO, an organisation number and MVA"
        yield wrong("/seller/registrations", detail, "NO-R-001")


def _italy(asked: Asked) -> Iterator[Problem]:
    number = asked.tax_number
    if number and not re.fullmatch(r"[A-Z0-9]{11,16}", number):
        detail = "An Italian codice fiscale has 11 to 16 letters and digits"
        yield wrong("/seller/registrations", detail, "IT-R-001")
    yield from _address("/seller", asked.seller.party, "IT-R-002 to 004", _STREET, _CITY, _CODE)
