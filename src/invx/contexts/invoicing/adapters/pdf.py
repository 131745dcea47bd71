"""PDF sheets by typst: PDF/A-3b and PDF/UA-1, ready to carry the XML of a hybrid invoice."""

import json
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Any

import typst

from invx.contexts.invoicing.adapters.sheet.glyphs import Glyphs
from invx.contexts.invoicing.adapters.sheet.view import view
from invx.contexts.invoicing.adapters.wording import Mark
from invx.kernel.errors import violated

__all__ = ["AttachedFile", "Mark", "Relationship", "TypstRenderer"]

_HERE = Path(__file__).parent
_TEMPLATES = _HERE / "templates"
_FONTS = _HERE / "fonts"

# typst keeps what it computed for its last ten compilations, in one memory for all threads, and
# that is 0.1 MB a row: ten invoices of 10,000 lines would hold 10 GB.
_LONG_ROWS = 200
_MEMORY_RUNS = 11


class Relationship(StrEnum):
    """What an attached file is to the document (ISO 32000-2, 14.13.2)."""

    ALTERNATIVE = "alternative"  # says the same in another form
    DATA = "data"  # says a part of it


@dataclass(frozen=True, slots=True)
class AttachedFile:
    """An XML file inside a PDF. It is text in UTF-8: typst takes no other."""

    name: str
    content: bytes
    relationship: Relationship
    description: str


class TypstRenderer:
    """Draws an invoice resource as a PDF.

    The same resource and mark give the same bytes, on any machine: the fonts are the bundled ones
    and those of `more_fonts`, and every date comes from the resource. A letter that no font has
    is drawn as □. `render` blocks for about 30 ms a page, without the interpreter lock while
    typst works: call it from a bounded thread pool. Each thread keeps a compiler of its own. Long
    documents are drawn one at a time and then forgotten, so that their memory does not add up.
    """

    def __init__(self, *, more_fonts: Sequence[Path] = ()) -> None:
        folders = [_FONTS, *more_fonts]
        self._fonts = typst.Fonts(
            include_system_fonts=False,
            include_embedded_fonts=False,
            font_paths=[str(folder) for folder in folders],
        )
        self._glyphs = Glyphs.of(folders)
        self._local = threading.local()
        self._long = threading.Lock()

    def render(
        self,
        resource: Mapping[str, Any],
        *,
        mark: Mark | None,
        attachment: AttachedFile | None = None,
    ) -> bytes:
        """The PDF of a resource of the API; what the resource lacks is left out."""
        sheet = view(resource, mark=mark)
        inputs = {} if attachment is None else _inputs_of(attachment)
        if len(sheet["rows"]) < _LONG_ROWS:
            return self._drawn(sheet, inputs)
        with self._long:
            try:
                return self._drawn(sheet, inputs)
            finally:
                self._forget()

    def _forget(self) -> None:
        """Let typst age until nothing of the last document is left; what all share stays warm."""
        empty = view({}, mark=None)
        for _ in range(_MEMORY_RUNS):
            self._compile(empty, {})

    def _drawn(self, sheet: dict[str, Any], inputs: Mapping[str, str]) -> bytes:
        try:
            return self._compile(sheet, inputs)
        except typst.TypstError:
            if sheet["seller"]["logo"] is None:
                raise
            # A picture that cannot be read must not cost the document: the initial stands in.
            sheet["seller"]["logo"] = None
            return self._compile(sheet, inputs)

    def _compile(self, sheet: Mapping[str, Any], inputs: Mapping[str, str]) -> bytes:
        data = self._glyphs.drawable(json.dumps(sheet, ensure_ascii=False))
        year, month, day = sheet["date"]
        pdf = self._compiler().compile(
            format="pdf",
            sys_inputs={"data": data, **inputs},
            pdf_standards=["a-3b", "ua-1"],
            timestamp=datetime(year, month, day, tzinfo=UTC),
        )
        if not isinstance(pdf, bytes):
            violated("typst returned no document")
        return pdf

    def _compiler(self) -> typst.Compiler:
        # A compiler refuses a second thread while it works, so none is shared.
        compiler: typst.Compiler | None = getattr(self._local, "compiler", None)
        if compiler is None:
            compiler = typst.Compiler(
                str(_TEMPLATES / "invoice.typ"),
                root=str(_TEMPLATES),
                font_paths=self._fonts,
                ignore_system_fonts=True,
            )
            self._local.compiler = compiler
        return compiler


def _inputs_of(attachment: AttachedFile) -> dict[str, str]:
    """What the template reads of a file; its text goes beside the JSON, so that it stays as is."""
    described = {
        "name": attachment.name,
        "relationship": str(attachment.relationship),
        "description": attachment.description,
    }
    return {"attachment": json.dumps(described), "attached": attachment.content.decode()}
