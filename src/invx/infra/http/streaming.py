"""Answers that are made while they are sent.

Who reads an answer may hang up at any time, and is then cancelled wherever it stands, again and
again. What makes the answer runs in a task of its own, so that it is told once and can end in
order: roll back, give its connection back.
"""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping
from contextlib import aclosing
from dataclasses import dataclass, field

from starlette.responses import StreamingResponse
from starlette.types import Receive, Scope, Send

from invx.kernel.errors import Unavailable

_AHEAD = 2  # pieces that wait to be sent


class TooManyAtOnce(Unavailable):
    """As many long answers are being sent as this process sends at once; ask again shortly."""

    code = "unavailable"


class StreamedResponse(StreamingResponse):
    """An answer that is made while it is sent, and ends when its reader hangs up.

    Starlette leaves the generator to the garbage collector then, which may come much later.
    """

    def __init__(
        self, pieces: AsyncGenerator[bytes], media_type: str, headers: Mapping[str, str]
    ) -> None:
        super().__init__(pieces, media_type=media_type, headers=headers)
        self._pieces = pieces

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send it; close what makes it, however that ends."""
        async with aclosing(self._pieces):
            await super().__call__(scope, receive, send)


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

    async def begun(self, make: Callable[[], AsyncIterator[bytes]]) -> AsyncGenerator[bytes]:
        """The pieces of an answer, for which a slot was taken, once the first of them is made.

        What fails before that is a proper refusal; what fails later is raised among the pieces.
        """
        pieces = self._sent(make)
        await anext(pieces)
        return pieces

    async def _sent(self, make: Callable[[], AsyncIterator[bytes]]) -> AsyncGenerator[bytes]:
        """Nothing, as soon as the first piece is made; then the pieces."""
        pieces: asyncio.Queue[bytes | BaseException | None] = asyncio.Queue(_AHEAD)
        maker = asyncio.create_task(_make(make(), pieces))
        self.waits_for.add(maker)
        maker.add_done_callback(self._ended)
        try:
            piece = await pieces.get()
            if not isinstance(piece, BaseException):
                yield b""
            while piece is not None:
                if isinstance(piece, BaseException):
                    raise piece
                yield piece
                piece = await pieces.get()
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
