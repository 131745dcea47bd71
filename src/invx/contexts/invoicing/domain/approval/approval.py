"""The approval of a document: steps in order, who was asked, and who decided what (four eyes)."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import NoReturn, Self
from uuid import UUID

from invx.contexts.invoicing.domain.approval import approval_errors as errors
from invx.contexts.invoicing.domain.approval.approval_events import (
    ApprovalLapsed,
    ApprovalSubmitted,
    ApprovalWithdrawn,
    LapseCause,
    StepApproved,
    StepDelegated,
    StepEscalated,
    StepRejected,
)
from invx.contexts.invoicing.domain.approval.rules import (
    ApprovalRule,
    ApprovalStep,
    Assignee,
    is_subject,
)
from invx.contexts.invoicing.domain.approval.state import ApprovalState
from invx.contexts.invoicing.domain.document import Document
from invx.kernel.aggregate import Aggregate
from invx.kernel.context import Caller
from invx.kernel.errors import Problem, violated
from invx.kernel.ids import named_id
from invx.kernel.messages import Event


def approval_id(document_id: UUID) -> UUID:
    """The id of a document's approval: a stream of its own, found without looking it up."""
    return named_id(document_id, "approval")


class StepState(StrEnum):
    """`waiting`: those before it have to be decided first. `skipped`: nobody has to decide it."""

    WAITING = "waiting"
    OPEN = "open"
    APPROVED = "approved"
    REJECTED = "rejected"
    SKIPPED = "skipped"


@dataclass(frozen=True, slots=True)
class Delegation:
    """Who let whom decide, when and why."""

    by: str
    to: str
    at: datetime
    reason: str | None


@dataclass(slots=True)
class StepStanding:
    """A step on its way; `position` counts the steps of all rules from 1."""

    position: int
    rule: ApprovalRule
    step: ApprovalStep
    assignees: list[Assignee]
    state: StepState = StepState.WAITING
    opened_at: datetime | None = None
    due_at: datetime | None = None
    escalated_at: datetime | None = None
    decided_by: str | None = None
    decided_at: datetime | None = None
    note: str | None = None
    delegations: list[Delegation] = field(default_factory=list)

    def open(self, now: datetime) -> None:
        """From now on it can be decided, and its days run."""
        self.state, self.opened_at = StepState.OPEN, now
        if self.step.due_days is not None:
            self.due_at = now + timedelta(days=self.step.due_days)

    def decide(self, state: StepState, event: StepApproved | StepRejected) -> None:
        """It was decided like this."""
        self.state, self.note = state, event.note
        self.decided_by, self.decided_at = event.by, event.at

    def join(self, assignees: Sequence[Assignee]) -> None:
        """These may decide it, too."""
        self.assignees += [each for each in assignees if each not in self.assignees]

    def admits(self, caller: Caller) -> bool:
        """Whether the caller is among those who are asked."""
        return any(each.admits(caller) for each in self.assignees)


class Approval(Aggregate):
    """Of one version of a draft. Submitted again it begins anew, by the rules of then.

    A step opens when all required ones before it are approved; what is not required blocks nothing.
    When the last required one is approved, the document is.
    """

    document_id: UUID
    legal_entity_id: UUID
    subject_id: UUID
    content_version: int
    currency: str
    total: Decimal
    rules: tuple[ApprovalRule, ...]
    submitted_by: str
    submitted_at: datetime
    note: str | None

    def __init__(self, id: UUID) -> None:
        super().__init__(id)
        self.state = ApprovalState.NONE
        self.steps: list[StepStanding] = []
        self.gone = False  # with its draft

    @classmethod
    def of(cls, document_id: UUID) -> Self:
        """One that has yet to be asked for."""
        return cls(approval_id(document_id))

    @property
    def open_steps(self) -> list[StepStanding]:
        """Those that can be decided now, in order."""
        return [each for each in self.steps if each.state is StepState.OPEN]

    @property
    def due_at(self) -> datetime | None:
        """When the next of them is to be escalated."""
        due = [each.due_at for each in self.open_steps if each.due_at and not each.escalated_at]
        return min(due, default=None)

    def submit(
        self,
        document: Document,
        rules: Sequence[ApprovalRule],
        by: str,
        now: datetime,
        note: str | None = None,
    ) -> None:
        """Ask for it. Raises ApprovalNotNeeded, ApprovalPending, ApprovalGiven."""
        if self.state is ApprovalState.PENDING:
            raise errors.ApprovalPending
        if not rules:
            raise errors.ApprovalNotNeeded
        totals = document.issuable_totals
        version = document.content_version
        if self.objection(rules, version, totals.currency, totals.gross) is None:
            raise errors.ApprovalGiven
        self.record(
            ApprovalSubmitted(
                document_id=document.id,
                legal_entity_id=document.legal_entity_id,
                subject_id=document.subject_id,
                content_version=version,
                currency=totals.currency,
                total=totals.gross,
                rules=tuple(rules),
                by=by,
                at=now,
                note=note,
            )
        )

    def approve(
        self, caller: Caller, now: datetime, note: str | None = None, position: int | None = None
    ) -> None:
        """Decide a step: the named one, else the first open one that is the caller's.

        Raises ApprovalNotPending, StepNotOpen, NotAssigned, OwnDocument, OverApprovalLimit.
        """
        standing = self._to_decide(caller, position)
        self._ensure_within_limit(caller)
        self.record(
            StepApproved(
                subject_id=self.subject_id,
                position=standing.position,
                by=caller.actor,
                at=now,
                note=note,
            )
        )

    def reject(
        self, caller: Caller, now: datetime, note: str | None = None, position: int | None = None
    ) -> None:
        """Say no. Raises ApprovalNotPending, StepNotOpen, NotAssigned, OwnDocument."""
        standing = self._to_decide(caller, position)
        self.record(
            StepRejected(
                subject_id=self.subject_id,
                position=standing.position,
                by=caller.actor,
                at=now,
                note=note,
            )
        )

    def delegate(
        self, caller: Caller, to: str, reason: str, now: datetime, position: int | None = None
    ) -> None:
        """Let another decide. Who was named himself is asked no more; a group still is.

        Raises what `reject` raises, and DelegateMalformed; OwnDocument also for the one who
        submitted it.
        """
        if not is_subject(to):
            problem = Problem("/to", errors.DelegateMalformed.code, "Such as user:anna.")
            raise errors.DelegateMalformed(problems=[problem])
        standing = self._to_decide(caller, position)
        if to == self.submitted_by and not standing.rule.own:
            raise errors.OwnDocument
        if Assignee(subject=to) in standing.assignees:
            return
        self.record(
            StepDelegated(
                subject_id=self.subject_id,
                position=standing.position,
                by=caller.actor,
                to=to,
                at=now,
                reason=reason,
            )
        )

    def escalate(self, now: datetime) -> None:
        """Ask more people where nobody decided in time; once for each step."""
        for each in self.open_steps:
            if each.due_at and each.due_at <= now and not each.escalated_at:
                to = each.step.escalate_to
                self.record(StepEscalated(position=each.position, to=to, at=now))

    def withdraw(self, by: str, now: datetime, note: str | None = None) -> None:
        """Ask no more, or give it back. Raises ApprovalNotWithdrawable, NotSubmitter."""
        if not self.state.holds:
            raise errors.ApprovalNotWithdrawable
        if by != self.submitted_by:
            raise errors.NotSubmitter
        self.record(ApprovalWithdrawn(subject_id=self.subject_id, by=by, at=now, note=note))

    def lapse(self, cause: LapseCause) -> None:
        """The draft is another one by now, or is gone. A second time changes nothing."""
        if self.state.holds or (cause is LapseCause.DELETED and not self.gone):
            self.record(ApprovalLapsed(cause=cause))

    def objection(
        self, rules: Sequence[ApprovalRule], version: int, currency: str, total: Decimal
    ) -> str | None:
        """Why a document of this content may not be finalized under these rules; None if it may.

        The approval must be given, of this version and this total, and by every rule that applies.
        """
        if self.state is ApprovalState.PENDING:
            return "; ".join(
                f"the rule “{each.rule.name}” waits for the step “{each.step.name}”"
                for each in self.open_steps
            )
        if not rules:
            return None
        for rule in rules:
            if self.state is not ApprovalState.APPROVED or rule not in self.rules:
                return unmet(rule)
        if (self.content_version, self.currency, self.total) != (version, currency, total):
            return f"approved was another version, with a total of {self.total:f} {self.currency}"
        return None

    def apply(self, event: Event) -> None:
        """See Aggregate."""
        match event:
            case ApprovalSubmitted():
                self._submitted(event)
            case StepApproved():
                self._at(event.position).decide(StepState.APPROVED, event)
                self._advance(event.position, event.at)
            case StepRejected():
                self._at(event.position).decide(StepState.REJECTED, event)
                self._close(ApprovalState.REJECTED)
            case StepDelegated():
                self._delegated(event)
            case StepEscalated():
                self._at(event.position).join(event.to)
                self._at(event.position).escalated_at = event.at
            case ApprovalWithdrawn():
                self._close(ApprovalState.WITHDRAWN)
            case ApprovalLapsed():
                self._close(ApprovalState.LAPSED)
                self.gone = self.gone or event.cause is LapseCause.DELETED
            case _:
                violated(f"an approval does not know {type(event).__name__}")

    def _submitted(self, event: ApprovalSubmitted) -> None:
        self.document_id, self.legal_entity_id = event.document_id, event.legal_entity_id
        self.subject_id, self.content_version = event.subject_id, event.content_version
        self.currency, self.total, self.rules = event.currency, event.total, event.rules
        self.submitted_by, self.submitted_at, self.note = event.by, event.at, event.note
        self.state = ApprovalState.PENDING
        steps = [(rule, step) for rule in event.rules for step in rule.steps]
        self.steps = [
            StepStanding(position, rule, step, [*step.assignees])
            for position, (rule, step) in enumerate(steps, 1)
        ]
        self._advance(0, event.at)

    def _advance(self, decided: int, now: datetime) -> None:
        """After a decision: leave out what stood open before it, and open what is next."""
        for each in self.steps:
            if each.position < decided and each.state is StepState.OPEN:
                each.state = StepState.SKIPPED
        for each in self._undecided():
            if each.state is StepState.WAITING:
                each.open(now)
            if each.step.required:
                return
        self._close(ApprovalState.APPROVED)

    def _close(self, state: ApprovalState) -> None:
        self.state = state
        for each in self._undecided():
            each.state = StepState.SKIPPED

    def _undecided(self) -> Iterator[StepStanding]:
        return (s for s in self.steps if s.state in (StepState.WAITING, StepState.OPEN))

    def _delegated(self, event: StepDelegated) -> None:
        standing = self._at(event.position)
        own, delegate = Assignee(subject=event.by), Assignee(subject=event.to)
        standing.assignees = [each for each in standing.assignees if each != own]
        standing.join([delegate])
        standing.delegations.append(Delegation(event.by, event.to, event.at, event.reason))

    def _at(self, position: int) -> StepStanding:
        return self.steps[position - 1]

    def _to_decide(self, caller: Caller, position: int | None) -> StepStanding:
        """The step that the caller decides now."""
        if self.state is not ApprovalState.PENDING:
            raise errors.ApprovalNotPending(f"The approval is {self.state}.")
        candidates = [each for each in self.open_steps if position in (None, each.position)]
        if not candidates:
            raise errors.StepNotOpen
        admitted = [each for each in candidates if each.admits(caller)]
        if not admitted:
            _refuse_unassigned(candidates)
        for each in admitted:
            if each.rule.own or caller.actor != self.submitted_by:
                return each
        raise errors.OwnDocument

    def _ensure_within_limit(self, caller: Caller) -> None:
        if caller.approval_limit is None:
            return
        limit = caller.approval_limit.get(self.currency, Decimal(0))
        if abs(self.total) > limit:
            detail = (
                f"The document is over {self.total:f} {self.currency};"
                f" you may approve up to {limit:f} {self.currency}."
            )
            raise errors.OverApprovalLimit(detail)


def unmet(rule: ApprovalRule) -> str:
    """What a rule still asks for when nothing was submitted yet."""
    first = next(step for step in rule.steps if step.required)
    return f"the rule “{rule.name}” asks for the step “{first.name}”"


def _refuse_unassigned(steps: Sequence[StepStanding]) -> NoReturn:
    names = ", ".join(f"“{each.step.name}”" for each in steps)
    raise errors.NotAssigned(f"Open is {names}, which is not assigned to you.")
