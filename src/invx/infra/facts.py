"""Facts from outside: obtained between transactions, kept with time and source (section 4)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from invx.infra.metrics import FACTS_ASKED
from invx.kernel.ports import Fact, Needs


@dataclass(frozen=True, slots=True)
class Answered:
    """What a provider answered. `source` says who said so.

    `evidence` is what the facts table keeps, when that is not the value itself; it must be JSON.
    """

    fact: Fact
    value: Any
    source: str
    evidence: Any = None


class FactProvider(Protocol):
    """Obtains the facts of one port, all that are asked for at once, outside any transaction."""

    async def obtain(self, facts: Sequence[Fact]) -> list[Answered]:
        """One answer per fact. Raises Unavailable when the outside does not answer."""
        ...


class KnownFacts:
    """The facts that one run of a handler may use: only with a fingerprint that still matches."""

    def __init__(self) -> None:
        self.answers: dict[tuple[str, str, str], Answered] = {}

    def learn(self, answers: Sequence[Answered]) -> None:
        """Keep the answers for the next run of the handler."""
        for answer in answers:
            fact = answer.fact
            self.answers[fact.port, fact.key, fact.fingerprint] = answer

    def asked(self, port: str, key: str) -> int:
        """How many answers about this there are by now: one for each time that it was asked."""
        return sum(known[:2] == (port, key) for known in self.answers)

    async def need(self, *facts: Fact) -> list[Any]:
        """The answers in order. Raises Needs, naming all that are missing at once."""
        known = [self.answers.get((fact.port, fact.key, fact.fingerprint)) for fact in facts]
        if missing := [fact for fact, answer in zip(facts, known, strict=True) if answer is None]:
            raise Needs(missing)
        return [answer.value for answer in known if answer is not None]


async def obtain(providers: Mapping[str, FactProvider], needs: Needs) -> list[Answered]:
    """Ask each port once for everything that is needed of it."""
    by_port: dict[str, list[Fact]] = {}
    for fact in needs.facts:
        by_port.setdefault(fact.port, []).append(fact)
    answers: list[Answered] = []
    for port, facts in by_port.items():
        try:
            answers += await providers[port].obtain(facts)
        except Exception:
            FACTS_ASKED.labels(port, "failed").inc(len(facts))
            raise
        FACTS_ASKED.labels(port, "found").inc(len(facts))
    return answers
