"""When a tax is due, and on which basis: what the law says, as far as one document can know it.

Sources: VAT Directive 2006/112/EC (Articles 63 to 67); for Germany UStG § 13 (1) 1 a (the period of
the supply), § 13 (1) 1 b with § 20 (the period of the payment), § 17 (1) sentence 8 (a correction
belongs to the period in which it happens). Simplified: a document has one day of supply, the last
one that it names; a reporting period is a calendar month, from which a quarter or a year adds up.
"""

from datetime import date
from functools import lru_cache

from invx.contexts.invoicing.domain.content import Content, DocumentType
from invx.contexts.invoicing.domain.party import Basis
from invx.rules.calendar.periods import Unit, add_months, calendar_key

_INTRA_COMMUNITY, _REVERSE_CHARGE = "K", "AE"
_BY_INVOICE_DATE, _ON_PAYMENT = "3", "432"  # BT-8 in UNTDID 2005
_MID_MONTH = 15
_EURO = """AT BE BG CY DE EE ES FI FR GR HR IE IT LT LU LV MC MT NL PT SI SK"""  # BG: from 2026
_OWN = {
    **dict.fromkeys(_EURO.split(), "EUR"),
    "CH": "CHF",
    "CZ": "CZK",
    "DK": "DKK",
    "GB": "GBP",
    "HU": "HUF",
    "IS": "ISK",
    "LI": "CHF",
    "NO": "NOK",
    "PL": "PLN",
    "RO": "RON",
    "SE": "SEK",
    "US": "USD",
    "XI": "GBP",
}


@lru_cache(1024)  # the same few days in most documents
def period_of(day: date) -> str:
    """The reporting period of a day: 2026-11. What comes too late takes another one (D5)."""
    return calendar_key(day, Unit.MONTH)


def first_day_of(period: str) -> date:
    """The first day of a reporting period."""
    return date.fromisoformat(f"{period}-01")


def supplied_on(content: Content, issue_date: date) -> date:
    """The day of the supply: as stated, else the end of the period of service, else the issue."""
    if content.supply_date is not None:
        return content.supply_date
    if content.service_period is not None and content.service_period.end is not None:
        return content.service_period.end
    ends = [
        line.service_period.end
        for line in content.lines
        if line.service_period is not None and line.service_period.end is not None
    ]
    return max(ends, default=issue_date)


def tax_point_of(content: Content, category: str, issue_date: date) -> date:
    """The day on which a group of the document is due on accrual.

    As stated (BT-7); of a credit note its issue (§ 17); of an intra-community supply the issue, at
    the latest the 15th of the month after the supply (Article 67); else the supply (Article 63).
    """
    if content.tax_point is not None:
        return content.tax_point
    if content.type is DocumentType.CREDIT_NOTE or content.tax_point_code == _BY_INVOICE_DATE:
        return issue_date
    supplied = supplied_on(content, issue_date)
    if category == _INTRA_COMMUNITY:
        return min(issue_date, add_months(supplied, 1).replace(day=_MID_MONTH))
    return supplied


def basis_of(registered: Basis, content: Content, category: str, country: str | None) -> Basis:
    """The basis of a group: the registration's, unless the law or the document says otherwise.

    Never cash: intra-community supplies and services that a buyer abroad is taxed for (Article 66,
    last sentence). A document that says so is due on payment (BT-8 432), as French services are.
    """
    buyer = content.buyer
    abroad = buyer is not None and buyer.address is not None and buyer.address.country != country
    if category == _INTRA_COMMUNITY or (category == _REVERSE_CHARGE and abroad):
        return Basis.ACCRUAL
    return Basis.CASH if content.tax_point_code == _ON_PAYMENT else registered


def tax_currency_of(country: str | None, default: str) -> str:
    """The currency in which a country wants its tax; that of the legal entity where unknown."""
    return _OWN.get(country or "", default)
