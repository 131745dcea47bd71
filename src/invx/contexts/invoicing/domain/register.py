"""The register of a legal entity: every legal document in the order of issue, chained (D3).

A row's fingerprint is the sha256 of a canonical text that ends with the fingerprint before it, so
no row can be changed, left out or slipped in without changing all that follow. Country packs derive
what their law wants of it (VeriFactu's `Huella` and the like); see `docs/register.md`.
"""

import hashlib
import json
from collections.abc import Mapping
from datetime import UTC
from typing import Any, Self
from uuid import UUID

from invx.contexts.invoicing.domain.register_events import DocumentEntered, RegisteredDocument
from invx.kernel.aggregate import Aggregate
from invx.kernel.errors import violated
from invx.kernel.ids import named_id
from invx.kernel.messages import Event

FIRST_FINGERPRINT = "0" * 64


def register_id(legal_entity_id: UUID) -> UUID:
    """The stream of a legal entity's register."""
    return named_id(legal_entity_id, "register")


def fingerprint(
    legal_entity_id: UUID, position: int, document: RegisteredDocument, previous: str
) -> str:
    """sha256 over the JSON array that `docs/register.md` states, UTF-8 without spaces."""
    moment = document.happened_at.astimezone(UTC)
    said = [
        "invx register 1",
        str(legal_entity_id),
        position,
        str(document.kind),
        str(document.document_id),
        document.type,
        document.number,
        str(document.series_id),
        document.issue_date.isoformat(),
        moment.strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
        document.currency,
        *(f"{each:f}" for each in (document.net, document.tax, document.gross, document.due)),
        [
            [each.regime, each.category, f"{each.rate:f}", f"{each.base:f}", f"{each.tax:f}"]
            for each in document.taxes
        ],
        document.document_hash,
        *(str(id) if id else None for id in (document.credits, document.cancels)),
        str(document.replaces) if document.replaces else None,
        previous,
    ]
    text = json.dumps(said, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


class Register(Aggregate):
    """A chain of rows. Entering one needs only the last, which the store keeps (`snapshot`)."""

    def __init__(self, id: UUID) -> None:
        super().__init__(id)
        self.position = 0
        self.fingerprint = FIRST_FINGERPRINT

    def enter(self, legal_entity_id: UUID, document: RegisteredDocument) -> None:
        """Append a row for a document that was issued or voided."""
        position = self.position + 1
        self.record(
            DocumentEntered(
                legal_entity_id=legal_entity_id,
                position=position,
                document=document,
                previous=self.fingerprint,
                fingerprint=fingerprint(legal_entity_id, position, document, self.fingerprint),
            )
        )

    def apply(self, event: Event) -> None:
        """See Aggregate."""
        match event:
            case DocumentEntered():
                self.position = event.position
                self.fingerprint = event.fingerprint
            case _:
                violated(f"a register does not know {type(event).__name__}")

    def snapshot(self) -> dict[str, Any]:
        """All state as plain JSON values."""
        return {"position": self.position, "fingerprint": self.fingerprint}

    @classmethod
    def restore(cls, id: UUID, version: int, snapshot: Mapping[str, Any]) -> Self:
        """The register at `version` from its snapshot."""
        register = cls(id)
        register.version = version
        register.position, register.fingerprint = snapshot["position"], snapshot["fingerprint"]
        return register
