"""PDF sheets by typst: PDF/A-3b and PDF/UA-1, ready to carry the XML of a hybrid invoice."""

import json
import threading
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import typst

from invx.contexts.invoicing.adapters.sheet.glyphs import Glyphs
from invx.contexts.invoicing.adapters.sheet.view import view
from invx.contexts.invoicing.adapters.wording import Mark
from invx.kernel.errors import violated

__all__ = ["Mark", "TypstRenderer"]

_HERE = Path(__file__).parent
_TEMPLATES = _HERE / "templates"
_FONTS = _HERE / "fonts"


class TypstRenderer:
    """Draws an invoice resource as a PDF.

    The same resource and mark give the same bytes, on any machine: the fonts are the bundled ones
    and those of `more_fonts`, and every date comes from the resource. A letter that no font has
    is drawn as □. `render` blocks for about 30 ms a page, without the interpreter lock while
    typst works: call it from a bounded thread pool. Each thread keeps a compiler of its own.
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

    def render(self, resource: Mapping[str, Any], *, mark: Mark | None) -> bytes:
        """The PDF of a resource of the API; what the resource lacks is left out."""
        sheet = view(resource, mark=mark)
        try:
            return self._compile(sheet)
        except typst.TypstError:
            if sheet["seller"]["logo"] is None:
                raise
            # A picture that cannot be read must not cost the document: the initial stands in.
            sheet["seller"]["logo"] = None
            return self._compile(sheet)

    def _compile(self, sheet: Mapping[str, Any]) -> bytes:
        data = self._glyphs.drawable(json.dumps(sheet, ensure_ascii=False))
        year, month, day = sheet["date"]
        pdf = self._compiler().compile(
            format="pdf",
            sys_inputs={"data": data},
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
