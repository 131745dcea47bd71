"""XML out of PDFs of strangers: by its names, bounded, and with a clear reason when it fails."""

import io
import random
import zlib

import pikepdf
import pytest
from pikepdf import Array, Dictionary, Encryption, Name, String

from invx.contexts.invoicing.adapters.einvoice.attached import FILES_MAX, PDF_BYTES_MAX, xml_in
from invx.contexts.invoicing.adapters.einvoice.errors import EInvoiceUnreadable
from invx.contexts.invoicing.adapters.einvoice.hybrid import Profile, hybrid_pdf
from invx.contexts.invoicing.adapters.einvoice.xml import FILE_BYTES_MAX
from invx.contexts.invoicing.adapters.pdf import TypstRenderer
from tests.unit.invoicing.einvoice.hybrid.files import (
    blank,
    carrying,
    invented,
    made,
    specification,
)
from tests.unit.invoicing.pdf import samples

XML = invented()
OTHER = XML.replace(b"R-1", b"R-2")


def packed(start, zeros=0):
    """`start` and so many zeros behind it, packed; they are never all in memory at once."""
    packer = zlib.compressobj(9)
    block = bytes(1_000_000)
    parts = [packer.compress(start), *(packer.compress(block) for _ in range(zeros // len(block)))]
    return b"".join(parts) + packer.flush()


def refused(pdf):
    with pytest.raises(EInvoiceUnreadable) as caught:
        xml_in(pdf)
    return str(caught.value)


class TestNames:
    @pytest.mark.parametrize(
        "name",
        [
            "factur-x.xml", "xrechnung.xml", "zugferd-invoice.xml", "ZUGFeRD-invoice.xml",
            "Factur-X.xml",
        ],
    )  # fmt: skip
    def test_each_standard_name_is_found(self, name):
        assert xml_in(carrying(("terms.pdf", b"%PDF"), (name, XML), ("zz.txt", b"hi"))) == XML

    def test_the_newest_standard_counts(self):
        both = carrying(("ZUGFeRD-invoice.xml", OTHER), ("factur-x.xml", XML))
        assert xml_in(both) == XML

    def test_two_different_files_of_one_name_are_nobodys_guess(self):
        text = refused(carrying(("factur-x.xml", XML), ("Factur-X.xml", OTHER)))
        assert "2 different files factur-x.xml" in text

    def test_the_same_file_twice_is_one(self):
        assert xml_in(carrying(("factur-x.xml", XML), ("FACTUR-X.XML", XML))) == XML

    def test_a_pdf_without_files_says_so(self):
        text = refused(made(blank()))
        assert "no file named factur-x.xml, xrechnung.xml, zugferd-invoice.xml" in text
        assert "it carries none" in text

    def test_a_pdf_with_other_files_names_some_of_them(self):
        text = refused(carrying(*((f"plan {number}.dwg", b"x") for number in range(9))))
        assert "it carries only 'plan 0.dwg', 'plan 1.dwg'" in text
        assert "plan 8" not in text


class TestPlaces:
    def test_a_file_that_only_the_catalogue_names_is_found(self):
        pdf = blank()
        pdf.Root.AF = Array([specification(pdf, "factur-x.xml", XML)])
        assert xml_in(made(pdf)) == XML

    def test_a_file_in_a_branch_of_the_name_tree_is_found(self):
        pdf = blank()
        leaf = Dictionary(Names=Array([String("a"), specification(pdf, "factur-x.xml", XML)]))
        branch = pdf.make_indirect(Dictionary(Kids=Array([pdf.make_indirect(leaf)])))
        pdf.Root.Names = Dictionary(EmbeddedFiles=Dictionary(Kids=Array([branch])))
        assert xml_in(made(pdf)) == XML

    def test_a_file_that_is_not_packed_is_found(self):
        pdf = blank()
        file = specification(pdf, "factur-x.xml", b"")
        file.EF.F.write(XML)
        pdf.Root.AF = Array([file])
        assert xml_in(made(pdf, compress_streams=False)) == XML

    def test_a_file_among_objects_in_a_compressed_stream_is_found(self):
        packed = pikepdf.open(io.BytesIO(carrying(("factur-x.xml", XML))))
        options = {"object_stream_mode": pikepdf.ObjectStreamMode.generate}
        assert xml_in(made(packed, **options)) == XML

    def test_an_old_name_without_unicode_is_enough(self):
        pdf = blank()
        file = specification(pdf, "factur-x.xml", XML)
        del file.UF
        pdf.Root.AF = Array([file])
        assert xml_in(made(pdf)) == XML


class TestDanger:
    def test_what_is_no_pdf_is_said_to_be_none(self):
        for data in (b"", b"\0" * 1000, XML, b"%PDF-1.7\n", b"PK\x03\x04" + bytes(100)):
            assert "not a PDF" in refused(data)

    def test_a_huge_file_is_not_even_opened(self):
        assert "larger than" in refused(bytes(PDF_BYTES_MAX + 1))

    @pytest.mark.parametrize("user", ["", "secret"])
    def test_an_encrypted_file_is_refused_with_or_without_a_password(self, user):
        pdf = pikepdf.open(io.BytesIO(carrying(("factur-x.xml", XML))))
        locked = made(pdf, encryption=Encryption(owner="owner", user=user))
        assert "encrypted" in refused(locked)

    def test_an_attachment_is_unfolded_no_further_than_an_invoice_is_long(self):
        pdf = blank()
        file = specification(pdf, "factur-x.xml", b"")
        file.EF.F.write(packed(b"", FILE_BYTES_MAX + 1_000_000), filter=Name.FlateDecode)
        pdf.Root.AF = Array([file])
        bomb = made(pdf)
        assert len(bomb) < 100_000
        assert f"larger than {FILE_BYTES_MAX}" in refused(bomb)

    def test_a_compressed_stream_of_objects_is_unfolded_no_further_than_its_bound(self):
        assert "it carries none" in refused(_hidden_catalogue(1_000_000))
        assert "not a PDF" in refused(_hidden_catalogue(100_000_000))

    def test_packings_that_are_not_bounded_are_refused(self):
        for filters in (Name.LZWDecode, Array([Name.FlateDecode, Name.FlateDecode])):
            pdf = blank()
            pdf.Root.AF = Array([specification(pdf, "factur-x.xml", XML, Filter=filters)])
            assert "is not read" in refused(made(pdf))
        pdf = blank()
        predicted = Dictionary(Predictor=12, Columns=5)
        pdf.Root.AF = Array([specification(pdf, "factur-x.xml", XML, DecodeParms=predicted)])
        assert "is not read" in refused(made(pdf))

    def test_a_damaged_attachment_is_said_to_be_damaged(self):
        pdf = blank()
        file = specification(pdf, "factur-x.xml", b"")
        file.EF.F.write(b"this is not deflated", filter=Name.FlateDecode)
        pdf.Root.AF = Array([file])
        assert "damaged" in refused(made(pdf))

    def test_a_tree_that_bites_its_tail_ends(self):
        pdf = blank()
        node = pdf.make_indirect(Dictionary())
        node.Kids = Array([node, node, node])
        pdf.Root.Names = Dictionary(EmbeddedFiles=node)
        assert "it carries none" in refused(made(pdf))

    def test_of_too_many_files_only_the_first_are_looked_at(self):
        pdf = blank()
        many = [specification(pdf, f"{number}.txt", b"x") for number in range(FILES_MAX)]
        pdf.Root.AF = Array([*many, specification(pdf, "factur-x.xml", XML)])
        assert "it carries only" in refused(made(pdf))

    @pytest.mark.parametrize(
        "root",
        [
            Dictionary(AF=7), Dictionary(AF=Array([1, "x", Array()])),
            Dictionary(AF=Array([Dictionary(UF=1, EF=2)])),
            Dictionary(AF=Array([Dictionary(UF="factur-x.xml", EF=Dictionary(F=1))])),
            Dictionary(Names=1), Dictionary(Names=Dictionary(EmbeddedFiles="x")),
            Dictionary(Names=Dictionary(EmbeddedFiles=Dictionary(Names=3, Kids=Dictionary()))),
            Dictionary(Names=Dictionary(EmbeddedFiles=Dictionary(Names=Array(["x"]), Kids="x"))),
        ],
    )  # fmt: skip
    def test_entries_of_a_wrong_kind_are_no_files(self, root):
        pdf = blank()
        for key, value in root.items():
            pdf.Root[key] = value
        assert "it carries none" in refused(made(pdf))

    def test_deep_nesting_and_loops_of_tables_end(self):
        tail = b"\nendobj\ntrailer<</Root 1 0 R>>\nstartxref\n9\n%%EOF"
        assert "not a PDF" in refused(b"%PDF-1.7\n1 0 obj\n" + b"[" * 1_000_000 + tail)
        table = b"xref\n0 1\n0000000000 65535 f \ntrailer<</Root 1 0 R/Size 1/Prev 9>>\n"
        assert "not a PDF" in refused(b"%PDF-1.7\n" + table + b"startxref\n9\n%%EOF")

    def test_a_file_with_any_bytes_broken_is_read_or_refused_and_nothing_else(self):
        whole = hybrid_pdf(TypstRenderer(), samples.hosted(), None, XML, Profile.EN16931)
        chance = random.Random(6)
        outcomes = {"read": 0, "refused": 0}
        for _ in range(300):
            broken = bytearray(whole)
            for _ in range(chance.choice((1, 30, 1000))):
                broken[chance.randrange(len(broken))] = chance.randrange(256)
            if chance.random() < 0.5:
                del broken[chance.randrange(len(broken)) :]
            try:
                outcomes["read"] += bool(xml_in(bytes(broken)))
            except EInvoiceUnreadable:
                outcomes["refused"] += 1
        assert min(outcomes.values()) > 10, outcomes


def _hidden_catalogue(zeros):
    """A PDF whose catalogue stands in a compressed stream, with so many zeros behind it."""
    stream = packed(b"5 0 <</Type/Catalog/Pages 2 0 R>>", zeros)
    parts = {
        3: b"<</Type/ObjStm/N 1/First 4/Filter/FlateDecode/Length %d>>stream\n%s\nendstream"
        % (len(stream), stream),
        2: b"<</Type/Pages/Kids[1 0 R]/Count 1>>",
        1: b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 9 9]>>",
    }
    out, places = b"%PDF-1.7\n", {}
    for number, body in parts.items():
        places[number] = len(out)
        out += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    places[4] = len(out)
    rows = b"\0\0\0\0\0\xff" + b"".join(
        b"\1" + places[number].to_bytes(4, "big") + b"\0" for number in (1, 2, 3, 4)
    )
    rows += b"\2\0\0\0\3\0"
    table = b"<</Type/XRef/Size 6/W[1 4 1]/Root 5 0 R/Length %d>>stream\n%s\nendstream"
    out += b"4 0 obj\n" + table % (len(rows), rows) + b"\nendobj\n"
    return out + b"startxref\n%d\n%%%%EOF" % places[4]
