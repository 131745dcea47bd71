"""What happens to imported documents, and to the imports that bring them."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import ClassVar
from uuid import UUID

from invx.contexts.invoicing.domain.content import Content
from invx.contexts.invoicing.domain.document_events import Mode
from invx.contexts.invoicing.domain.importing.mapping import ImportMapping
from invx.kernel.messages import Event, Personal
from invx.rules.totals.model import Totals


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentImported(Event):
    """Another system issued this. Number, dates and figures are as that system stated them.

    `digest` tells the same document again from another one of the same number; `file` is the name
    of its PDF in the import.
    """

    subjects: ClassVar[dict[str, str]] = {"*": "subject_id"}

    subject_id: UUID
    legal_entity_id: UUID
    import_id: UUID
    source: str
    number: str
    content: Content
    totals: Totals
    mode: Mode
    issue_date: date
    due_date: date | None
    file: Personal[str] = None
    digest: str
    imported_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ForeignFileKept(Event):
    """The PDF that the other system issued is archived with this hash."""

    sha256: str
    size: int
    kept_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportWithdrawn(Event):
    """The import was a mistake and is taken back; the number may be imported again."""

    legal_entity_id: UUID
    withdrawn_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportOpened(Event):
    """A file was uploaded. Its balances are taken over on the day `as_of`."""

    subjects: ClassVar[dict[str, str]] = {"*": "legal_entity_id"}

    legal_entity_id: UUID
    source: str
    as_of: date
    file_name: Personal[str] = None
    sha256: str
    size: int
    columns: tuple[str, ...]
    rows: int
    mapping: ImportMapping
    opened_at: datetime
    by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MappingStated(Event):
    """From now on the file is read like this."""

    mapping: ImportMapping


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportCommitted(Event):
    """So many documents are being imported by an operation; others of the file were left out."""

    operation_id: UUID
    documents: int
    left_out: int
    committed_at: datetime
    by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportReversed(Event):
    """All documents of the import were taken back."""

    subjects: ClassVar[dict[str, str]] = {"*": "legal_entity_id"}

    legal_entity_id: UUID
    documents: int
    reason: Personal[str] = None
    reversed_at: datetime
    by: str
