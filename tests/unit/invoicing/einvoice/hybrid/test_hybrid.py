"""The hybrid invoice, point by point: what the file must hold, and the same bytes again."""

import io
import os
import subprocess
import sys
from hashlib import sha256
from pathlib import Path

import facturx
import pikepdf
import pytest
from lxml import etree

import invx
from invx.contexts.invoicing.adapters.einvoice.hybrid import Profile, hybrid_pdf, xml_in
from invx.contexts.invoicing.adapters.pdf import Mark, TypstRenderer
from tests.unit.invoicing.einvoice.hybrid.files import invented, official
from tests.unit.invoicing.pdf import samples

ROOT = Path(__file__).parents[5]
NAMESPACES = {
    "rdf": "http://www.w3.org/1999/02/22-rdf-syntax-ns#",
    "fx": "urn:factur-x:pdfa:CrossIndustryDocument:invoice:1p0#",
    "pdfaid": "http://www.aiim.org/pdfa/ns/id/",
    "pdfuaid": "http://www.aiim.org/pdfua/ns/id/",
    "xmp": "http://ns.adobe.com/xap/1.0/",
    "xmpMM": "http://ns.adobe.com/xap/1.0/mm/",
    "pdfaExtension": "http://www.aiim.org/pdfa/ns/extension/",
    "pdfaSchema": "http://www.aiim.org/pdfa/ns/schema#",
    "pdfaProperty": "http://www.aiim.org/pdfa/ns/property#",
}


@pytest.fixture(scope="module")
def renderer():
    return TypstRenderer()


@pytest.fixture(scope="module")
def pdf(renderer):
    return hybrid_pdf(renderer, samples.german(), None, invented(), Profile.EN16931)


@pytest.fixture(scope="module")
def opened(pdf):
    return pikepdf.open(io.BytesIO(pdf))


@pytest.fixture(scope="module")
def xmp(opened):
    return etree.fromstring(opened.Root.Metadata.read_bytes())


def said(xmp, path):
    return [found.text for found in xmp.iterfind(f".//{path}", NAMESPACES)]


class TestAttachment:
    def test_the_catalogue_names_it_as_a_file_of_the_document(self, opened):
        [specification] = opened.Root.AF
        assert specification.Type == "/Filespec"
        assert str(specification.F) == str(specification.UF) == "factur-x.xml"
        assert specification.AFRelationship == "/Alternative"
        assert str(specification.Desc) == "Invoice data in XML, EN 16931"

    def test_readers_that_know_only_the_name_tree_find_the_same_file(self, opened):
        [name, specification] = opened.Root.Names.EmbeddedFiles.Names
        assert str(name) == "factur-x.xml"
        assert specification.objgen == opened.Root.AF[0].objgen

    def test_its_stream_says_what_it_is_when_it_was_made_and_how_long(self, opened):
        files = opened.Root.AF[0].EF
        assert files.F.objgen == files.UF.objgen
        stream = files.F
        assert stream.Type == "/EmbeddedFile"
        assert stream.Subtype == "/text/xml"
        assert stream.Params.Size == len(invented())
        assert str(stream.Params.ModDate) == "D:20261122000000Z"

    def test_it_holds_the_xml_byte_for_byte(self, opened):
        assert opened.Root.AF[0].EF.F.read_bytes() == invented()

    def test_it_is_the_only_one(self, opened):
        assert list(opened.attachments) == ["factur-x.xml"]


class TestProfiles:
    @pytest.mark.parametrize(
        "profile, name, relationship, standard",
        [
            (Profile.MINIMUM, "factur-x.xml", "/Data", ["1.0", "MINIMUM"]),
            (Profile.BASIC_WL, "factur-x.xml", "/Data", ["1.0", "BASIC WL"]),
            (Profile.BASIC, "factur-x.xml", "/Alternative", ["1.0", "BASIC"]),
            (Profile.EN16931, "factur-x.xml", "/Alternative", ["1.0", "EN 16931"]),
            (Profile.EXTENDED, "factur-x.xml", "/Alternative", ["1.0", "EXTENDED"]),
            (Profile.XRECHNUNG, "xrechnung.xml", "/Alternative", ["3.0", "XRECHNUNG"]),
        ],
    )
    def test_each_has_its_name_its_relationship_and_its_metadata(
        self, renderer, profile, name, relationship, standard
    ):
        drawn = hybrid_pdf(renderer, samples.hosted(), None, invented(profile), profile)
        opened = pikepdf.open(io.BytesIO(drawn))
        [specification] = opened.Root.AF
        assert (str(specification.UF), specification.AFRelationship) == (name, relationship)
        xmp = etree.fromstring(opened.Root.Metadata.read_bytes())
        assert said(xmp, "fx:DocumentType") == ["INVOICE"]
        assert said(xmp, "fx:DocumentFileName") == [name]
        assert said(xmp, "fx:Version") + said(xmp, "fx:ConformanceLevel") == standard
        assert xml_in(drawn) == invented(profile)

    def test_the_levels_are_those_of_the_official_implementation(self):
        theirs = facturx.facturx.FACTURX_LEVEL2xmp
        ours = {each: each.metadata["ConformanceLevel"] for each in Profile}
        assert ours.pop(Profile.XRECHNUNG) == "XRECHNUNG"
        assert {each.replace("_", ""): level for each, level in ours.items()} == theirs


class TestMetadata:
    def test_every_property_is_described_for_pdf_a(self, xmp):
        schemas = xmp.findall(".//pdfaExtension:schemas/rdf:Bag/rdf:li", NAMESPACES)
        [mine] = [
            each for each in schemas if said(each, "pdfaSchema:namespaceURI") == [NAMESPACES["fx"]]
        ]
        assert said(mine, "pdfaSchema:prefix") == ["fx"]
        described = mine.findall("pdfaSchema:property/rdf:Seq/rdf:li", NAMESPACES)
        used = [etree.QName(each).localname for each in xmp.iterfind(".//fx:*", NAMESPACES)]
        assert [*said(mine, "pdfaProperty:name")] == used
        assert used == ["DocumentType", "DocumentFileName", "Version", "ConformanceLevel"]
        for each in described:
            assert each.get(f"{{{NAMESPACES['rdf']}}}parseType") == "Resource"
            assert said(each, "pdfaProperty:valueType") == ["Text"]
            assert said(each, "pdfaProperty:category") == ["external"]
            assert all(said(each, "pdfaProperty:description"))

    def test_the_schemas_that_typst_describes_stay(self, xmp, renderer):
        plain = pikepdf.open(io.BytesIO(renderer.render(samples.german(), mark=None)))
        before = etree.fromstring(plain.Root.Metadata.read_bytes())
        theirs = said(before, "pdfaSchema:namespaceURI")
        assert theirs
        assert said(xmp, "pdfaSchema:namespaceURI") == [*theirs, NAMESPACES["fx"]]

    def test_it_claims_pdf_a_3b_and_pdf_ua_1(self, xmp):
        assert said(xmp, "pdfaid:part") == ["3"]
        assert said(xmp, "pdfaid:conformance") == ["B"]
        assert said(xmp, "pdfuaid:part") == ["1"]

    def test_it_agrees_with_the_dates_and_ids_of_the_file(self, xmp, opened):
        assert (
            said(xmp, "xmp:ModifyDate") == said(xmp, "xmp:CreateDate") == ["2026-11-22T00:00:00Z"]
        )
        assert str(opened.docinfo.ModDate) == "D:20261122000000Z"
        first, second = (bytes(each).decode() for each in opened.trailer.ID)
        assert said(xmp, "xmpMM:DocumentID") == [first]
        assert said(xmp, "xmpMM:InstanceID") == [second]

    def test_there_is_one_packet_plain_to_see(self, pdf, opened):
        assert pdf.count(b"<?xpacket begin=") == pdf.count(b"<?xpacket end=") == 1
        assert b"<fx:ConformanceLevel>EN 16931</fx:ConformanceLevel>" in pdf
        assert "/Filter" not in opened.Root.Metadata
        assert (opened.Root.Metadata.Type, opened.Root.Metadata.Subtype) == ("/Metadata", "/XML")


class TestFile:
    def test_colours_have_an_output_intent_with_its_profile(self, opened):
        [intent] = opened.Root.OutputIntents
        assert intent.S == "/GTS_PDFA1"
        assert intent.DestOutputProfile.read_bytes()[36:40] == b"acsp"  # an ICC profile

    def test_every_font_is_embedded(self, opened):
        descriptors = [
            each for each in opened.objects
            if isinstance(each, pikepdf.Dictionary) and each.get("/Type") == "/FontDescriptor"
        ]  # fmt: skip
        assert descriptors
        for each in descriptors:
            assert any(key in each for key in ("/FontFile", "/FontFile2", "/FontFile3"))
        fonts = [
            each for each in opened.objects
            if isinstance(each, pikepdf.Dictionary) and each.get("/Type") == "/Font"
            and each.get("/Subtype") != "/Type0"
        ]  # fmt: skip
        assert len(fonts) == len(descriptors)

    def test_it_is_tagged_in_a_language_with_a_title(self, opened):
        assert opened.Root.MarkInfo.Marked is True
        assert opened.Root.StructTreeRoot.Type == "/StructTreeRoot"
        assert str(opened.Root.Lang).startswith("de")
        assert opened.Root.ViewerPreferences.DisplayDocTitle is True
        assert all("/StructParents" in page for page in opened.pages)

    def test_nothing_is_encrypted_and_nothing_acts(self, opened):
        assert not opened.is_encrypted
        assert "/Encrypt" not in opened.trailer
        for key in ("/OpenAction", "/AA", "/AcroForm"):
            assert key not in opened.Root
        assert "/JavaScript" not in opened.Root.Names

    def test_another_library_finds_no_fault_in_its_structure(self, pdf, opened):
        assert pdf.startswith(b"%PDF-1.7\n%")
        assert opened.check_pdf_syntax() == []
        assert opened.get_warnings() == []

    def test_people_see_the_same_pages_as_without_the_xml(self, renderer, opened):
        plain = pikepdf.open(io.BytesIO(renderer.render(samples.german(), mark=None)))
        assert len(plain.pages) == len(opened.pages)
        for mine, theirs in zip(opened.pages, plain.pages, strict=True):
            assert mine.Contents.read_bytes() == theirs.Contents.read_bytes()

    def test_a_test_document_keeps_its_mark(self, renderer):
        drawn = hybrid_pdf(renderer, samples.hosted(), Mark.TEST, invented(), Profile.EN16931)
        opened = pikepdf.open(io.BytesIO(drawn))
        assert b"/Type/Background" in opened.pages[0].Contents.read_bytes()

    def test_a_logo_that_cannot_be_drawn_does_not_cost_the_xml(self, renderer):
        resource = samples.with_logo()
        resource["seller"]["logo"] = "<svg this is not"
        drawn = hybrid_pdf(renderer, resource, None, invented(), Profile.EN16931)
        assert xml_in(drawn) == invented()


class TestOtherReaders:
    @pytest.mark.parametrize("name", official())
    def test_factur_x_takes_out_the_same_xml(self, renderer, name):
        xml = official()[name]
        drawn = hybrid_pdf(renderer, samples.hosted(), None, xml, Profile.EN16931)
        assert facturx.get_facturx_xml_from_pdf(drawn, check_xsd=False) == ("factur-x.xml", xml)
        assert facturx.get_xml_from_pdf(drawn, check_xsd=False) == ("factur-x.xml", xml)
        assert xml_in(drawn) == xml

    def test_it_finds_an_xrechnung_by_its_name(self, renderer):
        xml = invented(Profile.XRECHNUNG)
        drawn = hybrid_pdf(renderer, samples.hosted(), None, xml, Profile.XRECHNUNG)
        assert facturx.get_xml_from_pdf(drawn, check_xsd=False) == ("xrechnung.xml", xml)


CHILD = """
from hashlib import sha256
from invx.contexts.invoicing.adapters.einvoice.hybrid import Profile, hybrid_pdf
from invx.contexts.invoicing.adapters.pdf import TypstRenderer
from tests.unit.invoicing.einvoice.hybrid.files import invented
from tests.unit.invoicing.pdf import samples
made = hybrid_pdf(TypstRenderer(), samples.german(), None, invented(), Profile.EN16931)
print(sha256(made).hexdigest())
"""


class TestSameBytes:
    def test_twice_in_one_process(self, renderer, pdf):
        for each in (renderer, TypstRenderer()):
            assert hybrid_pdf(each, samples.german(), None, invented(), Profile.EN16931) == pdf

    def test_in_another_process_another_zone_and_another_hash_seed(self, pdf, tmp_path):
        theirs = subprocess.run(
            [sys.executable, "-c", CHILD],
            cwd=tmp_path,
            env={
                "PATH": os.environ["PATH"],
                "PYTHONPATH": f"{Path(invx.__file__).parent.parent}{os.pathsep}{ROOT}",
                "TZ": "Pacific/Auckland",
                "PYTHONHASHSEED": "7",
            },
            capture_output=True,
            text=True,
            check=True,
        )
        assert theirs.stdout.strip() == sha256(pdf).hexdigest()

    def test_other_xml_makes_another_file_with_another_id(self, renderer, opened):
        other = invented().replace(b"R-1", b"R-2")
        drawn = hybrid_pdf(renderer, samples.german(), None, other, Profile.EN16931)
        mine, theirs = opened.trailer.ID, pikepdf.open(io.BytesIO(drawn)).trailer.ID
        assert bytes(mine[0]) == bytes(theirs[0])  # the same document,
        assert bytes(mine[1]) != bytes(theirs[1])  # another state of it
