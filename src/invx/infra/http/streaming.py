"""Answers that are made while they are sent.

Who reads an answer may hang up at any time, and is then cancelled wherever it stands, again and
again. What makes the answer runs in a task of its own, so that it is told once and can end in
order: roll back, give its connection back.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field

from invx.kernel.errors import Unavailable

_AHEAD = 2  # pieces that wait to be sent


class TooManyAtOnce(Unavailable):
    """As many long answers are being sent as this process sends at once; ask again shortly."""

    code = "unavailable"


@dataclass(slots=True)
class Slots:
    """How many long answers are sent at once, because each holds a connection while it lasts."""

    free: int
    waits_for: set[asyncio.Task[None]] = field(default_factory=set)

    def take(self) -> None:
        """Raises TooManyAtOnce."""
        if self.free < 1:
            raise TooManyAtOnce
        self.free -= 1

    def give_back(self) -> None:
        """Another may begin."""
        self.free += 1

    async def sent(self, make: Callable[[], AsyncIterator[bytes]]) -> AsyncIterator[bytes]:
        """The pieces of an answer, for which a slot was taken. A failure of the maker is raised."""
        pieces: asyncio.Queue[bytes | BaseException | None] = asyncio.Queue(_AHEAD)
        maker = asyncio.create_task(_make(make(), pieces))
        self.waits_for.add(maker)
        maker.add_done_callback(self._ended)
        try:
            while (piece := await pieces.get()) is not None:
                if isinstance(piece, BaseException):
                    raise piece
                yield piece
        finally:
            maker.cancel()

    def _ended(self, maker: asyncio.Task[None]) -> None:
        self.waits_for.discard(maker)
        self.give_back()


async def _make(
    source: AsyncIterator[bytes], pieces: "asyncio.Queue[bytes | BaseException | None]"
) -> None:
    try:
        async for piece in source:
            if piece:
                await pieces.put(piece)
        await pieces.put(None)
    except Exception as error:  # noqa: BLE001 - raised again where the answer is sent
        await pieces.put(error)
    finally:
        close = getattr(source, "aclose", None)
        if close is not None:
            await close()
