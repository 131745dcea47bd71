"""CII files to put into PDFs, and PDFs as strangers make them."""

import io
import os
import re
import zlib
from pathlib import Path

import pikepdf
from pikepdf import Array, Dictionary, Name, Pdf, Stream, String

from invx.contexts.invoicing.adapters.einvoice.hybrid import Profile

_HERE = Path(__file__)
_CORPUS = Path(os.environ.get("INVX_CORPUS") or _HERE.parents[6] / "shared" / "corpus")

_CEN = "urn:cen.eu:en16931:2017"
_CLAIM = re.compile(
    rb"(:GuidelineSpecifiedDocumentContextParameter>\s*<\w+:ID>)[^<]*(</)", re.DOTALL
)
GUIDELINES = {
    Profile.MINIMUM: "urn:factur-x.eu:1p0:minimum",
    Profile.BASIC_WL: "urn:factur-x.eu:1p0:basicwl",
    Profile.BASIC: f"{_CEN}#compliant#urn:factur-x.eu:1p0:basic",
    Profile.EN16931: _CEN,
    Profile.EXTENDED: f"{_CEN}#conformant#urn:factur-x.eu:1p0:extended",
    Profile.XRECHNUNG: f"{_CEN}#compliant#urn:xeinkauf.de:kosit:xrechnung_3.0",
}


def invented(profile: Profile = Profile.EN16931) -> bytes:
    """Letters of several scripts, a line break of Windows, no line break at the end."""
    return f"""<?xml version="1.0" encoding="UTF-8"?>
<rsm:CrossIndustryInvoice
  xmlns:rsm="urn:un:unece:uncefact:data:standard:CrossIndustryInvoice:100"
  xmlns:ram="urn:un:unece:uncefact:data:standard:ReusableAggregateBusinessInformationEntity:100">
  <rsm:ExchangedDocumentContext><ram:GuidelineSpecifiedDocumentContextParameter>
    <ram:ID>{GUIDELINES[profile]}</ram:ID>
  </ram:GuidelineSpecifiedDocumentContextParameter></rsm:ExchangedDocumentContext>
  <rsm:ExchangedDocument><ram:ID>R-1 "x" \\ &amp; 😀 谢谢 ß</ram:ID>\r
    <ram:TypeCode>380</ram:TypeCode></rsm:ExchangedDocument>
</rsm:CrossIndustryInvoice>""".encode()


def official() -> dict[str, bytes]:
    """The official CII files where they are at hand, as of EN 16931; the invented one always."""
    found = {"invented": invented()}
    for path in sorted((_CORPUS / "cen-cii").glob("*.xml")):
        found[path.stem] = _CLAIM.sub(rb"\g<1>" + _CEN.encode() + rb"\g<2>", path.read_bytes())
    return found


def made(pdf: Pdf, **options: object) -> bytes:
    """The bytes of a PDF."""
    target = io.BytesIO()
    pdf.save(target, **options)
    return target.getvalue()


def blank() -> Pdf:
    """A PDF of one empty page."""
    pdf = Pdf.new()
    pdf.add_blank_page()
    return pdf


def specification(pdf: Pdf, name: str, content: bytes, **entries: object) -> pikepdf.Object:
    """A file in a PDF, packed as writers pack it, unless `entries` of its stream say otherwise."""
    stream = Stream(pdf, b"")
    stream.write(zlib.compress(content), filter=Name.FlateDecode)
    for key, value in entries.items():
        stream[f"/{key}"] = value
    return pdf.make_indirect(
        Dictionary(
            Type=Name.Filespec,
            F=String(name),
            UF=String(name),
            EF=Dictionary(F=pdf.make_indirect(stream)),
        )
    )


def carrying(*files: tuple[str, bytes]) -> bytes:
    """A PDF with these files in its name tree, as writers before PDF/A-3 did."""
    pdf = blank()
    names = Array()
    for name, content in files:
        names.append(String(name))
        names.append(specification(pdf, name, content))
    pdf.Root.Names = Dictionary(EmbeddedFiles=Dictionary(Names=names))
    return made(pdf)
