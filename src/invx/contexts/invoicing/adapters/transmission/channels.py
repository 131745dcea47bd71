"""The channels as facts: used outside any transaction (E2), each call bounded in time."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import structlog

from invx.contexts.invoicing.adapters.transmission.answers import unreachable
from invx.contexts.invoicing.app.ports import Transmission
from invx.contexts.invoicing.domain.delivery.delivery_errors import ChannelUnknown
from invx.contexts.invoicing.domain.delivery.transmission import Answer, Channel, Parcel, Verdict
from invx.infra.facts import Answered
from invx.kernel import limits
from invx.kernel.errors import Problem
from invx.kernel.ports import Fact

PORT = "transmission"

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class SetUp:
    """A channel, and what carries it."""

    channel: Channel
    means: Transmission


Channels = Mapping[str, SetUp]


class ChannelFacts:
    """Names the facts; see `app.ports.Transmissions`."""

    def __init__(self, channels: Channels) -> None:
        self._channels = channels

    def channel(self, name: str) -> Channel:
        """Raises ChannelUnknown, naming those that there are."""
        if (found := self._channels.get(name)) is None:
            there = ", ".join(sorted(self._channels)) or "none"
            detail = f"There is no channel {name!r}; those that are set up: {there}."
            problem = Problem("/channel", ChannelUnknown.code, detail)
            raise ChannelUnknown(detail, problems=[problem])
        return found.channel

    def send(self, channel: str, parcel: Parcel, attempt: int) -> Fact:
        """The fact whose answer is the channel's `Answer` to being handed this."""
        fingerprint = f"{parcel.sha256}:{attempt}"
        return Fact(PORT, f"{channel}:{parcel.key}", fingerprint, (channel, parcel))

    def ask(self, channel: str, receipt: str, asked: int) -> Fact:
        """The fact whose answer is what the channel says of it by now."""
        return Fact(PORT, f"{channel}:{receipt}", f"asked:{asked}", (channel, receipt))


class ChannelUser:
    """Provides the facts. A channel that fails or hangs is unreachable; others go on."""

    def __init__(self, channels: Channels) -> None:
        self.channels = channels

    async def obtain(self, facts: Sequence[Fact]) -> list[Answered]:
        """One answer per fact. Evidence is the verdict alone: reasons may name people."""
        found = await asyncio.gather(*(self._answer(*fact.question) for fact in facts))
        return [
            Answered(fact, answer, fact.question[0], {"verdict": str(answer.verdict)})
            for fact, answer in zip(facts, found, strict=True)
        ]

    async def _answer(self, name: str, about: Parcel | str) -> Answer:
        if (used := self.channels.get(name)) is None:
            return unreachable("channel_gone", "The channel is not set up any more.")
        means = used.means
        try:
            async with asyncio.timeout(limits.TRANSMISSION_SECONDS_MAX):
                if isinstance(about, Parcel):
                    answer = await means.send(about)
                else:
                    answer = await means.ask(about)
        except TimeoutError:
            answer = unreachable("timeout", "The channel took too long.")
        if answer.verdict is Verdict.UNREACHABLE:
            codes = [reason.code for reason in answer.reasons]
            log.warning("channel_unreachable", channel=name, codes=codes)
        return answer
