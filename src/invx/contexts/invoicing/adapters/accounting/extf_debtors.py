"""Debtors as DATEV's master data: category 16, format version 5."""

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from typing import Any

from invx.contexts.invoicing.adapters.accounting import extf
from invx.contexts.invoicing.adapters.accounting.extf_bookings import MEMBERS
from invx.contexts.invoicing.adapters.accounting.extf_columns import DEBTORS
from invx.contexts.invoicing.domain.bookkeeping.accounting_settings import ExportSettings

_UNSPECIFIED, _BUSINESS = "0", "2"
_CUSTOMER_CHARS = 15
_VAT_ID_CHARS = 15
_COLLECTIVE = "Diverse Debitoren"
# Whose VAT ids the two fields are for; Northern Ireland has one of the Union for goods.
_UNION = {*MEMBERS.values(), "XI"}


def file(
    settings: ExportSettings,
    made_at: datetime,
    day: date,
    application: str,
    debtors: Iterable[Mapping[str, Any]],
) -> bytes:
    """The whole file; `debtors` are rows as `plain.DEBTOR_COLUMNS` names them. Raises NotInDatev.

    A row without a name has none any more: it was erased.
    """
    if settings.consultant is None or settings.client is None:
        raise extf.NotInDatev("The numbers of consultant and client are missing.")
    header = extf.Header(
        category=16,
        name="Debitoren/Kreditoren",
        version=5,
        made_at=made_at,
        consultant=settings.consultant,
        client=settings.client,
        year_start=settings.year_of(day),
        account_length=settings.account_length,
        chart=settings.chart,
        application=application,
    )
    collective = str(settings.collective_account)
    lines = [header.line(), DEBTORS.headings()]
    for each in debtors:
        values = _collective(collective) if each["debtor"] == collective else _values(each)
        lines.append(DEBTORS.line(values))
    return extf.encoded(lines)


def _collective(number: str) -> dict[str, str]:
    return {
        "Konto": number,
        "Name (Adressattyp keine Angabe)": _COLLECTIVE,
        "Adressattyp": _UNSPECIFIED,
        "Diverse-Konto": "1",
    }


def _values(debtor: Mapping[str, Any]) -> dict[str, str]:
    business = debtor["kind"] == "business"
    named = "Name (Adressattyp Unternehmen)" if business else "Name (Adressattyp keine Angabe)"
    values = {
        "Konto": str(debtor["debtor"]),
        named: extf.text(debtor["name"], 50),
        "Adressattyp": _BUSINESS if business else _UNSPECIFIED,
        "Kurzbezeichnung": extf.text(debtor["name"], 15),
        "Straße": extf.text(debtor["line1"], 36),
        "Adresszusatz": extf.text(debtor["line2"], 36),
        "Postleitzahl": extf.text(debtor["postal_code"], 10),
        "Ort": extf.text(debtor["city"], 30),
        "Land": debtor["country"] or "",
        "Telefon": extf.text(debtor["phone"], 60),
        "E-Mail": extf.text(debtor["email"], 60),
        "Steuernummer": extf.text(debtor["tax_number"], 20),
        "Ansprechpartner": extf.text(debtor["contact"], 40),
        **_vat_id(debtor["vat_id"]),
        **_customer(debtor["customer"]),
    }
    if values["Straße"]:
        values["Adressart"] = "STR"
    return values


def _vat_id(said: str | None) -> dict[str, str]:
    compact = "".join(each for each in said or "" if each.isalnum())
    country = compact[:2].upper()
    if country not in _UNION or not compact.isascii() or len(compact) > _VAT_ID_CHARS:
        return {}
    return {"EU-Land": country, "EU-UStID": compact[2:]}


def _customer(said: str | None) -> dict[str, str]:
    """The caller's own id of the customer: whole in a field of ours when DATEV's is too short."""
    plain = extf.text(said, 40)
    if len(plain) <= _CUSTOMER_CHARS:
        return {"Kunden-/Lief.-Nr.": plain}
    return {"Indiv. Feld 1": plain}
