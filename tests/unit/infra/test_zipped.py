"""A ZIP that is made while it is sent."""

import io
import zipfile
from collections.abc import AsyncIterator

from hypothesis import given
from hypothesis import strategies as st

from invx.infra.zipped import ZippedFile, zipped

_FILES = st.dictionaries(
    st.text("abcä-2", min_size=1, max_size=8).map(lambda stem: f"{stem}.xml"),
    st.binary(max_size=2_000),
    max_size=5,
)


async def made(files: dict[str, bytes]) -> list[bytes]:
    async def each() -> AsyncIterator[ZippedFile]:
        for name, content in files.items():
            yield ZippedFile(name, content)

    return [part async for part in zipped(each())]


@given(_FILES)
async def test_what_goes_in_comes_out(files: dict[str, bytes]) -> None:
    whole = b"".join(await made(files))
    with zipfile.ZipFile(io.BytesIO(whole)) as archive:
        assert archive.testzip() is None
        assert {name: archive.read(name) for name in archive.namelist()} == files


async def test_each_file_leaves_memory_before_the_next_one_is_read() -> None:
    big = bytes(range(256)) * 400
    parts = await made({f"{number}.pdf": big for number in range(4)})
    assert len(parts) == 5
    assert all(len(part) < len(big) + 500 for part in parts)


async def test_the_same_files_make_the_same_zip() -> None:
    files = {"a.pdf": b"1", "b.xml": b"2" * 100}
    assert await made(files) == await made(files)
