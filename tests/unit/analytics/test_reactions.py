"""What counts as revenue, and when."""

from dataclasses import replace
from datetime import date
from decimal import Decimal
from uuid import UUID

import pytest

from invx.contexts.analytics.app.on_document_finalized import on_document_finalized
from invx.contexts.analytics.app.on_document_voided import on_document_voided
from invx.contexts.analytics.app.ports import CountedDocument
from invx.contracts.invoicing import DocumentFinalizedV1, DocumentVoidedV1
from invx.kernel.errors import NotYet

ID, ENTITY = UUID(int=1), UUID(int=2)
FINALIZED = DocumentFinalizedV1(
    document_id=ID,
    legal_entity_id=ENTITY,
    type="invoice",
    number="2026-0001",
    issue_date=date(2026, 2, 28),
    currency="EUR",
    net=Decimal("138.66"),
    tax=Decimal("26.35"),
    gross=Decimal("165.01"),
    due=Decimal("165.01"),
    due_date=date(2026, 3, 14),
    customer="C-1",
    credits=None,
    test=False,
)
VOIDED = DocumentVoidedV1(document_id=ID, legal_entity_id=ENTITY)


class MemoryDocuments:
    def __init__(self) -> None:
        self.rows: dict[UUID, CountedDocument] = {}

    async def find(self, document_id: UUID) -> CountedDocument | None:
        return self.rows.get(document_id)

    def put(self, document: CountedDocument) -> None:
        self.rows[document.document_id] = document


class MemoryUnitOfWork:
    def __init__(self) -> None:
        self.documents = MemoryDocuments()


@pytest.fixture
def uow() -> MemoryUnitOfWork:
    return MemoryUnitOfWork()


async def test_an_invoice_counts_in_the_month_of_its_issue_date(uow) -> None:
    await on_document_finalized(FINALIZED, uow)
    counted = uow.documents.rows[ID]
    assert counted.month == date(2026, 2, 1)
    assert (counted.net, counted.tax, counted.gross) == (
        Decimal("138.66"),
        Decimal("26.35"),
        Decimal("165.01"),
    )
    assert (counted.legal_entity_id, counted.currency) == (ENTITY, "EUR")
    assert counted.counts


async def test_a_credit_note_counts_negative(uow) -> None:
    await on_document_finalized(replace(FINALIZED, type="credit_note", credits=UUID(int=9)), uow)
    counted = uow.documents.rows[ID]
    assert counted.gross == Decimal("-165.01")
    assert counted.net + counted.tax == counted.gross
    assert counted.counts


async def test_a_proforma_is_known_and_does_not_count(uow) -> None:
    await on_document_finalized(replace(FINALIZED, type="proforma"), uow)
    assert not uow.documents.rows[ID].counts


async def test_a_sandboxs_documents_count_in_the_sandbox(uow) -> None:
    await on_document_finalized(replace(FINALIZED, test=True), uow)
    assert uow.documents.rows[ID].counts


async def test_a_voided_document_no_longer_counts_and_keeps_its_figures(uow) -> None:
    await on_document_finalized(FINALIZED, uow)
    await on_document_voided(VOIDED, uow)
    counted = uow.documents.rows[ID]
    assert counted.voided
    assert not counted.counts
    assert counted.gross == Decimal("165.01")


@pytest.mark.parametrize("type", ["invoice", "credit_note", "proforma"])
async def test_voiding_works_for_every_type(uow, type: str) -> None:
    await on_document_finalized(replace(FINALIZED, type=type), uow)
    await on_document_voided(VOIDED, uow)
    assert not uow.documents.rows[ID].counts


async def test_a_void_that_comes_before_its_document_waits(uow) -> None:
    with pytest.raises(NotYet):
        await on_document_voided(VOIDED, uow)
    assert uow.documents.rows == {}


async def test_learning_a_document_twice_changes_nothing(uow) -> None:
    for _ in range(2):
        await on_document_finalized(FINALIZED, uow)
    assert len(uow.documents.rows) == 1
