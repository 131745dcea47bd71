"""The XML taken out of a stranger's PDF.

qpdf, which reads the file, is bounded for the whole process: what a compressed part may unfold to,
and how many items and errors a damaged file may have. It holds the interpreter lock while it
reads, and the standard has packings (LZW) that it does not bound: call this in a worker process
that has limits of time and memory, not in the server.
"""

import io
import zlib
from collections.abc import Iterator
from itertools import islice
from typing import Any

import pikepdf

from invx.contexts.invoicing.adapters.einvoice.errors import EInvoiceUnreadable
from invx.contexts.invoicing.adapters.einvoice.xml import FILE_BYTES_MAX

PDF_BYTES_MAX = 32_000_000
FILES_MAX = 1_000  # that are looked at
NODES_MAX = 1_000  # of the tree of names

# The names by which the standards know it, in lower case; the newest first. ZUGFeRD 1 and 2.0
# wrote the last one, in two ways.
NAMES = ("factur-x.xml", "xrechnung.xml", "zugferd-invoice.xml")

pikepdf.settings.set_qpdf_limits(
    doc_max_warnings=1_000,
    parser_max_container_size=1_000_000,
    flate_max_memory=64_000_000,
    png_max_memory=64_000_000,
    run_length_max_memory=64_000_000,
    tiff_max_memory=64_000_000,
)


def xml_in(pdf: bytes) -> bytes:
    """The XML of a hybrid invoice, byte for byte, not yet looked at.

    When a file carries several kinds, the newest of NAMES counts; two different files of one name
    are refused, for nobody can know which is meant. Raises EInvoiceUnreadable.
    """
    if len(pdf) > PDF_BYTES_MAX:
        raise EInvoiceUnreadable(f"the PDF is larger than {PDF_BYTES_MAX} bytes")
    try:
        with pikepdf.open(
            io.BytesIO(pdf), suppress_warnings=True, inherit_page_attributes=False
        ) as opened:
            if opened.is_encrypted:
                raise _encrypted()
            return _chosen(opened)
    except pikepdf.PasswordError:
        raise _encrypted() from None
    except (pikepdf.PdfError, pikepdf.ForeignObjectError, pikepdf.DeletedObjectError):
        raise EInvoiceUnreadable("it is not a PDF that can be read") from None


def answer(pdf: bytes) -> dict[str, Any]:
    """`xml_in` for a worker process (`opening`): a refusal is an answer too, and no error."""
    try:
        return {"xml": xml_in(pdf)}
    except EInvoiceUnreadable as refused:
        return {"refused": refused.detail}


def _chosen(pdf: pikepdf.Pdf) -> bytes:
    found: dict[str, list[pikepdf.Stream]] = {}
    others = []
    for name, content in islice(_files(pdf), FILES_MAX):
        if name.lower() in NAMES:
            found.setdefault(name.lower(), []).append(content)
        else:
            others.append(name)
    for name in NAMES:
        if name not in found:
            continue
        contents = {_unpacked(content, name) for content in found[name]}
        if len(contents) > 1:
            raise EInvoiceUnreadable(f"the PDF carries {len(contents)} different files {name}")
        return contents.pop()
    carried = f"it carries only {', '.join(map(repr, others[:5]))}" if others else "it carries none"
    raise EInvoiceUnreadable(f"the PDF has no file named {', '.join(NAMES)}: {carried}")


def _encrypted() -> EInvoiceUnreadable:
    return EInvoiceUnreadable("the PDF is encrypted, which a hybrid invoice must not be")


def _files(pdf: pikepdf.Pdf) -> Iterator[tuple[str, pikepdf.Stream]]:
    """Name and content of each attached file, each content once."""
    seen: set[tuple[int, int]] = set()
    for specification in _specifications(pdf):
        name = _first(specification, "/UF", "/F")
        content = _first(_entry(specification, "/EF"), "/UF", "/F")
        if not isinstance(name, pikepdf.String) or not isinstance(content, pikepdf.Stream):
            continue
        if content.objgen not in seen:
            seen.add(content.objgen)
            yield str(name), content


def _specifications(pdf: pikepdf.Pdf) -> Iterator[Any]:
    """The file specifications that the document names as its own, then those of the name tree."""
    yield from _items(_entry(pdf.Root, "/AF"))
    pending = [_entry(_entry(pdf.Root, "/Names"), "/EmbeddedFiles")]
    for _ in range(NODES_MAX):  # bounds also a tree that bites its tail
        if not pending:
            return
        node = pending.pop()
        yield from islice(_items(_entry(node, "/Names")), 1, None, 2)
        pending += _items(_entry(node, "/Kids"))


def _entry(holder: Any, key: str) -> Any:
    return holder.get(key) if isinstance(holder, pikepdf.Dictionary) else None


def _first(holder: Any, *keys: str) -> Any:
    return next((held for key in keys if (held := _entry(holder, key)) is not None), None)


def _items(array: Any) -> list[Any]:
    if not isinstance(array, pikepdf.Array):
        return []
    return [array[place] for place in range(min(len(array), 2 * FILES_MAX))]


def _unpacked(content: pikepdf.Stream, name: str) -> bytes:
    """The content of an attached file, never more of it than an invoice may be long."""
    filters = _first(content.stream_dict, "/Filter")
    packed = [str(each) for each in _items(filters)] or ([] if filters is None else [str(filters)])
    parameters = _first(content.stream_dict, "/DecodeParms")
    raw = content.read_raw_bytes()
    if packed == ["/FlateDecode"] and _entry(parameters, "/Predictor") in (None, 1):
        unfold = zlib.decompressobj()
        try:
            raw = unfold.decompress(raw, FILE_BYTES_MAX + 1)
        except zlib.error:
            raise EInvoiceUnreadable(f"{name} in the PDF is damaged") from None
    elif packed:
        raise EInvoiceUnreadable(f"{name} is packed by {', '.join(packed)}, which is not read")
    if len(raw) > FILE_BYTES_MAX:
        raise EInvoiceUnreadable(f"{name} in the PDF is larger than {FILE_BYTES_MAX} bytes")
    return raw
