"""PDFs as facts: the same question has the same fingerprint, and the answer's hash is evidence."""

import asyncio
import hashlib
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any, cast

import msgspec
import pytest

from invx.contexts.invoicing.adapters.pdf import TypstRenderer
from invx.contexts.invoicing.adapters.rendering import PORT, PdfRendering, RenderingPool, mark_of
from invx.contexts.invoicing.adapters.wording import Mark
from invx.contexts.invoicing.domain.content import DocumentType
from invx.contexts.invoicing.domain.document import Document
from invx.contexts.invoicing.domain.document_events import DraftCreated, Mode
from invx.contexts.invoicing.read.resource import issued_resource
from invx.kernel.ports import Fact
from tests.unit.invoicing.domain.drafts import NOW, content, drafted, finalize, line
from tests.waiting import HANG_SECONDS

RENDERING = PdfRendering(issued_resource)


def document(*, mode: Mode = Mode.LIVE, kind: DocumentType = DocumentType.INVOICE) -> Document:
    draft = drafted(content(line("1", "100"), type=kind))
    [created] = draft.recorded
    assert isinstance(created, DraftCreated)
    return Document.rehydrate(draft.id, [replace(created, mode=mode)])


@dataclass(slots=True)
class Press:
    """Stands for the renderer: prints the number of the question, or breaks."""

    seen: list[tuple[Any, Any]] = field(default_factory=list)
    threads: set[str] = field(default_factory=set)
    began: threading.Event = field(default_factory=threading.Event)
    gate: threading.Barrier | None = None

    def render(self, resource: dict[str, Any], *, mark: Mark | None = None) -> bytes:
        self.threads.add(threading.current_thread().name)
        self.began.set()
        if self.gate is not None:
            self.gate.wait(timeout=HANG_SECONDS)
        if resource.get("number") == "broken":
            raise ValueError("cannot be drawn")
        self.seen.append((resource, mark))
        return f"%PDF {resource['number']} {mark}".encode()


@pytest.fixture
def press() -> Press:
    return Press()


@pytest.fixture
def pool(press: Press) -> Iterator[RenderingPool]:
    made = RenderingPool(cast("TypstRenderer", press), 2)
    yield made
    made.close()


def asked(number: str, mark: Mark | None = None) -> Fact:
    return Fact(PORT, number, f"fingerprint of {number}", ({"number": number}, mark))


class TestMarks:
    @pytest.mark.parametrize(
        "mode,kind,mark",
        [
            (Mode.LIVE, DocumentType.INVOICE, None),
            (Mode.LIVE, DocumentType.PROFORMA, Mark.PROFORMA),
            (Mode.TEST, DocumentType.INVOICE, Mark.TEST),
            (Mode.TEST, DocumentType.PROFORMA, Mark.TEST),
        ],
    )
    def test_only_a_live_legal_document_is_without_a_mark(self, mode, kind, mark):
        draft = document(mode=mode, kind=kind)
        assert mark_of(draft) is Mark.DRAFT
        assert mark_of(finalize(draft)) is mark


class TestFacts:
    def test_the_fact_is_about_the_document_and_asks_for_what_was_issued(self):
        issued = finalize(document())
        fact = RENDERING.pdf(issued)
        assert (fact.port, fact.key) == (PORT, str(issued.id))
        assert fact.question == (issued_resource(issued), None)

    def test_what_happens_later_asks_no_other_question(self):
        issued = finalize(document())
        before = RENDERING.pdf(issued).fingerprint
        issued.mark_released(NOW, how="email")
        assert RENDERING.pdf(issued).fingerprint == before

    def test_every_word_and_the_mark_make_another_question(self):
        live, test = finalize(document()), finalize(document(mode=Mode.TEST))
        asked = [live, test, finalize(document(), number="2026-0002"), document()]
        assert len({RENDERING.pdf(each).fingerprint for each in asked}) == len(asked)

    def test_the_order_of_fields_makes_no_other_question(self):
        issued = finalize(document())

        def backwards(each: Document) -> dict[str, Any]:
            return dict(reversed(issued_resource(each).items()))

        assert PdfRendering(backwards).pdf(issued).fingerprint == RENDERING.pdf(issued).fingerprint

    def test_a_question_can_be_asked_of_another_process(self):
        question = RENDERING.pdf(finalize(document())).question
        resource, mark = msgspec.json.decode(msgspec.json.encode(question))
        assert (resource["number"], mark) == ("2026-0001", None)


class TestPool:
    async def test_each_fact_gets_its_own_pdf_in_the_order_asked(self, pool, press):
        facts = [asked("1"), asked("2", Mark.TEST), asked("3")]
        answered = await pool.obtain(facts)
        assert [each.fact for each in answered] == facts
        assert [each.value for each in answered] == [
            b"%PDF 1 None", f"%PDF 2 {Mark.TEST}".encode(), b"%PDF 3 None",
        ]  # fmt: skip
        assert len(press.seen) == 3

    async def test_what_is_kept_as_evidence_is_the_hash_of_the_bytes(self, pool):
        [answered] = await pool.obtain([asked("1")])
        assert answered.evidence == {"sha256": hashlib.sha256(b"%PDF 1 None").hexdigest()}
        assert answered.source == "typst"

    async def test_nothing_is_drawn_on_the_event_loop_and_two_at_once(self, press):
        press.gate = threading.Barrier(2)
        pool = RenderingPool(cast("TypstRenderer", press), 2)
        await pool.obtain([asked("1"), asked("2")])
        pool.close()
        assert len(press.threads) == 2
        assert threading.main_thread().name not in press.threads

    async def test_a_document_that_cannot_be_drawn_fails_alone(self, pool):
        with pytest.raises(ValueError, match="cannot be drawn"):
            await pool.obtain([asked("broken")])
        [answered] = await pool.obtain([asked("1")])
        assert answered.value == b"%PDF 1 None"

    async def test_closing_waits_for_what_is_being_drawn(self, press):
        press.gate = threading.Barrier(2)
        pool = RenderingPool(cast("TypstRenderer", press), 1)
        drawing = asyncio.create_task(pool.render({"number": "7"}, None))
        await asyncio.to_thread(press.began.wait, HANG_SECONDS)
        closing = asyncio.get_running_loop().run_in_executor(None, pool.close)
        assert not closing.done()
        press.gate.wait(timeout=HANG_SECONDS)
        await closing
        assert await drawing == b"%PDF 7 None"
