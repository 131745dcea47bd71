"""Hybrid invoices (Factur-X 1.0, ZUGFeRD 2): a PDF for people that carries its XML for machines."""

import io
from collections.abc import Mapping
from enum import StrEnum
from typing import Any

from lxml import etree

from invx.contexts.invoicing.adapters.einvoice.attached import xml_in
from invx.contexts.invoicing.adapters.einvoice.cii_tree import NAMES
from invx.contexts.invoicing.adapters.einvoice.xmp import declared
from invx.contexts.invoicing.adapters.pdf import AttachedFile, Mark, Relationship, TypstRenderer
from invx.contexts.invoicing.adapters.pdf_metadata import with_metadata
from invx.contexts.invoicing.domain.einvoice.e_invoice_formats import FORMATS
from invx.kernel.errors import violated

__all__ = ["Profile", "hybrid_pdf", "xml_in"]


class Profile(StrEnum):
    """How much of the invoice the XML says, and by whose rules."""

    MINIMUM = "minimum"
    BASIC_WL = "basic_wl"
    BASIC = "basic"
    EN16931 = "en16931"
    EXTENDED = "extended"
    XRECHNUNG = "xrechnung"

    @property
    def file_name(self) -> str:
        """Readers look for these very names."""
        return "xrechnung.xml" if self is Profile.XRECHNUNG else "factur-x.xml"

    @property
    def relationship(self) -> Relationship:
        """The two smallest have no lines, so they are no invoice of their own (German UStG)."""
        partial = self in (Profile.MINIMUM, Profile.BASIC_WL)
        return Relationship.DATA if partial else Relationship.ALTERNATIVE

    @property
    def metadata(self) -> dict[str, str]:
        """The Factur-X properties in the PDF; a credit note is an INVOICE there too."""
        xrechnung = self is Profile.XRECHNUNG
        return {
            "DocumentType": "INVOICE",
            "DocumentFileName": self.file_name,
            # Of Factur-X itself, which stays 1.0 through 1.0x, or of XRechnung.
            "Version": "3.0" if xrechnung else "1.0",
            "ConformanceLevel": _LEVELS[self],
        }


_LEVELS = {
    Profile.MINIMUM: "MINIMUM",
    Profile.BASIC_WL: "BASIC WL",
    Profile.BASIC: "BASIC",
    Profile.EN16931: "EN 16931",
    Profile.EXTENDED: "EXTENDED",
    Profile.XRECHNUNG: "XRECHNUNG",
}
_CLAIMS = {
    **{Profile(each.profile): each.specification for each in FORMATS.values() if each.profile},
    Profile.XRECHNUNG: FORMATS["xrechnung_cii"].specification,
}
_GUIDELINE = f"{{{NAMES['ram']}}}GuidelineSpecifiedDocumentContextParameter"


def hybrid_pdf(
    renderer: TypstRenderer,
    resource: Mapping[str, Any],
    mark: Mark | None,
    xml: bytes,
    profile: Profile,
) -> bytes:
    """The PDF of a resource as PDF/A-3b and PDF/UA-1, with its CII in it byte for byte.

    The same input gives the same bytes. `xml` is UTF-8 and ours. That it says what the resource
    says is not checked here; that its BT-24 is the profile's is. It blocks like `renderer.render`.
    """
    if _claimed(xml) != _CLAIMS[profile]:
        violated(f"the XML does not claim to be of profile {profile}")
    file = AttachedFile(
        name=profile.file_name,
        content=xml,
        relationship=profile.relationship,
        description=f"Invoice data in XML, {_LEVELS[profile]}",
    )
    drawn = renderer.render(resource, mark=mark, attachment=file)
    return with_metadata(drawn, lambda packet: declared(packet, profile.metadata))


def _claimed(xml: bytes) -> str | None:
    """BT-24 of a CII file of ours."""
    for _, found in etree.iterparse(io.BytesIO(xml), tag=_GUIDELINE, resolve_entities=False):
        said: str | None = found.findtext(f"{{{NAMES['ram']}}}ID")
        return said
    return None
