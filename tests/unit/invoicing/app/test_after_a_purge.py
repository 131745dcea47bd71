"""After a purge nothing personal comes back, and what waited for it is over (D4)."""

from types import SimpleNamespace

import pytest

from invx.contexts.invoicing.app.erase import JOB, Erase, EraseAgain, erase, erase_again
from invx.contexts.invoicing.app.erase_document import EraseDocument, erase_document
from invx.contexts.invoicing.app.keep_foreign_file import KeepForeignFile, keep_foreign_file
from invx.contexts.invoicing.app.place_legal_hold import PlaceLegalHold, place_legal_hold
from invx.contexts.invoicing.domain.errors import DocumentPurged
from invx.contexts.invoicing.domain.importing.errors import (
    DocumentNotImported,
    FileNotPdf,
    ForeignFileIsKept,
)
from invx.contexts.invoicing.domain.importing.imported_document import ImportedDocument
from invx.contexts.invoicing.domain.importing.imported_events import ForeignFileKept
from invx.contexts.invoicing.domain.keeping.legal_hold import LegalHold
from invx.contexts.invoicing.domain.keeping.legal_hold_events import HoldScope
from tests.unit.invoicing.app.test_erasing import ISSUED, THE_END, US, MemoryWork
from tests.unit.invoicing.domain.drafts import SUBJECT, named
from tests.unit.invoicing.importing.test_imported_documents import imported

PDF, OTHER = b"%PDF-1.7 one", b"\n\n%PDF-1.4 other"
PURGED = [
    lambda: purged(imported()),
    lambda: purged(with_file(imported())),
    lambda: purged(withdrawn(imported())),
]


def purged(document: ImportedDocument) -> ImportedDocument:
    document.note_erasure([document.subject_id], purged=True)
    document.recorded.clear()
    return document


def with_file(document: ImportedDocument) -> ImportedDocument:
    document.keep_file("ab", 2, document.created_at)
    return document


def withdrawn(document: ImportedDocument) -> ImportedDocument:
    document.withdraw(document.created_at)
    return document


class Desk(MemoryWork):
    """With an archive that keeps what it is given, and stores without asking."""

    def __init__(self, *documents: ImportedDocument) -> None:
        super().__init__()
        self.kept: list[tuple] = []
        self.storing = self.facts = self.archive = self
        self.ctx.caller = SimpleNamespace(actor="user:a")
        self.placed: list[LegalHold] = []
        self._get, self.documents.get = self.documents.get, self.unpurged
        for each in documents:
            self.imported.add(each)

    async def unpurged(self, id):
        """As the repository of documents does it."""
        document = await self._get(id)
        if document.purged:
            raise DocumentPurged
        return document

    def given(self, content, digest):
        return [(content, digest)]

    async def need(self, wanted):
        return [f"stored {digest[:4]}" for _, digest in wanted]

    def keep(self, document_id, name, *, media_type, stored):
        self.kept.append((document_id, name, media_type, stored))

    async def count_standing(self):
        return len(self.placed)

    def add(self, hold):
        self.placed.append(hold)


@pytest.mark.parametrize("made", PURGED)
@pytest.mark.parametrize("content", [PDF, OTHER])
async def test_a_purged_document_takes_no_file(made, content):
    document = made()
    desk = Desk(document)
    with pytest.raises(DocumentPurged):
        await keep_foreign_file(KeepForeignFile(document.id, content), desk)
    assert (desk.kept, document.recorded) == ([], [])


@pytest.mark.parametrize("made", PURGED)
async def test_a_purged_document_is_not_erased_or_held_again(made):
    document = made()
    desk = Desk(document)
    with pytest.raises(DocumentPurged):
        await erase_document(EraseDocument(document.id), desk)
    with pytest.raises(DocumentPurged):
        await place_legal_hold(PlaceLegalHold(document_id=document.id, reason="late"), desk)
    assert (desk.placed, document.recorded, desk.forgotten) == ([], [], [])


async def test_until_then_a_document_takes_one_file_for_good_and_may_be_held():
    document = imported()
    document.recorded.clear()
    desk = Desk(document)
    for _ in range(2):
        await keep_foreign_file(KeepForeignFile(document.id, PDF), desk)
    assert [type(each) for each in document.recorded] == [ForeignFileKept]
    assert [each[:3] for each in desk.kept] == [(document.id, "pdf", "application/pdf")]
    with pytest.raises(ForeignFileIsKept):
        await keep_foreign_file(KeepForeignFile(document.id, OTHER), desk)
    hold = await place_legal_hold(PlaceLegalHold(document_id=document.id, reason="why"), desk)
    assert desk.placed == [hold]
    assert (hold.placed.target_id, hold.placed.subject_id) == (document.id, document.subject_id)


async def test_only_pdfs_of_imported_documents_are_kept():
    desk = Desk()
    ours = desk.write("ours", issued=ISSUED)
    with pytest.raises(DocumentNotImported):
        await keep_foreign_file(KeepForeignFile(ours.id, PDF), desk)
    for content in (b"", b"<html>", b"%PDF 1.7", b" " * 1_020 + b"%PDF-1.7"):
        with pytest.raises(FileNotPdf):
            await keep_foreign_file(KeepForeignFile(named("any"), content), desk)
    assert SUBJECT not in desk.forgotten


@pytest.mark.parametrize("held", [False, True])
async def test_an_erasure_of_one_document_is_over_when_a_purge_came_first(held):
    """Its job finds nothing to do, instead of failing until somebody parks it."""
    desk = Desk()
    document = desk.write("ours", issued=ISSUED)
    if held:
        desk.held = [(named("hold"), HoldScope.DOCUMENT, document.id)]
    record = await erase(Erase(document_id=document.id), desk)
    assert [each.document_id for each in record.kept] == [document.id]
    assert desk.planned == {(JOB, str(record.id)): THE_END}
    desk.held, desk.ctx.now = [], THE_END
    document.note_erasure([US], purged=True)
    await erase_again(EraseAgain(record.id), desk)
    assert (record.erased, record.kept, record.holds) == ((document.id,), (), ())
    assert record.next_on is None
    count = len(record.recorded)
    await erase_again(EraseAgain(record.id), desk)
    assert len(record.recorded) == count


async def test_an_erasure_of_a_purged_document_is_refused_before_anything_is_noted():
    desk = Desk()
    document = desk.write("ours", issued=ISSUED)
    document.note_erasure([US], purged=True)
    with pytest.raises(DocumentPurged):
        await erase(Erase(document_id=document.id), desk)
    assert (desk.planned, desk.forgotten) == ({}, [])
