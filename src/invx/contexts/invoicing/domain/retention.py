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


@dataclass(frozen=True, slots=True)
class Retention:
    """The last day on which the law keeps a document, and which law; None where none is known."""

    until: date
    source: str | None


def retention_of(document: Document | ImportedDocument, packs: Packs) -> Retention | None:
    """How long the document is kept: None for what was never issued.

    The years are those of the country of the seller as frozen on the document, counted from the
    end of the year of issue; a document with a one-stop shop on it is kept ten years at least.
    """
    if document.status in (Status.DRAFT, Status.DELETED) or document.issue_date is None:
        return None
    years, source = _years(document, packs)
    kept = document.content.determination
    if years < YEARS_OF_SHOPS and kept and any(each.scheme in _SHOPS for each in kept.lines):
        years, source = YEARS_OF_SHOPS, SOURCE_OF_SHOPS
    return Retention(date(document.issue_date.year + years, 12, 31), source)


def _years(document: Document | ImportedDocument, packs: Packs) -> tuple[int, str | None]:
    address = document.seller.party.address if document.seller else None
    pack = packs.get(address.country) if address else None
    if pack is None or pack.documents.retention_years is None:
        return YEARS_UNKNOWN, None
    return pack.documents.retention_years, pack.documents.retention_source
