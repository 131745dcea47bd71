"""A mapping to begin with: from the names of columns, and from how their values look."""

import re
from collections.abc import Mapping, Sequence

from invx.contexts.invoicing.domain.importing.mapping import FieldSource, ImportMapping

# Names as German and English programs give them, without case, blanks and signs.
_NAMES: dict[str, tuple[str, ...]] = {
    "number": (
        "number", "invoicenumber", "documentnumber", "rechnungsnummer", "rechnungsnr",
        "belegnummer", "belegnr", "belegfeld1", "invoiceno", "nummer", "rgnr",
    ),
    "type": ("type", "documenttype", "belegart", "belegtyp", "typ", "art"),
    "issue_date": (
        "issuedate", "invoicedate", "date", "rechnungsdatum", "belegdatum", "datum", "created",
        "rgdatum",
    ),
    "due_date": (
        "duedate", "faelligkeitsdatum", "faelligam", "faelligkeit", "zahlungsziel", "faellig",
        "duedateutc",
    ),
    "supply_date": ("supplydate", "leistungsdatum", "lieferdatum", "deliverydate"),
    "currency": ("currency", "waehrung", "waehrungscode", "currencycode", "wkz", "currencyiso"),
    "net": ("net", "subtotal", "netto", "nettobetrag", "summenetto", "netamount"),
    "tax": (
        "tax", "taxamount", "mwst", "ust", "steuer", "steuerbetrag", "mwstbetrag", "umsatzsteuer",
    ),
    "gross": (
        "gross", "total", "amount", "brutto", "bruttobetrag", "summebrutto", "betrag",
        "gesamtbetrag", "rechnungsbetrag", "invoiceamount", "amountdue", "grossamount",
    ),
    "open": ("open", "balance", "offen", "offenerbetrag", "restbetrag", "amountremaining", "saldo"),
    "paid": ("paid", "paidtodate", "amountpaid", "bezahlt", "gezahlt", "zahlbetrag"),
    "paid_on": ("paidon", "paidat", "bezahltam", "zahlungsdatum", "paymentdate"),
    "tax_rate": ("taxrate", "steuersatz", "mwstsatz", "ustsatz"),
    "tax_category": ("taxcategory", "steuerkategorie"),
    "exchange_rate": ("exchangerate", "kurs", "wechselkurs"),
    "customer": (
        "customer", "customernumber", "kundennummer", "kundennr", "clientnumber", "debitor",
        "debitorennummer", "customerid",
    ),
    "buyer_name": (
        "buyername", "customername", "clientname", "client", "kunde", "kundenname", "firma",
        "rechnungsempfaenger", "empfaenger", "name",
    ),
    "buyer_email": ("buyeremail", "customeremail", "email", "clientemail"),
    "buyer_vat_id": ("buyervatid", "vatid", "vatnumber", "ustidnr", "ustid", "clientvatnumber"),
    "buyer_line1": ("buyerline1", "street", "strasse", "address1", "adresse", "clientaddress1"),
    "buyer_postal_code": ("buyerpostalcode", "postalcode", "zip", "plz", "clientpostalcode"),
    "buyer_city": ("buyercity", "city", "ort", "stadt", "clientcity"),
    "buyer_country": ("buyercountry", "country", "land", "laendercode", "clientcountry"),
    "notes": ("notes", "notiz", "bemerkung", "publicnotes"),
    "file": ("file", "pdf", "datei", "dateiname", "beleg"),
    "line_description": ("linedescription", "description", "artikel", "bezeichnung", "itemnotes"),
    "line_quantity": ("linequantity", "quantity", "menge", "anzahl", "itemquantity"),
    "line_unit": ("lineunit", "unit", "einheit"),
    "line_price": ("lineprice", "unitprice", "einzelpreis", "itemcost", "preis"),
    "line_net": ("linenet", "lineamount", "positionnetto", "itemtotal"),
    "line_tax": ("linetax",),
    "line_tax_rate": ("linetaxrate", "itemtaxrate1"),
    "line_tax_category": ("linetaxcategory",),
}  # fmt: skip
_UMLAUTS = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss"})
_SIGNS = re.compile(r"[^a-z0-9]+")
_LAST_COMMA = re.compile(r"-?[\d.]*,\d{1,2}")
_LAST_DOT = re.compile(r"-?[\d,]*\.\d{1,2}")
_SLASHED = re.compile(r"(\d{1,2})/(\d{1,2})/\d{2,4}.*")
_MONTHS = 12


def plain_name(column: str) -> str:
    """The name of a column as it is compared."""
    return _SIGNS.sub("", column.casefold().translate(_UMLAUTS))


def suggested(
    columns: Sequence[str], sample: Sequence[Mapping[str, str]], currency: str
) -> ImportMapping:
    """The mapping that the names suggest; `currency` where no column says one.

    How decimals and days are written is said only where the sample leaves no doubt.
    """
    by_name: dict[str, str] = {}
    for column in columns:
        by_name.setdefault(plain_name(column), column)
    fields: dict[str, FieldSource] = {}
    taken: set[str] = set()
    for name, known in _NAMES.items():
        found = next((by_name[each] for each in known if each in by_name), None)
        if found is not None and found not in taken:
            fields[name] = FieldSource(column=found)
            taken.add(found)
    fields.setdefault("currency", FieldSource(constant=currency))
    decimal = decimal_told(fields, sample)
    return ImportMapping(fields=fields, decimal=decimal, date=date_told(fields, sample))


def decimal_told(
    fields: Mapping[str, FieldSource], sample: Sequence[Mapping[str, str]], *, grouped: bool = True
) -> str | None:
    """The sign before decimals, where the amounts leave no doubt.

    Where thousands are not `grouped` any sign in an amount is that one.
    """
    values = _values(("net", "tax", "gross", "open", "paid"), fields, sample)
    if grouped:
        return _decimal(values)
    found = {sign for sign in (",", ".") if any(sign in value for value in values)}
    return found.pop() if len(found) == 1 else None


def date_told(fields: Mapping[str, FieldSource], sample: Sequence[Mapping[str, str]]) -> str | None:
    """Whether months or days come first, where the dates leave no doubt."""
    return _date(_values(("issue_date", "due_date", "paid_on"), fields, sample))


def _values(
    names: Sequence[str],
    fields: Mapping[str, FieldSource],
    sample: Sequence[Mapping[str, str]],
) -> list[str]:
    columns = [fields[name].column for name in names if name in fields]
    return [row.get(column or "", "").strip() for row in sample for column in columns]


def _decimal(values: Sequence[str]) -> str | None:
    commas = any(_LAST_COMMA.fullmatch(value) for value in values)
    dots = any(_LAST_DOT.fullmatch(value) for value in values)
    if commas is dots:
        return None
    return "," if commas else "."


def _date(values: Sequence[str]) -> str | None:
    pairs = [(int(m[1]), int(m[2])) for value in values if (m := _SLASHED.fullmatch(value))]
    first = any(one > _MONTHS for one, _ in pairs)
    second = any(other > _MONTHS for _, other in pairs)
    if first is second:
        return None
    return "DD/MM/YYYY" if first else "MM/DD/YYYY"
