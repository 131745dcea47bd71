"""Form and check digits of tax ids, without asking anybody (python-stdnum)."""

import re
from typing import Any

from stdnum import get_cc_module
from stdnum.eu import vat as european
from stdnum.exceptions import ValidationError

from invx.contexts.invoicing.domain.countries import COUNTRIES, VAT_PREFIXES, vat_prefix
from invx.contexts.invoicing.domain.tax.tax_ids import TaxIdForm
from invx.kernel.errors import Invalid, Problem

_EU = frozenset({"EL" if code == "gr" else code.upper() for code in european.MEMBER_STATES})
VIES_COUNTRIES = _EU | {"XI"}
_BEGIN_WITH_COUNTRY = VIES_COUNTRIES | {"GB"}
_LONGEST = 40


def form_of(tax_id: str, country: str | None = None) -> TaxIdForm:
    """The compact form, with what is wrong about it.

    `country` (ISO 3166-1, or a VAT prefix) is needed for ids that do not begin with theirs. Raises
    Invalid when there is no telling which country's rules apply.
    """
    plain = re.sub(r"[\s.\-/]", "", tax_id).upper()[:_LONGEST]
    code = _country(plain, country)
    module = european if code in _EU else get_cc_module(code.lower(), "vat")
    if code == "XI":
        module = get_cc_module("gb", "vat")
    if module is None:
        return TaxIdForm(country=code, tax_id=plain, checked=False)
    own = plain.removeprefix(code) if code in _BEGIN_WITH_COUNTRY else plain
    shown = f"{code}{own}" if code in _BEGIN_WITH_COUNTRY else plain
    fault = _fault(module, f"{code}{own}" if code in _EU else own)
    return TaxIdForm(country=code, tax_id=shown, fault=fault)


def _fault(module: Any, number: str) -> str | None:
    try:
        module.validate(number)
    except ValidationError as error:
        return str(error)
    return None


def _country(plain: str, given: str | None) -> str:
    if given is not None:
        code = vat_prefix(given)
        if code not in VAT_PREFIXES:
            detail = f"{given!r} is not a country code of ISO 3166-1."
            raise Invalid(detail, problems=[Problem("/country", "country_unknown", detail)])
        return code
    lead = plain[:2]
    if lead in _BEGIN_WITH_COUNTRY or lead == "CH" or (lead in COUNTRIES and plain[2:].isdigit()):
        return vat_prefix(lead)
    detail = "The id does not begin with its country; name the country."
    raise Invalid(detail, problems=[Problem("/country", "required", detail)])
