"""How long the law keeps a document, whatever its buyer asks for (D4)."""

from dataclasses import dataclass
from datetime import date

from invx.contexts.invoicing.domain.document import Document
from invx.contexts.invoicing.domain.importing.imported_document import ImportedDocument
from invx.contexts.invoicing.domain.status import Status
from invx.rules.tax.model import Scheme
from invx.rules.tax.packs import Packs

# Where no pack tells the years of the seller's country: the longest that a member state asks for.
YEARS_UNKNOWN = 10
# Records of the one-stop shops: Articles 369k, 369x and 369 (non-Union) of Directive 2006/112/EC.
YEARS_OF_SHOPS = 10
SOURCE_OF_SHOPS = "Directive 2006/112/EC, Art. 369k"
_SHOPS = {Scheme.OSS, Scheme.IOSS}
_NOWHERE, _SHOP = "-", "+oss"


@dataclass(frozen=True, slots=True)
class Retention:
    """The last day on which the law keeps a document, and which law; None where none is known."""

    until: date
    source: str | None


@dataclass(frozen=True, slots=True)
class Basis:
    """What the years of a document go by: the seller's country, and whether a shop is on it."""

    country: str | None
    shops: bool = False

    def __str__(self) -> str:
        """As a row keeps it: `DE`, `DE+oss`, `-`."""
        return f"{self.country or _NOWHERE}{_SHOP if self.shops else ''}"

    @classmethod
    def read(cls, text: str) -> "Basis":
        """The other way round."""
        country = text.removesuffix(_SHOP)
        return cls(None if country == _NOWHERE else country, text.endswith(_SHOP))

    def span(self, packs: Packs) -> tuple[int, str | None]:
        """How many years from the end of the year of issue, and which law says so."""
        pack = packs.get(self.country) if self.country else None
        years, source = YEARS_UNKNOWN, None
        if pack is not None and pack.documents.retention_years is not None:
            years, source = pack.documents.retention_years, pack.documents.retention_source
        if self.shops and years < YEARS_OF_SHOPS:
            return YEARS_OF_SHOPS, SOURCE_OF_SHOPS
        return years, source

    def last_day(self, year: int, packs: Packs) -> date:
        """The last day on which the law keeps what was issued in a year."""
        return date(year + self.span(packs)[0], 12, 31)


def basis_of(document: Document | ImportedDocument) -> Basis | None:
    """What the law goes by, frozen with the document; None of what was never issued, or is purged.

    The country is the seller's; a document with a one-stop shop on it is kept ten years at least.
    """
    if document.status in (Status.DRAFT, Status.DELETED) or document.issue_date is None:
        return None
    if document.purged:
        return None
    address = document.seller.party.address if document.seller else None
    kept = document.content.determination
    shops = kept is not None and any(each.scheme in _SHOPS for each in kept.lines)
    return Basis(address.country if address else None, shops)


def retention_of(document: Document | ImportedDocument, packs: Packs) -> Retention | None:
    """How long the document is kept: None for what was never issued, and for what is purged."""
    basis = basis_of(document)
    if basis is None or document.issue_date is None:
        return None
    return Retention(basis.last_day(document.issue_date.year, packs), basis.span(packs)[1])
