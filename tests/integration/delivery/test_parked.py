"""What failed for good waits for a person, and nothing else waits with it but its own key."""

import pytest

from invx.infra.inbox import receive
from invx.infra.parked import NothingParked, ReasonMissing
from invx.kernel import limits
from tests.integration.delivery.stage import Stage, key, note, tenant

A, B = tenant(1), tenant(2)


@pytest.fixture(autouse=True)
async def _known(stage: Stage) -> None:
    await stage.know(A, B)


class Poison:
    """A reaction that fails on one key until it is cured."""

    def __init__(self, bad) -> None:
        self.bad = bad
        self.cured = False

    async def __call__(self, contract, uow) -> None:
        if contract.key == self.bad and not self.cured:
            raise ValueError(f"cannot read 'Ada Lovelace <ada@example.com>' of {contract.key}")
        uow.write_down(contract)


async def poisoned(stage: Stage) -> Poison:
    """Key x of tenant A is parked at its first of three; y of A and x of B went through."""
    poison = Poison(key("x"))
    sent = [note(A, key("x"), n) for n in (1, 2, 3)]
    await receive(
        stage.receiver, [*sent, note(A, key("y"), 1), note(B, key("z"), 1)], now=stage.clock.now()
    )
    worker = stage.worker(poison)
    for _ in range(limits.REACTION_ATTEMPTS_MAX):
        await worker.settle()
        stage.clock.advance(2 * limits.REACTION_DELAY_SECONDS_MAX)
    return poison


async def test_a_poisoned_message_parks_its_key_and_no_other(stage: Stage) -> None:
    await poisoned(stage)
    assert sorted(await stage.heard()) == sorted([(key("y"), 1), (key("z"), 1)])
    [parked] = await stage.parked().contracts()
    assert (parked.tenant_id, parked.order_key, parked.sequence) == (A, key("x"), 1)
    assert parked.attempts == limits.REACTION_ATTEMPTS_MAX
    assert parked.waiting == 2
    assert await stage.states() == {"done": 2, "parked": 1, "pending": 2}


async def test_the_reason_names_the_error_and_nobodys_data(stage: Stage) -> None:
    await poisoned(stage)
    [parked] = await stage.parked().contracts()
    assert parked.reason.startswith("ValueError: cannot read …")
    assert "Ada" not in parked.reason
    assert "example.com" not in parked.reason


async def test_parking_is_logged_as_an_error(stage: Stage) -> None:
    await poisoned(stage)
    [entry] = [each for each in stage.logs if each["event"] == "reaction_parked"]
    assert entry["log_level"] == "error"
    assert entry["attempt"] == limits.REACTION_ATTEMPTS_MAX


async def test_a_replayed_message_goes_first_and_its_key_follows_in_order(stage) -> None:
    poison = await poisoned(stage)
    poison.cured = True
    [parked] = await stage.parked().contracts()
    assert await stage.parked().replay(A, parked.message_id) == 1
    await stage.worker(poison).settle()
    assert [number for held, number in await stage.heard() if held == key("x")] == [1, 2, 3]
    assert await stage.parked().contracts() == []


async def test_all_of_a_tenant_can_be_replayed_at_once(stage: Stage) -> None:
    poison = await poisoned(stage)
    poison.cured = True
    assert await stage.parked().replay(B) == 0
    assert await stage.parked().replay(A) == 1
    await stage.worker(poison).settle()
    assert await stage.states() == {"done": 5}


async def test_a_replay_that_fails_again_is_parked_again(stage: Stage) -> None:
    poison = await poisoned(stage)
    await stage.parked().replay(A)
    for _ in range(limits.REACTION_ATTEMPTS_MAX):
        await stage.worker(poison).settle()
        stage.clock.advance(2 * limits.REACTION_DELAY_SECONDS_MAX)
    assert (await stage.parked().contracts())[0].attempts == limits.REACTION_ATTEMPTS_MAX


async def test_a_skipped_message_is_never_applied_and_says_who_skipped_it_and_why(stage) -> None:
    poison = await poisoned(stage)
    poison.cured = True
    [parked] = await stage.parked().contracts()
    await stage.parked().skip(
        A, parked.message_id, actor="user:grace", reason="was entered by hand"
    )
    await stage.worker(poison).settle()
    assert [number for held, number in await stage.heard() if held == key("x")] == [2, 3]
    row = await stage.root.fetchrow("SELECT * FROM receiver.inbox WHERE state = 'skipped'")
    assert row["reason"].startswith("skipped by user:grace: was entered by hand (parked: ValueEr")
    assert row["finished_at"] is not None


async def test_only_parked_messages_can_be_replayed_or_skipped(stage: Stage) -> None:
    await poisoned(stage)
    waiting = note(A, key("x"), 2).message_id
    done = note(A, key("y"), 1).message_id
    for message_id in (waiting, done):
        with pytest.raises(NothingParked):
            await stage.parked().replay(A, message_id)
        with pytest.raises(NothingParked):
            await stage.parked().skip(A, message_id, actor="user:grace", reason="because")
    with pytest.raises(NothingParked):
        await stage.parked().skip(B, note(A, key("x"), 1).message_id, actor="x", reason="y")


async def test_skipping_needs_a_reason(stage: Stage) -> None:
    await poisoned(stage)
    with pytest.raises(ReasonMissing):
        await stage.parked().skip(A, note(A, key("x"), 1).message_id, actor="u", reason="  ")
    assert len(await stage.parked().contracts()) == 1


async def test_the_list_can_be_of_one_tenant(stage: Stage) -> None:
    await poisoned(stage)
    assert len(await stage.parked().contracts(A)) == 1
    assert await stage.parked().contracts(B) == []


async def test_an_unknown_contract_is_parked_at_once_with_its_name(stage: Stage) -> None:
    strange = note(A, key("x"), 1, wire="sender.note.burned.v9")
    await receive(stage.receiver, [strange], now=stage.clock.now())
    await stage.worker().settle()
    [parked] = await stage.parked().contracts()
    assert parked.reason == "UnknownContract: sender.note.burned.v9"
    assert parked.attempts == 1


async def test_a_body_that_is_not_its_contract_is_parked_at_once(stage: Stage) -> None:
    await receive(stage.receiver, [note(A, key("x"), 1)], now=stage.clock.now())
    await stage.root.execute("""UPDATE receiver.inbox SET body = '{"key": "Ada", "number": 1}'""")
    await stage.worker().settle()
    [parked] = await stage.parked().contracts()
    assert parked.reason == "MalformedBody: key: not readable"


async def test_what_waits_is_measured(stage: Stage) -> None:
    assert await stage.parked().measure() == (0, 0.0, 0)
    await poisoned(stage)
    waiting, age, keys = await stage.parked().measure()
    assert (waiting, keys) == (2, 1)
    assert age == 2 * limits.REACTION_DELAY_SECONDS_MAX * limits.REACTION_ATTEMPTS_MAX


async def test_a_poisoned_tenant_does_not_delay_the_others(stage: Stage) -> None:
    async def hates_a(contract, uow) -> None:
        if uow.ctx.tenant_id == A:
            raise RuntimeError
        uow.write_down(contract)

    await receive(stage.receiver, [note(A, key(n), 1) for n in range(300)], now=stage.clock.now())
    await receive(stage.receiver, [note(B, key("b"), 1)], now=stage.clock.now())
    queue = stage.reactions(hates_a)
    for _ in range(2):
        for row in await queue.claim(8):
            await queue.work(row)
    assert await stage.heard(B) == [(key("b"), 1)]
