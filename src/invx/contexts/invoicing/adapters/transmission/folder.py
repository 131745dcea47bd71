"""A folder as a channel: files go out once, answers come back as files beside them.

Whatever stands behind the folder (an archive, a mail robot, the client of a portal) reads files in
`outgoing/` and either leaves them there or moves them to `taken/` under the same name: so what went
out before a crash does not go out again. Answers lie in `answers/`, with the ending `.json`.
"""

import asyncio
import os
import tempfile
from dataclasses import dataclass
from pathlib import Path

from invx.contexts.invoicing.adapters.transmission.answers import (
    ANSWER_BYTES_MAX,
    NotUnderstood,
    answer_in,
    unreachable,
)
from invx.contexts.invoicing.domain.delivery.transmission import Answer, Parcel, Verdict

_ENDINGS = {"application/pdf": "pdf", "application/xml": "xml"}
_NAME_CHARS_MAX = 80


@dataclass(frozen=True, slots=True)
class Folder:
    """See `app.ports.Transmission`. `answers` says whether somebody behind it answers."""

    root: Path
    answers: bool = False

    async def send(self, parcel: Parcel) -> Answer:
        """Write the file whole or not at all; one that is there stays as it is."""
        receipt = receipt_of(parcel)
        ending = _ENDINGS.get(parcel.media_type, "bin")
        try:
            if not await asyncio.to_thread(self._path("taken", receipt, ending).exists):
                path = self._path("outgoing", receipt, ending)
                await asyncio.to_thread(_put, path, parcel.content)
        except OSError as error:
            return unreachable("folder", f"The folder cannot be written: {error.strerror}.")
        found = await self.ask(receipt)
        if found.verdict is not Verdict.UNREACHABLE:
            return found
        return Answer(verdict=Verdict.SENT, more=self.answers, receipt=receipt)

    async def ask(self, receipt: str) -> Answer:
        """The answer that lies there by now."""
        path = self._path("answers", receipt, "json")
        try:
            body = await asyncio.to_thread(_read, path)
        except OSError as error:
            return unreachable("folder", f"The answer cannot be read: {error.strerror}.")
        if body is None:
            return Answer(verdict=Verdict.SENT, more=self.answers, receipt=receipt)
        try:
            found = answer_in(body)
        except NotUnderstood as error:
            return unreachable("not_understood", str(error))
        return Answer(
            verdict=found.verdict,
            more=found.more and self.answers,
            receipt=receipt,
            authority_id=found.authority_id,
            reasons=found.reasons,
        )

    def _path(self, part: str, receipt: str, ending: str) -> Path:
        tenant, _, name = receipt.partition("/")
        return self.root / part / tenant / f"{name}.{ending}"


def receipt_of(parcel: Parcel) -> str:
    """`tenant/number-revision-hash`: the same for the same file, and for no other."""
    kept = (each if each.isascii() and each.isalnum() else "-" for each in parcel.number)
    number = "".join(kept)[:_NAME_CHARS_MAX]
    # The key tells apart what looks the same: two series may have one number.
    return f"{parcel.tenant_id}/{number}-{parcel.revision}-{parcel.sha256[:16]}-{parcel.key[:8]}"


def _put(path: Path, content: bytes) -> None:
    if path.exists():
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=".writing-")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        Path(name).replace(path)
    except OSError:
        Path(name).unlink(missing_ok=True)
        raise
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)  # or the name may be gone after a power cut
    finally:
        os.close(folder)


def _read(path: Path) -> bytes | None:
    try:
        with path.open("rb") as file:
            return file.read(ANSWER_BYTES_MAX + 1)[:ANSWER_BYTES_MAX]
    except FileNotFoundError:
        return None
