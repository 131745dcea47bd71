"""The runner: the one place for transaction, facts, idempotency, retry and trace of a command."""

import asyncio
import random
from collections.abc import Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, replace
from datetime import datetime
from time import perf_counter
from typing import Any, Generic, TypeVar

import asyncpg
import msgspec

from invx.infra.apart import TooLongHere, apart, call_at_home
from invx.infra.facts import Answered, FactProvider, KnownFacts, obtain
from invx.infra.idempotency import (
    Answer,
    IdempotencyKeyReused,
    IdempotentRequest,
    RequestInProgress,
    answer_row,
    storable,
    stored_answer,
)
from invx.infra.lock_times import LockTimes
from invx.infra.metrics import HANDLER_RETRIES, HANDLER_SECONDS, IDEMPOTENT_REPLAYS
from invx.infra.postgres import (
    KEY_BUSY,
    KEY_KNOWN,
    TENANT_STALE,
    Connection,
    Database,
)
from invx.infra.tenancy import REFUSALS, Directory, Tenant, TenantClosed, TenantMoving
from invx.infra.unit_of_work import EventUnitOfWork
from invx.infra.write_set import WriteSet
from invx.kernel import limits
from invx.kernel.context import Caller, RequestContext
from invx.kernel.errors import ConcurrencyConflict, DomainError, invariant, violated
from invx.kernel.ports import Clock, Needs

C = TypeVar("C")
R = TypeVar("R")
U = TypeVar("U", bound=EventUnitOfWork)

Handler = Callable[[C, U], Awaitable[R]]
OpenUnitOfWork = Callable[[Connection, RequestContext, KnownFacts], U]
Within = Callable[[Connection], Awaitable[None]]

_RACES = (
    asyncpg.UniqueViolationError,
    asyncpg.DeadlockDetectedError,
    asyncpg.SerializationError,
)


@dataclass(frozen=True, slots=True)
class Refusals:
    """Which refusal a violated constraint of the context's own tables means, by constraint name."""

    by_constraint: Mapping[str, type[DomainError]]


class Runner(Generic[U]):
    """Runs the handlers of one context."""

    def __init__(
        self,
        database: Database,
        directory: Directory,
        open_unit: OpenUnitOfWork[U],
        *,
        clock: Clock,
        providers: Mapping[str, FactProvider] | None = None,
        refusals: Refusals | None = None,
        committed: Callable[[], None] = lambda: None,
    ) -> None:
        self.database = database
        self.directory = directory
        self.open_unit = open_unit
        self.clock = clock
        self.providers = providers or {}
        self._refusals = refusals.by_constraint if refusals else {}
        self.committed = committed  # wakes the relay

    async def run(
        self,
        handler: Handler[C, U, R],
        command: C,
        caller: Caller,
        *,
        within: Within | None = None,
        long: bool = False,
    ) -> R:
        """Run a command to its commit and return what its handler returned.

        Raises what the handler raises; lost races are run again. `within` is awaited after the
        flush, inside the transaction. `long` work is kept away from the event loop from the start.
        """
        attempt = _Attempt(self, handler, command, caller, within=within)
        attempt.apart = long
        result: R = (await attempt.run())[0]
        return result

    async def look(
        self, handler: Handler[C, U, R], command: C, caller: Caller, *, long: bool = False
    ) -> R:
        """What a handler that writes nothing returns; a suspended tenant is told it too.

        Facts that it needs are remembered where they may be. Raises what the handler raises.
        """
        attempt = _Attempt(self, handler, command, caller)
        attempt.apart = long
        try:
            result: R = (await attempt.run())[0]
        except TenantClosed:
            attempt.writes = False
            result = (await attempt.run())[0]
        return result

    async def answer(
        self,
        handler: Handler[C, U, R],
        command: C,
        caller: Caller,
        *,
        render: Callable[[R, U], Answer],
        request: IdempotentRequest | None = None,
    ) -> Answer:
        """Run a command and make its response inside the transaction.

        With `request`, an equal request gets the stored response, and a lasting refusal is stored
        too. Raises IdempotencyKeyReused, RequestInProgress.
        """
        attempt = _Attempt(self, handler, command, caller, render=render, request=request)
        try:
            _, answer = await attempt.run()
        except DomainError as error:
            if request is None or not storable(error):
                raise
            return await self._refuse(error, caller, request)
        return answer if answer is not None else violated("no answer was rendered")

    def reading(
        self, caller: Caller
    ) -> AbstractAsyncContextManager[tuple[Connection, RequestContext]]:
        """A transaction for queries: `async with runner.reading(caller) as (conn, ctx)`."""
        return _Reading(self, caller)

    async def context(self, caller: Caller) -> tuple[Tenant, RequestContext]:
        """The tenant's entry, and the context with business time fixed now."""
        tenant = await self.directory.get(caller.tenant_id)
        now = self.directory.business_now(tenant)
        return tenant, RequestContext(caller, now, tenant.test)

    async def _refuse(
        self, error: DomainError, caller: Caller, request: IdempotentRequest
    ) -> Answer:
        answer = request.refusal(error)
        tenant = await self.directory.get(caller.tenant_id)
        try:
            async with self.database.at(tenant.placement).tenant_transaction(
                caller.tenant_id, tenant.epoch, write=True, key_hash=request.key_hash
            ) as conn:
                ctx = RequestContext(caller, self.clock.now())
                unit = self.open_unit(conn, ctx, KnownFacts())
                write_set: WriteSet = unit.write_set
                row = answer_row(caller.tenant_id, request, answer, self.clock.now())
                write_set.put("idempotency", row)
                await write_set.flush(conn)
        except asyncpg.PostgresError as lost:
            if lost.sqlstate == KEY_KNOWN:  # an equal request was faster: one answer for both
                return await self.stored(caller, request)
            if lost.sqlstate not in (KEY_BUSY, TENANT_STALE, *REFUSALS):
                raise
        else:
            self.count_request("first")
        return answer

    async def stored(self, caller: Caller, request: IdempotentRequest) -> Answer:
        """The answer given before. Raises IdempotencyKeyReused, RequestInProgress."""
        try:
            async with self.reading(caller) as (conn, _):
                schema = self.database.schema
                answer = await stored_answer(conn, schema, caller.tenant_id, request)
        except IdempotencyKeyReused:
            self.count_request("reused")
            raise
        self.count_request("replayed")
        return answer

    def count_request(self, outcome: str) -> None:
        """Say of a request with a key what became of it."""
        IDEMPOTENT_REPLAYS.labels(self.database.schema, outcome).inc()

    def translate(self, error: asyncpg.PostgresError, caller: Caller) -> Exception:
        """What a database error means to the caller; the error itself when it means nothing."""
        state = error.sqlstate
        if state == TENANT_STALE:
            self.directory.forget(caller.tenant_id)
            return ConcurrencyConflict("the tenant's directory entry moved on")
        if (refused := REFUSALS.get(state)) is not None:
            self.directory.forget(caller.tenant_id)
            return refused()
        if state == KEY_BUSY:
            self.count_request("busy")
            return RequestInProgress()
        refusal = self._refusals.get(getattr(error, "constraint_name", None) or "")
        if refusal is not None:
            return refusal()
        return ConcurrencyConflict(str(error)) if isinstance(error, _RACES) else error


class _Reading:
    def __init__(self, runner: Runner[Any], caller: Caller) -> None:
        self._runner = runner
        self._caller = caller

    async def __aenter__(self) -> tuple[Connection, RequestContext]:
        for _ in range(limits.HANDLER_ATTEMPTS_MAX):
            tenant, ctx = await self._runner.context(self._caller)
            where = self._runner.database.at(tenant.placement)
            self._transaction = where.tenant_transaction(
                self._caller.tenant_id, tenant.epoch, write=False
            )
            try:
                return await self._transaction.__aenter__(), ctx
            except asyncpg.PostgresError as error:
                translated = self._runner.translate(error, self._caller)
                if not isinstance(translated, ConcurrencyConflict):
                    raise translated from error
        raise TenantMoving

    async def __aexit__(self, *failure: Any) -> None:  # noqa: PYI036  # handed on as it is
        await self._transaction.__aexit__(*failure)


class _Attempt(Generic[C, U, R]):
    """One command on its way to a commit: rounds for facts, tries for lost races."""

    def __init__(
        self,
        runner: Runner[U],
        handler: Handler[C, U, R],
        command: C,
        caller: Caller,
        *,
        within: Within | None = None,
        render: Callable[[R, U], Answer] | None = None,
        request: IdempotentRequest | None = None,
    ) -> None:
        self._runner = runner
        self._handler = handler
        self._command = command
        self._caller = caller
        self._within = within
        self._render = render
        self._request = request
        self._facts = KnownFacts()
        self._new_facts: list[Answered] = []
        self.apart = False
        self.writes = True
        self._now: datetime | None = None

    async def run(self) -> tuple[Any, Answer | None]:
        """Until it commits or is refused."""
        began, rounds = perf_counter(), 0
        for attempt in range(limits.HANDLER_ATTEMPTS_MAX):
            try:
                done = await (apart(self._once) if self.apart else self._once())
            except TooLongHere:
                self.apart = True
            except Needs as needs:
                rounds += 1
                if rounds > limits.FACT_ROUNDS_MAX:
                    violated(f"{self._handler.__name__} keeps asking: {needs}")
                answers = await obtain(self._runner.providers, needs)
                self._facts.learn(answers)
                self._new_facts += answers
                self._again("facts")
            except asyncpg.PostgresError as error:
                if error.sqlstate == KEY_KNOWN and self._request is not None:
                    return None, await self._runner.stored(self._caller, self._request)
                translated = self._runner.translate(error, self._caller)
                if not isinstance(translated, ConcurrencyConflict):
                    raise translated from error
                if error.sqlstate == TENANT_STALE:
                    self._now = None  # the tenant's clock may have been moved
                deadlock = isinstance(error, asyncpg.DeadlockDetectedError)
                self._again("deadlock" if deadlock else "lost_race")
                await asyncio.sleep(random.uniform(0, 0.01) * 2 ** min(attempt, 5))  # noqa: S311
            else:
                call_at_home(self._runner.committed)
                took = HANDLER_SECONDS.labels(self._runner.database.schema, self._handler.__name__)
                took.observe(perf_counter() - began)
                if self._request is not None:
                    self._runner.count_request("first")
                return done
        raise ConcurrencyConflict(f"{self._handler.__name__} lost every race")

    def _again(self, reason: str) -> None:
        name = self._handler.__name__
        HANDLER_RETRIES.labels(self._runner.database.schema, name, reason).inc()

    async def _once(self) -> tuple[R, Answer | None]:
        locks = LockTimes()
        try:
            return await self._transacted(locks)
        finally:
            locks.released()

    async def _transacted(self, locks: LockTimes) -> tuple[R, Answer | None]:
        runner, request = self._runner, self._request
        tenant, ctx = await runner.context(self._caller)
        if self._now is None:
            self._now = ctx.now
        else:
            ctx = replace(ctx, now=self._now)  # one command, one business time (T5)
        async with runner.database.at(tenant.placement).tenant_transaction(
            self._caller.tenant_id,
            tenant.epoch,
            write=self.writes,
            key_hash=request.key_hash if request else None,
        ) as conn:
            unit = runner.open_unit(conn, ctx, self._facts)
            unit.locks = locks
            result = await self._handler(self._command, unit)
            unit.stage()
            if not self.writes:
                invariant(not unit.write_set, f"{self._handler.__name__} was only to look")
                return result, None
            answer = self._render(result, unit) if self._render else None
            if request is not None and answer is not None:
                row = answer_row(ctx.tenant_id, request, answer, runner.clock.now())
                unit.write_set.put("idempotency", row)
            self._remember_facts(unit)
            await unit.write_set.flush(conn)
            if self._within is not None:
                await self._within(conn)
        return result, answer

    def _remember_facts(self, unit: U) -> None:
        for answered in self._new_facts:
            unit.write_set.put(
                "facts",
                {
                    "tenant_id": unit.ctx.tenant_id,
                    "port": answered.fact.port,
                    "key": answered.fact.key,
                    "fingerprint": answered.fact.fingerprint,
                    "value": msgspec.Raw(
                        msgspec.json.encode(
                            answered.value if answered.evidence is None else answered.evidence
                        )
                    ),
                    "source": answered.source,
                    "obtained_at": self._runner.clock.now(),
                },
            )
