"""PDFs as facts: rendered in a bounded pool of threads, outside any transaction (E2)."""

import asyncio
import hashlib
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import msgspec

from invx.contexts.invoicing.adapters.einvoice.hybrid import Profile, hybrid_pdf
from invx.contexts.invoicing.adapters.pdf import Mark, TypstRenderer
from invx.contexts.invoicing.domain.content import DocumentType
from invx.contexts.invoicing.domain.document import Document
from invx.contexts.invoicing.domain.document_events import Mode
from invx.infra.facts import Answered
from invx.kernel.ports import Fact

PORT = "renderer"

ResourceOf = Callable[[Document], dict[str, Any]]


class PdfRendering:
    """Names the facts; see `app.ports.Rendering`."""

    def __init__(self, resource_of: ResourceOf) -> None:
        self._resource_of = resource_of

    def pdf(self, document: Document) -> Fact:
        """The fact whose answer is the PDF of a finalized document, as bytes."""
        return _asked(document, (self._resource_of(document), mark_of(document)))

    def hybrid(self, document: Document, xml: bytes, profile: str) -> Fact:
        """The fact whose answer is the PDF with `xml` in it (`hybrid.Profile`), as bytes."""
        question = (self._resource_of(document), mark_of(document), xml.decode(), Profile(profile))
        return _asked(document, question)


def _asked(document: Document, question: tuple[Any, ...]) -> Fact:
    fingerprint = hashlib.sha256(msgspec.json.encode(question, order="sorted")).hexdigest()
    return Fact(PORT, str(document.id), fingerprint, question)


def mark_of(document: Document) -> Mark | None:
    """What stands across the page of a document that is not, or not yet, a legal one."""
    if document.number is None:
        return Mark.DRAFT
    if document.mode is Mode.TEST:
        return Mark.TEST
    return Mark.PROFORMA if document.content.type is DocumentType.PROFORMA else None


class RenderingPool:
    """Renders PDFs; also the provider of the rendering facts."""

    def __init__(self, renderer: TypstRenderer, threads: int) -> None:
        self._renderer = renderer
        self._threads = ThreadPoolExecutor(threads, thread_name_prefix="render")

    async def render(
        self,
        resource: dict[str, Any],
        mark: Mark | None,
        xml: str | None = None,
        profile: Profile = Profile.EN16931,
    ) -> bytes:
        """The PDF of a resource; with `xml`, a hybrid one of this profile."""

        def draw() -> bytes:
            if xml is None:
                return self._renderer.render(resource, mark=mark)
            return hybrid_pdf(self._renderer, resource, mark, xml.encode(), profile)

        return await asyncio.get_running_loop().run_in_executor(self._threads, draw)

    async def obtain(self, facts: Sequence[Fact]) -> list[Answered]:
        """One PDF per fact; what is kept as evidence is its hash."""
        made = await asyncio.gather(*(self.render(*fact.question) for fact in facts))
        return [
            Answered(fact, pdf, "typst", {"sha256": hashlib.sha256(pdf).hexdigest()})
            for fact, pdf in zip(facts, made, strict=True)
        ]

    def close(self) -> None:
        """Finish what is being rendered."""
        self._threads.shutdown()
