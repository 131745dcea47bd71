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

import msgspec
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
from invx.contexts.invoicing.domain.approval import approval_events, approval_rules_events
from invx.contexts.invoicing.domain.bookkeeping import accounting_export_events
from invx.contexts.invoicing.domain.delivery import delivery_events
from invx.contexts.invoicing.domain.exchange import rate_sheet_events
from invx.contexts.invoicing.domain.files import file_events
from invx.contexts.invoicing.domain.importing import imported_events
from invx.contexts.invoicing.domain.interest import late_claim_events
from invx.contexts.invoicing.domain.keeping import erasure_events, legal_hold_events
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
    legal_hold_events,
    period_events,
    recognition_events,
    approval_events,
    approval_rules_events,
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


def full(hint: Any, *, empty: bool, depth: int = 0) -> Any:
    """A value in which everything that may be nothing is something; or the other way round."""
    origin, parts = get_origin(hint), get_args(hint)
    if origin is Annotated:
        return full(parts[0], empty=empty, depth=depth)
    if origin in (Union, UnionType):
        wanted = [
            part for part in parts if (part is type(None)) is (empty and None in _none(parts))
        ]
        return full((wanted or list(parts))[0], empty=empty, depth=depth)
    if origin is tuple and parts[1:] != (...,):
        return tuple(full(part, empty=empty, depth=depth) for part in parts)
    if origin is tuple:
        many = 0 if empty or depth >= DEPTH_MAX else 2
        return tuple(full(parts[0], empty=empty, depth=depth + 1) for _ in range(many))
    if origin is dict:
        return {} if empty else {"key": full(parts[1], empty=empty, depth=depth)}
    if dataclasses.is_dataclass(hint):
        hints = get_type_hints(hint, include_extras=True)
        return hint(**{  # type: ignore[operator]  # a class, not one of its values
            each.name: full(hints[each.name], empty=empty, depth=depth)
            for each in dataclasses.fields(hint)
        })  # fmt: skip
    return value(hint, Random(1), depth)


def _none(parts: tuple[Any, ...]) -> tuple[Any, ...]:
    return tuple(None for part in parts if part is type(None))


def left_out(said: Any, whole: Any) -> list[Any]:
    """The values that only the second of two JSON values has, at any depth."""
    if isinstance(whole, dict):
        missing = [whole[key] for key in whole.keys() - said.keys()]
        return missing + [each for key in said for each in left_out(said[key], whole[key])]
    if isinstance(whole, list):
        return [each for pair in zip(said, whole, strict=True) for each in left_out(*pair)]
    return []


@pytest.mark.parametrize("empty", [True, False], ids=["empty", "full"])
@pytest.mark.parametrize("kind", EVENTS, ids=lambda kind: kind.__name__)
def test_every_event_comes_back_full_or_with_nothing_in_it(kind: type[Event], empty: bool) -> None:
    event = full(kind, empty=empty)
    encoded = CODEC.encode(event)
    personal = [item.value.decode() for item in encoded.personal]
    back = CODEC.decode(encoded.type, encoded.schema_version, encoded.body.decode(), personal)
    assert back == event
    assert repr(back) == repr(event)  # to the letter: equal decimals may be written otherwise
    whole = msgspec.json.encode(event)  # as bodies were stored once
    assert CODEC.decode(encoded.type, encoded.schema_version, whole.decode()) == event
    if empty:
        missing = left_out(json.loads(encoded.body), json.loads(whole))
        assert [each for each in missing if each not in (None, [], {})] == []


def test_half_of_what_a_document_could_say_is_left_out() -> None:
    event = full(document_events.DocumentFinalized, empty=True)
    said, whole = CODEC.encode(event).body, msgspec.json.encode(event)
    assert len(left_out(json.loads(said), json.loads(whole))) > 40
    assert len(said) < 0.6 * len(whole)


def test_every_event_has_been_thought_of() -> None:
    """An event that is not registered could not be stored; one that is renamed, not be read."""
    assert sorted(kind.__name__ for kind in EVENTS) == [
        "AccountingExportCancelled", "AccountingExportHandedOver", "AccountingExportOpened",
        "AccountingFileKept", "ApprovalChanged", "ApprovalDemandChanged", "ApprovalLapsed",
        "ApprovalRulesStated", "ApprovalSubmitted", "ApprovalWithdrawn", "BecameOverdue",
        "BookRateStated", "ClearancePending",
        "ClearanceRejected", "Cleared", "CreditRecorded", "CreditWithdrawn", "Delivered",
        "DeliveryChanged", "DeliveryClosed", "DisputeCleared", "DisputeRaised",
        "DocumentCancelled", "DocumentEntered", "DocumentFinalized", "DocumentImported",
        "DocumentReleased", "DocumentReplaced", "DocumentRevised", "DocumentVoided",
        "DraftCreated", "DraftDeleted", "DraftEdited", "DraftPatched", "EngineEntryCommitted",
        "EngineEntryFailed", "EngineEntryOwed", "EngineEntryResumed", "EntriesBooked",
        "EntryRecorded", "ErasureCarriedOut", "ExchangeRatesCorrected",
        "ExchangeRatesPublished", "FileAdded", "FileDeleted", "ForeignFileKept", "GraceEnded",
        "GraceFailed", "GraceGiven", "GraceHeld", "GraceResumed", "ImportCommitted",
        "ImportOpened", "ImportReversed", "ImportWithdrawn", "LateFeesRefused", "LateFeesWaived",
        "LateFeesWaiverEnded", "LatePaymentClaimed", "LegalEntityAmended",
        "LegalEntityRegistered", "LegalHoldPlaced", "LegalHoldReleased", "MappingStated",
        "MilestoneReached",
        "NextNumberSet", "NumberDrawn", "OverridesRemoved", "OverridesStated",
        "PaymentPlanAgreed", "PaymentPlanEnded", "PeriodsClosed", "PeriodsReopened",
        "PersonalDataErased", "RatesStated", "RecognitionAdjusted", "RecognitionOpened",
        "RevenueRecognized", "SeriesHeld", "SeriesOpened", "SeriesReleased", "SettlementOpened",
        "SettlementStatusChanged", "SettlementVoided", "StepApproved",
        "StepDelegated", "StepEscalated", "StepRejected", "TaxConverted", "TransmissionDelayed",
        "TransmissionFailed", "TransmissionQueued", "TransmissionRejected",
        "TransmissionRetried", "TransmissionSent", "Viewed", "WithholdingCertified",
    ]  # fmt: skip
