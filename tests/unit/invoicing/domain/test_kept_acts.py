"""Every act in every state of what is kept, imported, claimed and exported, as a table says.

A dash is an act that changes nothing, `defect` one that no caller may ask for.
"""

import csv
from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from itertools import product
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from invx.contexts.invoicing.domain.bookkeeping.accounting_export import AccountingExport
from invx.contexts.invoicing.domain.importing.foreign_import import ForeignImport
from invx.contexts.invoicing.domain.importing.mapping import FieldSource
from invx.contexts.invoicing.domain.interest.late_claim_events import (
    LateFeesWaived,
    LateFeesWaiverEnded,
)
from invx.contexts.invoicing.domain.interest.late_claims import LateClaims, late_claims_id
from invx.contexts.invoicing.domain.keeping.erasure import Erasure, ErasureRecord
from invx.contexts.invoicing.domain.keeping.erasure_events import Kept
from invx.contexts.invoicing.domain.keeping.legal_hold import Holds, LegalHold
from invx.contexts.invoicing.domain.keeping.legal_hold_events import HoldScope, LegalHoldPlaced
from invx.kernel.aggregate import Aggregate
from invx.kernel.errors import DomainError, InvariantViolation
from invx.kernel.messages import Event
from tests.unit.invoicing.accounting.given import opened as export_opened
from tests.unit.invoicing.domain.drafts import DOCUMENT, ENTITY, NOW, SUBJECT, named
from tests.unit.invoicing.domain.test_accounting_export import FILE
from tests.unit.invoicing.domain.test_charging import waiver
from tests.unit.invoicing.domain.test_engine_entry import owed
from tests.unit.invoicing.domain.test_late_claims import claimed
from tests.unit.invoicing.importing.test_imported_documents import (
    COMMITTED,
    MAPPING,
    OPENED,
    imported,
)

Act = Callable[[Any], object]
with Path(__file__).with_name("kept_acts.tsv").open() as _file:
    ROWS: list[dict[str, str]] = list(csv.DictReader(_file, delimiter="\t"))

DAY, LATER = date(2026, 3, 1), NOW + timedelta(hours=1)
BY = {"by": "user:a"}
LAW = Kept(DOCUMENT, "RE-1", date(2034, 12, 31), "UStG § 14b")
HOLD = UUID(int=77)
HELD = replace(LAW, hold_id=HOLD)
OTHER_MAPPING = replace(MAPPING, decimal=",")
WRONG_MAPPING = replace(MAPPING, fields={**MAPPING.fields, "net": FieldSource(column="gone")})


def made(begun: Any, *acts: Act) -> Any:
    """An aggregate after some acts."""
    for act in acts:
        act(begun)
    return begun


def hold() -> LegalHold:
    placed = LegalHoldPlaced(
        scope=HoldScope.DOCUMENT,
        target_id=DOCUMENT,
        subject_id=SUBJECT,
        reason="a dispute",
        placed_at=NOW,
        **BY,
    )
    return LegalHold.place(HOLD, placed)


def claims() -> LateClaims:
    return LateClaims(late_claims_id(DOCUMENT))


def erasure(*kept: Kept, holds: tuple[UUID, ...] = ()) -> ErasureRecord:
    done = Erasure((named("gone"),), kept, holds)
    return ErasureRecord.begin(named("erasure"), {SUBJECT}, None, done)


def again(it: ErasureRecord, **changes: Any) -> None:
    """Another attempt, which finds what there was but for these changes."""
    it.go_on(replace(Erasure((), it.kept, it.holds), **changes))


def foreign_import() -> ForeignImport:
    return ForeignImport.open(named("import"), OPENED)


waive: Act = lambda it: it.waive(waiver(LateFeesWaived))  # noqa: E731 - an act like the others
end_waiver: Act = lambda it: it.end_waiver(waiver(LateFeesWaiverEnded))  # noqa: E731
commit: Act = lambda it: it.note_committed(COMMITTED)  # noqa: E731
STATES: dict[str, dict[str, Callable[[], Any]]] = {
    "legal hold": {
        "standing": hold,
        "released": lambda: made(hold(), lambda it: it.release("over", now=NOW, **BY)),
    },
    "late claims": {
        "fresh": claims,
        "claimed": lambda: made(claims(), lambda it: it.claim(claimed(1, DAY, "5.00"))),
        "waived": lambda: made(claims(), waive),
        "charged again": lambda: made(claims(), waive, end_waiver),
        "refused": lambda: made(claims(), lambda it: it.refuse(DOCUMENT, "period_closed")),
    },
    "erasure": {
        "done": erasure,
        "waiting": lambda: erasure(LAW),
        "held": lambda: erasure(HELD, holds=(HOLD,)),
    },
    "import": {
        "open": foreign_import,
        "mapped": lambda: made(
            foreign_import(), lambda it: it.state_mapping(replace(MAPPING, date="DD/MM/YYYY"))
        ),
        "committed": lambda: made(foreign_import(), commit),
        "reversed": lambda: made(
            foreign_import(), commit, lambda it: it.reverse(1, None, NOW, "user:a")
        ),
    },
    "imported document": {
        "there": imported,
        "with a file": lambda: made(imported(), lambda it: it.keep_file("ab", 2, NOW)),
        "withdrawn": lambda: made(imported(), lambda it: it.withdraw(NOW)),
        "purged": lambda: made(imported(), lambda it: it.note_erasure([SUBJECT], purged=True)),
    },
    "accounting export": {
        "ready": lambda: AccountingExport.open(export_opened()),
        "with a file": lambda: made(
            AccountingExport.open(export_opened()), lambda it: it.keep_file(FILE)
        ),
        "handed over": lambda: made(
            AccountingExport.open(export_opened()), lambda it: it.hand_over(NOW, "user:a")
        ),
        "cancelled": lambda: made(
            AccountingExport.open(export_opened()), lambda it: it.cancel(None, NOW, "user:a")
        ),
    },
    "engine entry": {
        "pending": owed,
        "failing": lambda: made(owed(), lambda it: it.fail("down", NOW)),
        "failed": lambda: made(owed(), lambda it: it.fail("no", NOW, lasting=True)),
        "committed": lambda: made(owed(), lambda it: it.accept("A-1", NOW)),
        "resumed": lambda: made(
            owed(), lambda it: it.fail("no", NOW, lasting=True), lambda it: it.resume(NOW)
        ),
    },
}
ACTS: dict[str, dict[str, Act]] = {
    "legal hold": {"release": lambda it: it.release("settled", now=LATER, **BY)},
    "late claims": {
        "claim": lambda it: it.claim(claimed(2, DAY + timedelta(days=30), "4.00")),
        "claim nothing": lambda it: it.claim(claimed(2, DAY, "0.00")),
        "claim less than was asked": lambda it: it.claim(
            claimed(2, DAY, "-41.00", (("lump_sum", Decimal("40.00")),))
        ),
        "claim a fee alone": lambda it: it.claim(
            claimed(2, DAY, "0.00", (("fee", Decimal("0.01")),))
        ),
        "waive": waive,
        "end the waiver": end_waiver,
        "refuse": lambda it: it.refuse(DOCUMENT, "period_closed"),
        "refuse for another reason": lambda it: it.refuse(DOCUMENT, "series_on_hold"),
    },
    "erasure": {
        "go on with nothing new": again,
        "erase one more": lambda it: again(it, erased=(named("more"),)),
        "be held": lambda it: again(it, kept=(HELD,), holds=(HOLD,)),
        "be let go": lambda it: again(it, kept=(), holds=()),
    },
    "import": {
        "map": lambda it: it.state_mapping(OTHER_MAPPING),
        "map the same": lambda it: it.state_mapping(it.mapping),
        "map a column that is not there": lambda it: it.state_mapping(WRONG_MAPPING),
        "commit": commit,
        "reverse": lambda it: it.reverse(1, "wrong file", LATER, "user:b"),
    },
    "imported document": {
        "keep a file": lambda it: it.keep_file("ab", 2, LATER),
        "keep another file": lambda it: it.keep_file("cd", 2, LATER),
        "withdraw": lambda it: it.withdraw(LATER),
        "note an erasure": lambda it: it.note_erasure([SUBJECT]),
        "purge": lambda it: it.note_erasure([SUBJECT], purged=True),
    },
    "accounting export": {
        "keep a file": lambda it: it.keep_file(FILE),
        "keep another file": lambda it: it.keep_file(replace(FILE, sha256="cd")),
        "hand over": lambda it: it.hand_over(LATER, "user:b"),
        "cancel": lambda it: it.cancel("wrong client", LATER, "user:b"),
    },
    "engine entry": {
        "accept": lambda it: it.accept("A-2", LATER),
        "fail": lambda it: it.fail("down", LATER),
        "fail for good": lambda it: it.fail("no", LATER, lasting=True),
        "resume": lambda it: it.resume(LATER),
    },
}


def said(it: Aggregate) -> dict[str, Any]:
    """All that it knows, but for what is to be stored."""
    return {name: value for name, value in vars(it).items() if name != "recorded"}


@pytest.mark.parametrize("row", ROWS, ids=lambda row: " ".join(list(row.values())[:3]))
def test_an_act_in_a_state_is_answered_as_the_table_says(row: dict[str, str]) -> None:
    it = STATES[row["aggregate"]][row["state"]]()
    act, answer = ACTS[row["aggregate"]][row["act"]], row["answer"]
    history: list[Event] = list(it.recorded)
    before = {**said(it)}
    it.recorded.clear()
    if answer == "defect":
        with pytest.raises(InvariantViolation):
            act(it)
    elif answer.islower():
        with pytest.raises(DomainError) as refused:
            act(it)
        assert refused.value.code == answer
    else:
        act(it)
    left = [type(each).__name__ for each in it.recorded]
    assert left == ([answer] if answer[0].isupper() else [])
    if not left:
        assert said(it) == before, "what is refused, or nothing, leaves no trace"
    assert said(type(it).rehydrate(it.id, history + it.recorded)) == said(it)


def test_the_table_has_every_act_in_every_state_once() -> None:
    told = [(row["aggregate"], row["state"], row["act"]) for row in ROWS]
    whole = [(name, *each) for name in STATES for each in product(STATES[name], ACTS[name])]
    assert sorted(told) == sorted(whole)


@pytest.mark.parametrize("name", sorted(STATES))
@given(data=st.data())
def test_after_any_walk_the_events_say_all_that_it_knows(name: str, data: st.DataObject) -> None:
    it = STATES[name][data.draw(st.sampled_from(sorted(STATES[name])))]()
    for act in data.draw(st.lists(st.sampled_from(sorted(ACTS[name])), max_size=15)):
        count = len(it.recorded)
        try:
            ACTS[name][act](it)
        except (DomainError, InvariantViolation):
            assert len(it.recorded) == count
    again_ = type(it).rehydrate(it.id, it.recorded)
    assert said(again_) == said(it)
    assert it.version == len(it.recorded)


targets = st.sampled_from([named(f"target {number}") for number in range(4)])
standing = st.lists(st.tuples(st.uuids(), st.sampled_from(list(HoldScope)), targets), max_size=12)


@given(standing, targets, targets, targets)
def test_of_all_holds_on_a_document_the_narrowest_and_then_the_oldest_is_named(
    holds: list[tuple[UUID, HoldScope, UUID]], document: UUID, subject: UUID, entity: UUID
) -> None:
    """Whether any stands does not depend on the others; a target is held in its own scope only."""
    held = imported()
    held.id, held.subject_id, held.legal_entity_id = document, subject, entity
    on = {
        HoldScope.DOCUMENT: document,
        HoldScope.CUSTOMER: subject,
        HoldScope.LEGAL_ENTITY: entity,
    }
    expected = next(
        (
            hold_id
            for scope in on
            for hold_id, its, target in holds
            if its is scope and target == on[scope]
        ),
        None,
    )
    assert Holds.of(holds).on(held) == expected
    assert (Holds.of([]).on(held), ENTITY in Holds.of(holds).documents) == (None, False)
