"""Imported documents and imports as aggregates: what they take, keep and refuse."""

from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from uuid import UUID, uuid4

import pytest

from invx.contexts.invoicing.domain.content import DocumentType
from invx.contexts.invoicing.domain.document_events import Mode
from invx.contexts.invoicing.domain.importing.errors import (
    ForeignFileIsKept,
    ImportNotCommitted,
    ImportNotOpen,
)
from invx.contexts.invoicing.domain.importing.foreign_import import ForeignImport, ImportStatus
from invx.contexts.invoicing.domain.importing.imported_document import ImportedDocument
from invx.contexts.invoicing.domain.importing.imported_events import (
    DocumentImported,
    ForeignFileKept,
    ImportCommitted,
    ImportOpened,
    ImportWithdrawn,
    MappingStated,
)
from invx.contexts.invoicing.domain.importing.item import (
    ImportGroup,
    ImportItem,
    ImportLine,
    content_of,
    totals_of,
)
from invx.contexts.invoicing.domain.importing.mapping import (
    REQUIRED,
    FieldSource,
    ImportMapping,
    MappingInvalid,
)
from invx.contexts.invoicing.domain.party import Party
from invx.contexts.invoicing.domain.status import Provenance, Status
from invx.contexts.invoicing.read.resource import document_resource
from invx.contexts.invoicing.read.rows import document_row, search_row
from invx.kernel.errors import InvariantViolation

D = Decimal
NOW = datetime(2026, 11, 30, 12, tzinfo=UTC)
ENTITY, IMPORT = uuid4(), uuid4()
ITEM = ImportItem(
    row=2,
    number="RE-15420",
    type=DocumentType.INVOICE,
    issue_date=date(2026, 10, 1),
    due_date=date(2026, 10, 15),
    currency="EUR",
    net=D("100.00"),
    tax=D("19.00"),
    gross=D("119.00"),
    paid=D("50.00"),
    groups=(ImportGroup(category="S", rate=D(19), base=D("100.00"), tax=D("19.00")),),
    lines=(ImportLine(description="Design", net=D("100.00"), tax_rate=D(19)),),
    buyer=Party(name="Elbkontor", customer="K-7"),
)
MAPPING = ImportMapping(fields={name: FieldSource(column=name) for name in REQUIRED})
OPENED = ImportOpened(
    legal_entity_id=ENTITY,
    source="old",
    as_of=date(2026, 11, 1),
    sha256="0" * 64,
    size=10,
    columns=REQUIRED,
    rows=1,
    mapping=MAPPING,
    opened_at=NOW,
    by="user:a",
)
COMMITTED = ImportCommitted(
    operation_id=uuid4(), documents=1, left_out=0, committed_at=NOW, by="user:a"
)


def imported(item: ImportItem = ITEM, id: UUID | None = None) -> ImportedDocument:
    return ImportedDocument.take_in(
        id or uuid4(),
        DocumentImported(
            subject_id=uuid4(),
            legal_entity_id=ENTITY,
            import_id=IMPORT,
            source="old",
            number=item.number,
            content=content_of(item, "EUR"),
            totals=totals_of(item),
            mode=Mode.LIVE,
            issue_date=item.issue_date,
            due_date=item.due_date,
            digest=item.digest,
            imported_at=NOW,
        ),
    )


def test_it_is_finalized_from_the_start_and_outside_of_every_series() -> None:
    document = imported()
    assert (document.status, document.origin) == (Status.FINALIZED, Provenance.IMPORTED)
    assert (document.number, document.series_id, document.finalized_at) == ("RE-15420", None, None)
    again = ImportedDocument.rehydrate(document.id, list(document.recorded))
    assert again.totals == document.totals
    assert again.digest == ITEM.digest


def test_its_figures_are_those_that_were_given() -> None:
    row, resource = document_row(imported()), document_resource(imported())
    assert (row["net"], row["tax"], row["gross"], row["due"]) == (
        D("100.00"),
        D("19.00"),
        D("119.00"),
        D("119.00"),
    )
    assert (row["origin"], row["voided"], row["test"]) == ("imported", False, False)
    assert resource["totals"]["gross"] == "119.00"
    assert resource["rules_version"] == "imported"
    assert [line["gross"] for line in resource["lines"]] == ["119.00"]
    assert resource["tax_groups"][0]["amount"] == "19.00"
    assert resource["seller"] is None
    assert "re-15420" in search_row(imported())["words"]


def test_figures_that_contradict_each_other_never_become_a_document() -> None:
    with pytest.raises(InvariantViolation):
        imported(replace(ITEM, tax=D("18.00")))


def test_its_file_is_kept_once() -> None:
    document = imported()
    assert document.keep_file("a" * 64, 10, NOW) is True
    assert document.keep_file("a" * 64, 10, NOW) is False
    with pytest.raises(ForeignFileIsKept):
        document.keep_file("b" * 64, 10, NOW)
    assert [type(each) for each in document.recorded] == [DocumentImported, ForeignFileKept]


def test_it_is_withdrawn_once() -> None:
    document = imported()
    document.withdraw(NOW)
    document.withdraw(NOW)
    assert (document.status, document.voided) == (Status.CANCELLED, True)
    assert [type(each) for each in document.recorded] == [DocumentImported, ImportWithdrawn]


def test_an_erasure_is_noted_and_nothing_else_is_understood() -> None:
    document = imported()
    document.note_erasure([uuid4()])
    assert document.version == 2
    with pytest.raises(InvariantViolation):
        document.apply(COMMITTED)
    with pytest.raises(InvariantViolation):
        ForeignImport.open(uuid4(), OPENED).apply(document.recorded[0])


def test_a_mapping_changes_until_the_import_is_committed() -> None:
    found = ForeignImport.open(uuid4(), OPENED)
    found.state_mapping(MAPPING)
    assert found.version == 1  # nothing new was said
    other = ImportMapping(fields=MAPPING.fields, decimal=",")
    found.state_mapping(other)
    assert isinstance(found.recorded[-1], MappingStated)
    with pytest.raises(MappingInvalid):
        found.state_mapping(ImportMapping())
    found.note_committed(COMMITTED)
    for refused in (lambda: found.state_mapping(MAPPING), lambda: found.note_committed(COMMITTED)):
        with pytest.raises(ImportNotOpen):
            refused()
    again = ForeignImport.rehydrate(found.id, list(found.recorded))
    assert (again.mapping, again.status) == (other, ImportStatus.COMMITTED)


def test_an_import_is_reversed_once_and_only_when_it_brought_something() -> None:
    found = ForeignImport.open(uuid4(), OPENED)
    with pytest.raises(ImportNotCommitted):
        found.reverse(1, None, NOW, "user:a")
    found.note_committed(COMMITTED)
    assert found.ensure_reversible() == COMMITTED.operation_id
    found.reverse(1, "wrong file", NOW, "user:a")
    assert found.status is ImportStatus.REVERSED
    assert found.reversed is not None
    assert found.reversed.reason == "wrong file"
    with pytest.raises(ImportNotCommitted):
        found.reverse(1, None, NOW, "user:a")
