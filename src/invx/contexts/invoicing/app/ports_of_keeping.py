"""The ports to what is closed, kept and erased; `app.ports` has the others."""

from collections.abc import Collection, Sequence
from typing import Protocol
from uuid import UUID

from invx.contexts.invoicing.domain.periods.locks import Closing
from invx.kernel.storage import Stored


class Periods(Protocol):
    """What must be so before a period can be closed."""

    async def shut_out_writers(self) -> None:
        """From now until the end of this transaction nobody else writes for the tenant."""
        ...

    async def unsettled(self, legal_entity_id: UUID, wanted: Closing) -> int:
        """How many of its entries or bookings wait for an exchange rate."""
        ...


class PersonalData(Protocol):
    """Whose data stands where, and its erasure (D4)."""

    async def streams_of(self, subject_id: UUID) -> list[UUID]:
        """The streams whose events hold values of this subject."""
        ...

    async def shut_out_writers(self) -> None:
        """From now until the end of this transaction nobody else writes for the tenant."""
        ...

    async def subjects_of(self, stream_ids: Collection[UUID]) -> list[UUID]:
        """The subjects of whom these streams hold values."""
        ...

    async def erase(
        self,
        subject_ids: Collection[UUID],
        stream_ids: Collection[UUID],
        *,
        archives_of: Collection[UUID],
    ) -> Sequence[Stored]:
        """Delete the subjects' values in these streams and in everything made from them.

        What was archived goes for the documents `archives_of` only: the answer is the files that
        may have lost the last row that names them. Loaded aggregates are let go.
        """
        ...
