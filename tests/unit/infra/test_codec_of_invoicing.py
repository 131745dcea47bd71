"""Every event of invoicing with random values: it comes back as it was, and tells nothing."""

import dataclasses
import json
from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from enum import Enum
from random import Random
from types import UnionType
from typing import Annotated, Any, Union, get_args, get_origin, get_type_hints
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from invx.contexts.invoicing.domain import (
    document_events,
    grace_events,
    legal_entity_events,
    register_events,
    series_events,
    settlement_events,
)
from invx.contexts.invoicing.domain.bookkeeping import accounting_export_events
from invx.contexts.invoicing.domain.delivery import delivery_events
from invx.contexts.invoicing.domain.exchange import rate_sheet_events
from invx.contexts.invoicing.domain.files import file_events
from invx.contexts.invoicing.domain.importing import imported_events
from invx.contexts.invoicing.domain.interest import late_claim_events
from invx.contexts.invoicing.domain.keeping import erasure_events
from invx.contexts.invoicing.domain.periods import period_events
from invx.contexts.invoicing.domain.recognition import recognition_events
from invx.contexts.invoicing.domain.tax import engine_entry_events, rate_table_events
from invx.infra.codec import Codec, events_in
from invx.kernel.messages import PERSONAL, Event

EVENTS = events_in(
    document_events,
    settlement_events,
    series_events,
    legal_entity_events,
    delivery_events,
    accounting_export_events,
    rate_sheet_events,
    engine_entry_events,
    rate_table_events,
    grace_events,
    register_events,
    file_events,
    imported_events,
    late_claim_events,
    erasure_events,
    period_events,
    recognition_events,
)
CODEC = Codec(EVENTS)
DEPTH_MAX = 4  # of lines within lines
MARK = "¤personal¤"

_CHARS = "aZ09 äß€四\\\"'/~\n\t{}[]"
_PLAIN: dict[Any, Callable[[Random], Any]] = {
    str: lambda chance: "".join(chance.choices(_CHARS, k=chance.randrange(8))),
    int: lambda chance: chance.randrange(-(2**53), 2**53),
    bool: lambda chance: chance.random() < 0.5,
    UUID: lambda chance: UUID(int=chance.getrandbits(128)),
    date: lambda chance: date.fromordinal(chance.randrange(1, 3_000_000)),
    datetime: lambda chance: datetime.fromtimestamp(chance.randrange(2**32) + 1e-6, UTC),
    Decimal: lambda chance: Decimal(chance.randrange(-(10**12), 10**12)).scaleb(-4),
}


def value(hint: Any, chance: Random, depth: int = 0, *, personal: bool = False) -> Any:
    """A value of a type; with `personal` every text is marked as somebody's."""
    origin, parts = get_origin(hint), get_args(hint)
    if origin is Annotated:
        personal = personal or PERSONAL in hint.__metadata__
        return value(parts[0], chance, depth, personal=personal)
    if origin in (Union, UnionType):
        return value(chance.choice(parts), chance, depth, personal=personal)
    if origin is tuple and parts[1:] != (...,):
        return tuple(value(part, chance, depth, personal=personal) for part in parts)
    if origin is tuple:
        many = range(chance.randrange(3) if depth < DEPTH_MAX else 0)
        return tuple(value(parts[0], chance, depth + 1, personal=personal) for _ in many)
    if origin is dict:
        return {"key": value(get_args(hint)[1], chance, personal=personal)}
    if hint is type(None):
        return None
    if isinstance(hint, type) and issubclass(hint, Enum):
        return chance.choice(list(hint))
    if dataclasses.is_dataclass(hint):
        hints = get_type_hints(hint, include_extras=True)
        return hint(**{  # type: ignore[operator]  # a class, not one of its values
            each.name: value(hints[each.name], chance, depth, personal=personal)
            for each in dataclasses.fields(hint)
        })  # fmt: skip
    plain = _PLAIN[hint](chance)
    return f"{MARK}{plain}" if personal and hint is str else plain


@pytest.mark.parametrize("kind", EVENTS, ids=lambda kind: kind.__name__)
@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 2**32))
def test_every_event_comes_back_as_it_was_and_says_nothing(kind: type[Event], seed: int) -> None:
    event = value(kind, Random(seed))
    encoded = CODEC.encode(event)
    body = encoded.body.decode()
    assert MARK not in json.dumps(json.loads(body), ensure_ascii=False)
    personal = [item.value.decode() for item in encoded.personal]
    assert CODEC.decode(encoded.type, encoded.schema_version, body, personal) == event
    erased = CODEC.decode(encoded.type, encoded.schema_version, body)
    assert MARK not in repr(erased)


def test_every_event_has_been_thought_of() -> None:
    """An event that is not registered could not be stored; one that is renamed, not be read."""
    assert sorted(kind.__name__ for kind in EVENTS) == [
        "AccountingExportCancelled", "AccountingExportHandedOver", "AccountingExportOpened",
        "AccountingFileKept", "BecameOverdue", "BookRateStated", "ClearancePending",
        "ClearanceRejected", "Cleared", "CreditRecorded", "CreditWithdrawn", "Delivered",
        "DeliveryChanged", "DeliveryClosed", "DisputeCleared", "DisputeRaised",
        "DocumentCancelled", "DocumentEntered", "DocumentFinalized", "DocumentImported",
        "DocumentReleased", "DocumentReplaced", "DocumentRevised", "DocumentVoided",
        "DraftCreated", "DraftDeleted", "DraftEdited", "DraftPatched", "EngineEntryCommitted",
        "EngineEntryFailed", "EngineEntryOwed", "EngineEntryResumed", "EntriesBooked",
        "EntryRecorded", "ErasureCarriedOut", "ExchangeRatesCorrected",
        "ExchangeRatesPublished", "FileAdded", "FileDeleted", "ForeignFileKept", "GraceEnded",
        "GraceFailed", "GraceGiven", "GraceHeld", "GraceResumed", "ImportCommitted",
        "ImportOpened", "ImportReversed", "ImportWithdrawn", "LatePaymentClaimed",
        "LegalEntityAmended", "LegalEntityRegistered", "MappingStated", "MilestoneReached",
        "NextNumberSet", "NumberDrawn", "OverridesRemoved", "OverridesStated",
        "PaymentPlanAgreed", "PaymentPlanEnded", "PeriodsClosed", "PeriodsReopened",
        "PersonalDataErased", "RatesStated", "RecognitionAdjusted", "RecognitionOpened",
        "RevenueRecognized", "SeriesHeld", "SeriesOpened", "SeriesReleased", "SettlementOpened",
        "SettlementStatusChanged", "SettlementVoided", "TaxConverted", "TransmissionDelayed",
        "TransmissionFailed", "TransmissionQueued", "TransmissionRejected",
        "TransmissionRetried", "TransmissionSent", "Viewed", "WithholdingCertified",
    ]  # fmt: skip
