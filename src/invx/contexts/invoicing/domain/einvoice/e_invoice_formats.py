"""The e-invoice formats that we claim to write, and what each asks beyond EN 16931-1."""

from dataclasses import dataclass
from enum import StrEnum

EN16931 = "urn:cen.eu:en16931:2017"
PEPPOL_BILLING = "urn:fdc:peppol.eu:2017:poacc:billing:01:1.0"


class Syntax(StrEnum):
    """How the terms are written down."""

    UBL = "ubl"
    CII = "cii"


class Needs(StrEnum):
    """What a format asks of a document beyond the core (`e_invoice_needs` looks for it)."""

    XRECHNUNG = "xrechnung"  # BR-DE-1 to 31, and the Peppol rules that XRechnung took over
    PEPPOL = "peppol"  # PEPPOL-EN16931-R002 to R020


@dataclass(frozen=True, slots=True, kw_only=True)
class Format:
    """One format. The rules that apply to it are found by its code in `validation.sheets`."""

    code: str
    title: str
    syntax: Syntax
    specification: str  # BT-24
    process: str | None = None  # BT-23
    needs: Needs | None = None
    valid_from: str | None = None  # ISO date
    profile: str | None = None  # of Factur-X, where the XML is carried inside a PDF

    @property
    def hybrid(self) -> bool:
        """Whether it is a PDF with the XML in it."""
        return self.profile is not None


_XRECHNUNG = f"{EN16931}#compliant#urn:xeinkauf.de:kosit:xrechnung_3.0"
_FACTURX = "urn:factur-x.eu:1p0"
MINIMUM = f"{_FACTURX}:minimum"

_ALL = (
    Format(
        code="ubl",
        title="EN 16931 in UBL 2.1",
        syntax=Syntax.UBL,
        specification=EN16931,
    ),
    Format(
        code="cii",
        title="EN 16931 in CII D16B",
        syntax=Syntax.CII,
        specification=EN16931,
    ),
    Format(
        code="xrechnung_ubl",
        title="XRechnung 3.0 in UBL 2.1",
        syntax=Syntax.UBL,
        specification=_XRECHNUNG,
        process=PEPPOL_BILLING,
        needs=Needs.XRECHNUNG,
        valid_from="2024-02-01",
    ),
    Format(
        code="xrechnung_cii",
        title="XRechnung 3.0 in CII D16B",
        syntax=Syntax.CII,
        specification=_XRECHNUNG,
        process=PEPPOL_BILLING,
        needs=Needs.XRECHNUNG,
        valid_from="2024-02-01",
    ),
    Format(
        code="peppol",
        title="Peppol BIS Billing 3.0",
        syntax=Syntax.UBL,
        specification=f"{EN16931}#compliant#urn:fdc:peppol.eu:2017:poacc:billing:3.0",
        process=PEPPOL_BILLING,
        needs=Needs.PEPPOL,
        valid_from="2019-07-01",
    ),
    *(
        Format(
            code=f"facturx_{profile}",
            title=f"Factur-X 1.0 / ZUGFeRD 2, profile {title}",
            syntax=Syntax.CII,
            specification=specification,
            valid_from="2020-03-24",
            profile=profile,
        )
        for profile, title, specification in (
            ("en16931", "EN 16931", EN16931),
            ("extended", "EXTENDED", f"{EN16931}#conformant#{_FACTURX}:extended"),
            ("basic", "BASIC", f"{EN16931}#compliant#{_FACTURX}:basic"),
            ("basic_wl", "BASIC WL (no lines)", f"{_FACTURX}:basicwl"),
            ("minimum", "MINIMUM (no lines)", MINIMUM),
        )
    ),
)

FORMATS = {each.code: each for each in _ALL}


def format_of(specification: str, syntax: Syntax, *, hybrid: bool = False) -> Format | None:
    """The format that a file of this syntax claims by its BT-24; None for one we do not write.

    EN 16931 in CII is a format by itself and a profile of Factur-X: `hybrid` says that it came out
    of a PDF.
    """
    found = [each for each in _ALL if (each.syntax, each.specification) == (syntax, specification)]
    return next((each for each in found if each.hybrid is hybrid), found[0] if found else None)


def judged_as(specification: str, syntax: Syntax, *, hybrid: bool = False) -> Format | None:
    """The format whose rules hold for a file: what it claims, or what that is an extension of.

    An extension or a further CIUS appends to BT-24 of what it builds on, such as XRechnung's
    `…xrechnung_3.0#conformant#urn:xeinkauf.de:kosit:extension:xrechnung_3.0`.
    """
    said = specification
    while said:
        if found := format_of(said, syntax, hybrid=hybrid):
            return found
        said = said.rpartition("#")[0]
    return None
