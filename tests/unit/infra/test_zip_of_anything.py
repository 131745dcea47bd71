"""ZIPs whose files have odd names, none at all, or a reader who leaves."""

import io
import zipfile
from collections.abc import AsyncIterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from invx.infra.zipped import ZippedFile, zipped

_NAMES = st.text(
    st.characters(blacklist_categories=["Cs", "Cc"], blacklist_characters="/\\"), min_size=1
)


class Source:
    """Files one after another; knows how many were read, and whether it was closed."""

    def __init__(self, files: dict[str, bytes]) -> None:
        self.files = files
        self.read = 0
        self.closed = False

    async def __call__(self) -> AsyncIterator[ZippedFile]:
        try:
            for name, content in self.files.items():
                self.read += 1
                yield ZippedFile(name, content)
        finally:
            self.closed = True


async def opened(files: dict[str, bytes]) -> dict[str, bytes]:
    whole = b"".join([part async for part in zipped(Source(files)())])
    with zipfile.ZipFile(io.BytesIO(whole)) as archive:
        assert archive.testzip() is None
        return {entry.filename: archive.read(entry) for entry in archive.infolist()}


@given(st.dictionaries(_NAMES, st.binary(max_size=300), max_size=6))
async def test_any_name_comes_back(files: dict[str, bytes]) -> None:
    assert await opened(files) == files


async def test_no_files_are_an_empty_zip() -> None:
    assert await opened({}) == {}


@pytest.mark.parametrize("size", [0, 1, 65_535, 65_536, 1_000_000])
@pytest.mark.parametrize("end", ["pdf", "xml"])
async def test_any_size_comes_back(size: int, end: str) -> None:
    files = {f"a.{end}": b"x" * size, f"b.{end}": b"y"}
    assert await opened(files) == files


async def test_a_pdf_is_stored_as_it_is_and_xml_is_compressed() -> None:
    content = b"<a>" * 5_000
    parts = [part async for part in zipped(Source({"a.pdf": content, "a.xml": content})())]
    with zipfile.ZipFile(io.BytesIO(b"".join(parts))) as archive:
        pdf, xml = archive.infolist()
        assert (pdf.compress_size, xml.file_size) == (len(content), len(content))
        assert xml.compress_size < 500


async def test_a_reader_who_leaves_has_nothing_more_read() -> None:
    source = Source({f"{number}.pdf": b"x" for number in range(100)})
    files = source()
    parts = zipped(files)
    await anext(parts)
    await parts.aclose()  # type: ignore[attr-defined]
    await files.aclose()  # type: ignore[attr-defined]
    assert (source.read, source.closed) == (1, True)


async def test_a_source_that_fails_fails_the_whole() -> None:
    """A ZIP that lacks files must not look like a sound one."""

    async def failing() -> AsyncIterator[ZippedFile]:
        yield ZippedFile("a.pdf", b"1")
        raise ConnectionError

    sent = bytearray()

    async def take() -> None:
        async for part in zipped(failing()):
            sent.extend(part)

    with pytest.raises(ConnectionError):
        await take()
    assert sent
    with pytest.raises(zipfile.BadZipFile):
        zipfile.ZipFile(io.BytesIO(sent))
