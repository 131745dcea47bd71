"""The unit of work of identity in memory, with sandboxes: a clockwork that says what it is told."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from invx.contexts.identity.domain.errors import TenantNotFound
from invx.contexts.identity.domain.tenant import LIVE, TEST, Tenant
from invx.contexts.identity.domain.tenant_events import Entry
from invx.infra.operations import SUBJECT
from invx.kernel.clocks import Standing
from invx.kernel.errors import DomainError
from invx.kernel.operations import (
    Operation,
    OperationFinished,
    OperationNotFound,
    OperationState,
)
from tests.unit.identity.people_in_memory import Kept, Memory

OVER = (OperationState.DONE, OperationState.CANCELLED)
HOME, FIRM = UUID(int=0xA), UUID(int=0xF)  # a live tenant, and its organization


@dataclass
class KeptOperations:
    """Operations by id, as `kernel.operations.MeasuredOperations` promises."""

    unit: Any
    all: dict[UUID, Operation] = field(default_factory=dict)
    refusals: dict[UUID, DomainError | None] = field(default_factory=dict)

    async def open_measured(
        self, kind: str, subject: UUID, total: int, settings: Mapping[str, Any]
    ) -> Operation:
        operation = Operation(
            operation_id=self.unit.ids.new(),
            kind=kind,
            state=OperationState.PENDING,
            total=total,
            settings={**settings, SUBJECT: str(subject)},
            actor="user:test",
            created_at=self.unit.now,
        )
        return self.put(operation)

    async def locked(self, operation_id: UUID) -> Operation:
        if operation_id not in self.all:
            raise OperationNotFound
        return self.all[operation_id]

    async def cancel(self, operation: Operation) -> Operation:
        if operation.state in OVER:
            raise OperationFinished
        return self.put(replace(operation, state=OperationState.CANCELLED))

    async def resume(self, operation: Operation) -> Operation:
        if operation.state is OperationState.DONE and not operation.failed:
            raise OperationFinished
        return self.put(replace(operation, state=OperationState.PENDING, failed=0))

    def measure(
        self, operation: Operation, done: int, refusal: DomainError | None = None
    ) -> Operation:
        failed = 0 if refusal is None else operation.total - done
        operation = replace(operation, done=done, failed=failed, state=OperationState.RUNNING)
        if not operation.left:
            operation = replace(operation, state=OperationState.DONE)
            self.refusals[operation.operation_id] = refusal
        return self.put(operation)

    def put(self, operation: Operation) -> Operation:
        self.all[operation.operation_id] = operation
        return operation


@dataclass
class Told:
    """A clockwork, and an eraser, of which a test says what they find."""

    standings: list[Standing] = field(default_factory=list)
    asked: list[tuple[UUID, int]] = field(default_factory=list)
    erases: bool = True
    erased: list[UUID] = field(default_factory=list)
    forgotten: list[UUID] = field(default_factory=list)

    async def settle(self, sandbox: Tenant) -> Standing:
        self.asked.append((sandbox.id, sandbox.entry.clock_offset_seconds))
        return self.standings.pop(0) if self.standings else Standing(settled=True)

    async def erase(self, sandbox: Tenant) -> bool:
        self.erased.append(sandbox.id)
        return self.erases

    async def forget_tenant(self, tenant_id: UUID) -> None:
        self.forgotten.append(tenant_id)


@dataclass
class KeptJobs:
    """Jobs by kind and key, and when they are due."""

    due: dict[tuple[str, str], datetime] = field(default_factory=dict)

    def schedule(
        self, kind: str, key: str, *, due_at: datetime, payload: dict[str, Any] | None = None
    ) -> None:
        self.due[kind, key] = due_at


@dataclass
class Stated:
    """The directory: what was stated, in order."""

    entries: list[tuple[UUID, int]] = field(default_factory=list)

    async def state(self, tenant: Tenant) -> None:
        self.entries.append((tenant.id, tenant.entry.clock_offset_seconds))


@dataclass
class Yard(Memory):
    """An installation with an organization and its live tenant."""

    tenants: Any = field(default_factory=lambda: Kept[Tenant](TenantNotFound))
    directory: Any = field(default_factory=Stated)
    jobs: Any = field(default_factory=KeptJobs)
    told: Told = field(default_factory=Told)

    def __post_init__(self) -> None:
        self.operations = KeptOperations(self)
        self.clockwork = self.erasing = self.people = self.told
        self.home = self.tenant(LIVE, HOME, beside=None)

    def system_now(self) -> datetime:
        return self.now

    def tenant(
        self, mode: str = TEST, id: UUID | None = None, *, firm: UUID = FIRM, beside: Any = HOME
    ) -> Tenant:
        """Another tenant, a sandbox unless told otherwise."""
        made = Tenant.open(
            id or self.ids.new(),
            organization_id=firm,
            entry=Entry(name="T", mode=mode),
            now=self.now,
            sandbox_of=beside,
        )
        made.recorded.clear()
        self.tenants.add(made)
        return made
