"""Where a document stands in its life."""

from enum import StrEnum


class Status(StrEnum):
    """Where a document stands in its life."""

    DRAFT = "draft"
    DELETED = "deleted"
    FINALIZED = "finalized"
    CANCELLED = "cancelled"
    REPLACED = "replaced"


class Provenance(StrEnum):
    """Which system issued a document."""

    ISSUED = "issued"  # this one
    IMPORTED = "imported"
