"""The ports to what is closed, kept, erased and claimed; `app.ports` has the others."""

from collections.abc import Collection, Mapping, Sequence
from typing import Protocol
from uuid import UUID

from invx.contexts.invoicing.domain.interest.late_claims import LateClaims
from invx.contexts.invoicing.domain.keeping.legal_hold import Holds, LegalHold
from invx.contexts.invoicing.domain.periods.locks import Closing
from invx.kernel.ports import ManyRepository, Repository
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

    async def subjects_of(self, stream_ids: Collection[UUID]) -> Mapping[UUID, set[UUID]]:
        """The subjects of whom these streams hold values, by stream."""
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


class LegalHolds(Repository[LegalHold], Protocol):
    """Legal holds, and what of a tenant they keep."""

    async def standing(self) -> Holds:
        """All that are not released. Exact while writers are shut out."""
        ...

    async def count_standing(self) -> int: ...

    async def released_about(self, subject_ids: Collection[UUID]) -> Sequence[UUID]:
        """Released holds whose reasons may speak of these: their streams."""
        ...

    async def stopped_by(self, hold_id: UUID) -> Sequence[UUID]:
        """The erasures that this hold stopped somewhere."""
        ...


class LateClaimsRepository(ManyRepository[LateClaims], Protocol):
    """Claims for late payment, and the documents for which some may be due."""

    async def overdue_of(
        self, legal_entity_id: UUID, after: UUID | None, limit: int
    ) -> Sequence[UUID]:
        """Documents of a legal entity that are overdue, behind one of them, in their order."""
        ...
