"""Documents for DATEV's Belegtransfer: PDFs beside a `document.xml` (version 6.0).

The GUID of each is the id that the booking's `Beleglink` names, so DATEV joins the two. Source:
developer.datev.de, "Verwaltungsdatendatei": at most 5000 documents, a GUID per RFC 4122, type 2
for outgoing invoices, processID 1 puts them into the inbox.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from lxml import etree

_NAMESPACE = "http://xml.datev.de/bedi/tps/document/v06.0"
_XSI = "http://www.w3.org/2001/XMLSchema-instance"
DOCUMENTS_PER_PACKAGE = 1000  # about 100 MB, which DATEV recommends; 5000 is the limit


@dataclass(frozen=True, slots=True)
class Packed:
    """A document of a package."""

    document_id: UUID
    number: str
    issued_on: date

    @property
    def file(self) -> str:
        """Its name in the archive, which any system takes: the number may hold anything."""
        plain = "".join(each if each.isascii() and each.isalnum() else "-" for each in self.number)
        return f"{plain[:80]}_{str(self.document_id)[-12:]}.pdf"


def document_xml(documents: Iterable[Packed], made_at: datetime) -> bytes:
    """The file that says which PDF is which document."""
    archive = etree.Element(
        f"{{{_NAMESPACE}}}archive",
        {
            f"{{{_XSI}}}schemaLocation": f"{_NAMESPACE} Document_v060.xsd",
            "version": "6.0",
            "generatingSystem": "Invx",
        },
        nsmap={None: _NAMESPACE, "xsi": _XSI},
    )
    header = etree.SubElement(archive, f"{{{_NAMESPACE}}}header")
    etree.SubElement(header, f"{{{_NAMESPACE}}}date").text = f"{made_at:%Y-%m-%dT%H:%M:%S}"
    content = etree.SubElement(archive, f"{{{_NAMESPACE}}}content")
    for each in documents:
        document = etree.SubElement(
            content,
            f"{{{_NAMESPACE}}}document",
            {"guid": str(each.document_id), "type": "2", "processID": "1"},
        )
        etree.SubElement(
            document, f"{{{_NAMESPACE}}}extension", {f"{{{_XSI}}}type": "File", "name": each.file}
        )
    written: bytes = etree.tostring(archive, encoding="utf-8", xml_declaration=True)
    return written
