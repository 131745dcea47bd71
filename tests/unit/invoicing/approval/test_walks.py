"""Any sequence of acts on a draft, through the handlers, never frees it before its time.

It may be finalized when all required steps of every rule that applies were approved, for what it
says now, by people who were allowed to. The oracle knows nothing of the aggregate: it keeps who
was asked, and what was accepted.
"""

from collections.abc import Coroutine
from copy import deepcopy
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant
from hypothesis.stateful import rule as act

from invx.contexts.invoicing.app.decide_approval import (
    DecideApproval,
    DelegateApproval,
    WithdrawApproval,
    decide_approval,
    delegate_approval,
    withdraw_approval,
)
from invx.contexts.invoicing.app.escalate_approval import (
    ESCALATE,
    EscalateApproval,
    escalate_approval,
)
from invx.contexts.invoicing.app.let_lapse import let_lapse
from invx.contexts.invoicing.app.require_approval import require_approval
from invx.contexts.invoicing.app.state_approval_rules import (
    StateApprovalRules,
    state_approval_rules,
)
from invx.contexts.invoicing.app.submit_document import SubmitDocument, submit_document
from invx.contexts.invoicing.domain.approval.approval_errors import ApprovalRequired
from invx.contexts.invoicing.domain.approval.approval_events import LapseCause
from invx.contexts.invoicing.domain.approval.rules import ApprovalRule
from invx.kernel.context import Caller
from invx.kernel.errors import DomainError, NotFound
from tests.unit.invoicing.approval.given import GROUP, D, draft, named, over, person, rule, step
from tests.unit.invoicing.domain.drafts import ENTITY, NOW, SUBJECT, content, line, totalled
from tests.unit.invoicing.domain.taxed import ACCRUAL, entity

PEOPLE = ("sam", "mia", "bea", "emil")
RULES = (
    rule("Plain", step("One", named("mia"), named("bea"))),
    rule("Large", step("Head", GROUP), over=over("500")),
    rule("Two", step("Hint", named("emil"), required=False), step("Must", named("bea"), GROUP)),
    rule("Own", step("Any", GROUP), own=True),
    rule(
        "Late",
        step("First", named("mia"), due_days=2, escalate_to=(named("emil"),)),
        step("Then", named("bea"), due_days=1, escalate_to=(GROUP,)),
    ),
)
_people, _steps = st.sampled_from(PEOPLE), st.none() | st.integers(1, 4)
_limits = st.sampled_from([None, {"EUR": D(300)}, {"EUR": D(5000)}, {}])
_prices = st.sampled_from(["100", "400", "1000"])


class MemoryRows:
    """Aggregates by id."""

    def __init__(self) -> None:
        self.held: dict[Any, Any] = {}

    def add(self, aggregate: Any) -> None:
        self.held[aggregate.id] = aggregate

    async def find(self, id: Any) -> Any:
        return self.held.get(id)

    async def get(self, id: Any) -> Any:
        if id not in self.held:
            raise NotFound
        return self.held[id]


class MemoryWork:
    """A unit of work that nothing rolls back: what is refused must have changed nothing."""

    def __init__(self) -> None:
        self.documents, self.legal_entities = MemoryRows(), MemoryRows()
        self.approvals, self.approval_rules = MemoryRows(), MemoryRows()
        self.ctx = SimpleNamespace(now=NOW, caller=person("sam"))
        self.due: dict[str, Any] = {}
        self.jobs = self

    def schedule(self, kind: str, key: str, *, due_at: Any, payload: Any = None) -> None:
        assert kind == ESCALATE
        self.due[key] = due_at

    @property
    def told(self) -> int:
        """How many events there are in all."""
        rows = (self.documents, self.legal_entities, self.approvals, self.approval_rules)
        return sum(each.version for row in rows for each in row.held.values())


def done(work: Coroutine[Any, Any, Any]) -> Any:
    """What a handler returns; on twins in memory it never really waits."""
    try:
        work.send(None)
    except StopIteration as end:
        return end.value
    raise AssertionError("it waits")


@dataclass
class Round:
    """What was submitted, as somebody sees it who only reads what was answered."""

    rules: tuple[ApprovalRule, ...]
    content: int
    submitter: str
    asked: list[set[str]] = field(default_factory=list)
    approved: set[int] = field(default_factory=set)
    over: bool = False

    def __post_init__(self) -> None:
        self.asked = [{a.key for a in s.assignees} for r in self.rules for s in r.steps]

    def allowed(self, caller: Caller, position: int, total: Decimal) -> bool:
        """Whether this person may approve this step."""
        keys = {caller.actor, *(f"permission:{each}" for each in caller.permissions)}
        rules = [r for r in self.rules for _ in r.steps]
        own = rules[position - 1].own or caller.actor != self.submitter
        limit = caller.approval_limit
        within = limit is None or total <= limit.get("EUR", D(0))
        return bool(keys & self.asked[position - 1]) and own and within

    def complete(self, applying: list[ApprovalRule]) -> bool:
        """Whether every required step of every one of these rules is approved."""
        steps = [(r, s) for r in self.rules for s in r.steps]
        needed = {n for n, (r, s) in enumerate(steps, 1) if r in applying and s.required}
        return all(r in self.rules for r in applying) and needed <= self.approved


class ApprovalWalk(RuleBasedStateMachine):
    """Acts in any order by anybody, while rules change, the draft is edited, and time passes."""

    def __init__(self) -> None:
        super().__init__()
        self.uow = MemoryWork()
        self.document = draft("400")
        self.uow.documents.add(self.document)
        self.uow.legal_entities.add(entity(ACCRUAL))
        self.rules: list[ApprovalRule] = []
        self.round: Round | None = None
        self.edits = 0

    @property
    def total(self) -> Decimal:
        return self.document.totals.gross

    def attempt(self, work: Any, caller: Caller) -> Any:
        """What it gave; None when it was refused, which leaves everything as it was."""
        self.uow.ctx.caller = caller
        before = self.uow.told
        try:
            return done(work)
        except DomainError:
            assert self.uow.told == before
            return None

    @initialize(chosen=st.lists(st.sampled_from(RULES), unique=True, min_size=1, max_size=3))
    def stated_first(self, chosen: list[ApprovalRule]) -> None:
        self.stated(chosen)

    @act(chosen=st.lists(st.sampled_from(RULES), unique=True, max_size=3))
    def stated(self, chosen: list[ApprovalRule]) -> None:
        command = StateApprovalRules(legal_entity_id=ENTITY, rules=chosen)
        assert self.attempt(state_approval_rules(command, self.uow), person("owner")) is not None
        self.rules = chosen

    @act(who=_people)
    def submitted(self, who: str) -> None:
        command = SubmitDocument(document_id=self.document.id)
        approval = self.attempt(submit_document(command, self.uow), person(who))
        if approval is not None:
            self.round = Round(tuple(self._applying()), self.edits, f"user:{who}")

    @act(who=_people, limit=_limits, position=_steps)
    def approved(self, who: str, limit: Any, position: int | None) -> None:
        caller = person(who, limit=limit)
        command = DecideApproval(document_id=self.document.id, approve=True, step=position)
        before = self._decided()
        approval = self.attempt(decide_approval(command, self.uow), caller)
        if approval is None:
            return
        [taken] = self._decided() - before
        assert self.round is not None
        assert not self.round.over
        assert position in (None, taken)
        assert self.round.allowed(caller, taken, self.total)
        self.round.approved.add(taken)

    @act(who=_people, position=_steps)
    def rejected(self, who: str, position: int | None) -> None:
        command = DecideApproval(document_id=self.document.id, approve=False, step=position)
        if self.attempt(decide_approval(command, self.uow), person(who)) is not None:
            self._end()

    @act(who=_people, to=_people, position=_steps)
    def delegated(self, who: str, to: str, position: int | None) -> None:
        command = DelegateApproval(
            document_id=self.document.id, to=f"user:{to}", reason="r", step=position
        )
        before = self.uow.told
        if self.attempt(delegate_approval(command, self.uow), person(who)) is None:
            return
        if self.uow.told == before:  # was asked already
            return
        assert self.round is not None
        [approval] = self.uow.approvals.held.values()
        taken = approval.recorded[-1].position
        assert self.round.allowed(person(who), taken, D(0))
        assert to != self.round.submitter.removeprefix("user:") or self._own(taken)
        self.round.asked[taken - 1] -= {f"user:{who}"}
        self.round.asked[taken - 1] |= {f"user:{to}"}

    @act(who=_people)
    def withdrawn(self, who: str) -> None:
        command = WithdrawApproval(document_id=self.document.id)
        if self.attempt(withdraw_approval(command, self.uow), person(who)) is not None:
            assert self.round is not None
            assert self.round.submitter == f"user:{who}"
            self._end()

    @act(price=_prices)
    def edited(self, price: str) -> None:
        said = content(line("1", price))
        before = self.document.content_version
        self.document.edit(said, totalled(said), subject_id=SUBJECT)
        if self.document.content_version != before:
            done(let_lapse(self.document, LapseCause.EDITED, self.uow))
            self.edits += 1

    @act(hours=st.integers(1, 60))
    def time_passes(self, hours: int) -> None:
        self.uow.ctx.now += timedelta(hours=hours)
        due = {key: at for key, at in self.uow.due.items() if at <= self.uow.ctx.now}
        for key in due:
            del self.uow.due[key]
            command = EscalateApproval(self.document.id)
            done(escalate_approval(command, self.uow))
            for approval in self.uow.approvals.held.values():
                for each in approval.steps:
                    if each.escalated_at and self.round is not None:
                        late = {a.key for a in each.step.escalate_to}
                        self.round.asked[each.position - 1] |= late

    @invariant()
    def it_is_free_only_when_all_who_must_have_approved(self) -> None:
        document = deepcopy(self.document)
        check = require_approval(
            document, self.uow.legal_entities.held[ENTITY], document.content_version, self.uow
        )
        try:
            done(check)
        except ApprovalRequired:
            return
        applying = self._applying()
        if applying:
            assert self.round is not None
            assert not self.round.over
            assert self.round.content == self.edits
            assert self.round.complete(applying)

    @invariant()
    def the_document_knows_where_its_approval_stands(self) -> None:
        for approval in self.uow.approvals.held.values():
            assert self.document.approval is approval.state

    def _applying(self) -> list[ApprovalRule]:
        gross = self.total
        return [each for each in self.rules if each.over is None or gross > each.over.amount]

    def _own(self, position: int) -> bool:
        assert self.round is not None
        return [r.own for r in self.round.rules for _ in r.steps][position - 1]

    def _decided(self) -> set[int]:
        return {
            each.position
            for approval in self.uow.approvals.held.values()
            for each in approval.steps
            if each.state == "approved"
        }

    def _end(self) -> None:
        assert self.round is not None
        self.round.over = True


ApprovalWalk.TestCase.settings = settings(max_examples=150, stateful_step_count=30, deadline=None)
TestApprovals = ApprovalWalk.TestCase
