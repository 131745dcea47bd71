"""Zip archives, and the documents of a DATEV package."""

import io
import zipfile
from datetime import UTC, date, datetime
from uuid import UUID

from lxml import etree

from invx.contexts.invoicing.adapters.accounting.document_package import Packed, document_xml
from invx.infra.zip_stream import ZipStream

NS = {"d": "http://xml.datev.de/bedi/tps/document/v06.0"}
TYPE = "{http://www.w3.org/2001/XMLSchema-instance}type"


def _archive() -> bytes:
    archive = ZipStream()
    parts = [archive.add("a.pdf", b"%PDF" * 1000, date(2026, 11, 5), squeeze=False)]
    with archive.open("b.csv") as file:
        for number in range(100):
            file.write(b"%d;x\r\n" % number)
            parts.append(archive.drain())
    parts += [archive.drain(), archive.close()]
    return b"".join(parts)


def test_an_archive_in_pieces_is_one_that_everybody_reads() -> None:
    with zipfile.ZipFile(io.BytesIO(_archive())) as archive:
        assert archive.testzip() is None
        assert archive.namelist() == ["a.pdf", "b.csv"]
        assert archive.read("b.csv").splitlines()[99] == b"99;x"
        assert archive.getinfo("a.pdf").date_time[:3] == (2026, 11, 5)


def test_the_same_content_gives_the_same_bytes() -> None:
    assert _archive() == _archive()


def test_bytes_come_before_the_end() -> None:
    archive = ZipStream()
    assert len(archive.add("a.pdf", b"x" * 10_000, squeeze=False)) > 10_000
    assert archive.drain() == b""


def test_each_document_has_the_guid_that_its_booking_names() -> None:
    document = Packed(UUID(int=7), "RE/2026 #1", date(2026, 11, 5))
    root = etree.fromstring(document_xml([document], datetime(2026, 12, 1, 9, 30, tzinfo=UTC)))
    assert root.tag == f"{{{NS['d']}}}archive"
    assert (root.get("version"), root.get("generatingSystem")) == ("6.0", "Invx")
    assert root.findtext("d:header/d:date", namespaces=NS) == "2026-12-01T09:30:00"
    [told] = root.findall("d:content/d:document", NS)
    assert told.attrib == {
        "guid": "00000000-0000-0000-0000-000000000007",
        "type": "2",
        "processID": "1",
    }
    [file] = told
    assert (file.get(TYPE), file.get("name")) == ("File", "RE-2026--1_000000000007.pdf")
