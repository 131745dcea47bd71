"""Units of quantities: UN/ECE Recommendation 20 codes (BT-130, BT-150), and friendlier names.

A caller may write `day` or `DAY`; documents keep the code. Package units are the codes of
Recommendation 21 with an X in front, as EN 16931 takes them (rule BR-CL-23).
"""

import re
from types import MappingProxyType

from invx.contexts.invoicing.domain.units.unit_codes import CODES
from invx.contexts.invoicing.domain.units.unit_table import TABLE
from invx.kernel.errors import DomainError, Problem

_ROW = re.compile(r"(?P<code>\S+) (?P<name>[^:]+)(?:: (?P<others>.+))?")
_ANY_CASE_CHARS_MIN = 3  # shorter codes read like abbreviations of something else: St is no sheet


class UnknownUnit(DomainError):
    """The unit is neither a code of UN/ECE Recommendation 20 nor one of our names for one."""


def _read_table() -> tuple[dict[str, str], dict[str, str]]:
    names: dict[str, str] = {}
    codes: dict[str, str] = {}
    for row in TABLE.strip().splitlines():
        if match := _ROW.fullmatch(row):
            code, name = match["code"], match["name"]
            names[code] = name
            others = (match["others"] or name).split(", ")
            codes.update({alias.lower(): code for alias in (name, *others)})
    return names, codes


_names, _codes = _read_table()
UNITS = MappingProxyType(_names)  # code -> English name


def unit_code(text: str) -> str:
    """The code for a code or a name, in any case: `day`, `Days` and `DAY` all give DAY.

    A code wins over a name that reads the same; codes of two characters must be written exactly.
    Raises UnknownUnit with a pointer to `/unit`.
    """
    text = " ".join(text.split())
    if text in UNITS or text in CODES:
        return text
    name = text.lower()
    singular = name.removesuffix("s")
    code = _codes.get(name) or _codes.get(singular)
    if code is None and text.upper() in UNITS and len(text) >= _ANY_CASE_CHARS_MIN:
        code = text.upper()
    if code is None:
        detail = f"{text!r} is not a unit; use a code of UN/ECE Recommendation 20 such as HUR."
        raise UnknownUnit(detail, problems=[Problem("/unit", UnknownUnit.code, detail)])
    return code


def unit_name(code: str) -> str:
    """The English name of a code, as in the recommendation; of a rare one the code itself.

    Raises UnknownUnit.
    """
    known = unit_code(code)
    return UNITS.get(known, known)
