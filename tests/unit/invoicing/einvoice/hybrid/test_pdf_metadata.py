"""The metadata exchanged in the bytes: the rest of the file stays, and nothing else is touched."""

import io
import re
import time

import pikepdf
import pytest

from invx.contexts.invoicing.adapters.einvoice.xmp import declared
from invx.contexts.invoicing.adapters.pdf import TypstRenderer
from invx.contexts.invoicing.adapters.pdf_metadata import with_metadata
from invx.kernel.errors import InvariantViolation
from tests.pace import slower
from tests.unit.invoicing.einvoice.hybrid.files import blank, made
from tests.unit.invoicing.pdf import samples


@pytest.fixture(scope="module")
def drawn():
    return TypstRenderer().render(samples.long_table(60), mark=None)


def objects(pdf):
    """Every object but the metadata, written out, and its stream as it stands in the file."""
    opened = pikepdf.open(io.BytesIO(pdf))
    return [
        (each.objgen, each.unparse(), each.read_raw_bytes() if _is_stream(each) else b"")
        for each in opened.objects
        if not (_is_stream(each) and each.get("/Type") == "/Metadata")
    ]


def _is_stream(each):
    return isinstance(each, pikepdf.Stream)


def test_the_packet_is_handed_over_whole(drawn):
    seen = []
    with_metadata(drawn, lambda packet: seen.append(packet) or packet)
    [packet] = seen
    assert packet == pikepdf.open(io.BytesIO(drawn)).Root.Metadata.read_bytes()
    assert packet.startswith(b"<?xpacket begin=")
    assert packet.endswith(b'<?xpacket end="r"?>')


def test_the_same_packet_gives_the_same_file(drawn):
    assert with_metadata(drawn, lambda packet: packet) == drawn


@pytest.mark.parametrize("packet", [b"<x/>", b"<x>" + b"y" * 100_000 + b"</x>", b""])
def test_a_shorter_or_longer_one_leaves_every_other_object_as_it_is(drawn, packet):
    changed = with_metadata(drawn, lambda _: packet)
    opened = pikepdf.open(io.BytesIO(changed))
    assert opened.Root.Metadata.read_raw_bytes() == packet
    assert opened.check_pdf_syntax() == []
    assert opened.get_warnings() == []
    assert objects(changed) == objects(drawn)


def test_the_table_names_the_place_of_every_object(drawn):
    changed = with_metadata(drawn, lambda packet: packet + b" " * 12345)
    start = int(re.search(rb"startxref\n(\d+)\n%%EOF$", changed)[1])
    head = re.match(rb"xref\n0 (\d+)\n", changed[start:])
    rows = changed[start + head.end() :]
    assert changed[start + head.end() + 20 * int(head[1]) :].startswith(b"trailer")
    for number in range(1, int(head[1])):
        place = int(rows[20 * number : 20 * number + 10])
        assert changed[place:].startswith(b"%d 0 obj" % number)


def test_a_file_can_be_changed_again(drawn):
    once = with_metadata(drawn, lambda packet: packet + b" 1")
    assert with_metadata(once, lambda packet: packet[:-2]) == drawn


@pytest.mark.parametrize(
    "spoil",
    [
        lambda pdf: b"",
        lambda pdf: pdf[:-200],
        lambda pdf: pdf.replace(b"trailer\n", b"Trailer\n"),
        lambda pdf: pdf.replace(b"/Root ", b"/Tree "),
        lambda pdf: pdf.replace(b"/Type/Metadata", b"/Type/Mettdata"),
        lambda pdf: pdf.replace(b"/Metadata ", b"/Mettdata "),
        lambda pdf: re.sub(rb"startxref\n\d+", b"startxref\n17", pdf),
        lambda pdf: made(blank()),
    ],
)
def test_a_file_of_any_other_layout_is_our_defect(drawn, spoil):
    with pytest.raises(InvariantViolation, match="a PDF of typst without the expected"):
        with_metadata(spoil(drawn), lambda packet: packet)


def test_metadata_without_a_list_of_schemas_are_our_defect(drawn):
    with pytest.raises(InvariantViolation, match="extension schemas"):
        with_metadata(drawn, lambda packet: declared(packet.replace(b":schemas", b":schemes"), {}))


def test_a_long_document_is_changed_in_less_time_than_the_event_loop_may_be_held():
    """The event loop may be held 20 ms. A PDF library held it 100 ms at this length."""
    long = TypstRenderer().render(samples.long_table(1500), mark=None)
    spent = []
    for _ in range(3):  # whatever else the thread has to do meanwhile, it does once
        began = time.thread_time()
        with_metadata(long, lambda packet: packet + b" ")
        spent.append(time.thread_time() - began)
    assert min(spent) < 0.02 * slower()
