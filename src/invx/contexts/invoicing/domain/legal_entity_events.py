"""What happens to a legal entity. All of its seller's data counts as personal (section 5)."""

from dataclasses import dataclass
from typing import ClassVar
from uuid import UUID

from invx.contexts.invoicing.domain.legal_entity_details import LegalEntityDetails
from invx.kernel.messages import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class LegalEntityRegistered(Event):
    """The tenant sells through a new legal entity."""

    subjects: ClassVar[dict[str, str]] = {"*": "legal_entity_id"}
    legal_entity_id: UUID
    details: LegalEntityDetails


@dataclass(frozen=True, slots=True, kw_only=True)
class LegalEntityAmended(Event):
    """The details became others; documents that were finalized before keep theirs."""

    subjects: ClassVar[dict[str, str]] = {"*": "legal_entity_id"}
    legal_entity_id: UUID
    details: LegalEntityDetails


@dataclass(frozen=True, slots=True, kw_only=True)
class ApprovalDemandChanged(Event):
    """From now on there are approval rules, or none any more; their own stream states them."""

    demanded: bool
