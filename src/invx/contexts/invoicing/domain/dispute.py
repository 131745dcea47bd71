"""Whether the buyer contests a document."""

from dataclasses import replace

from invx.contexts.invoicing.domain import settlement_errors as errors
from invx.contexts.invoicing.domain.settlement import Settlement
from invx.contexts.invoicing.domain.settlement_events import DisputeCleared, DisputeRaised


def raise_dispute(settlement: Settlement, reason: str | None = None) -> None:
    """The buyer contests the document. Raises AlreadyDisputed, SettlementClosed."""
    if settlement.standing.voided:
        raise errors.SettlementClosed
    if settlement.standing.disputed:
        raise errors.AlreadyDisputed
    settlement.record(
        DisputeRaised(
            claim=settlement.claim,
            reason=reason,
            after=replace(settlement.standing, disputed=True),
            subject_id=settlement.subject_id,
        )
    )


def clear_dispute(settlement: Settlement, reason: str | None = None) -> None:
    """The dispute is over, whatever came of it. Raises NotDisputed."""
    if not settlement.standing.disputed:
        raise errors.NotDisputed
    settlement.record(
        DisputeCleared(
            claim=settlement.claim,
            reason=reason,
            after=replace(settlement.standing, disputed=False),
            subject_id=settlement.subject_id,
        )
    )
