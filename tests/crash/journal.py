"""What the clients remember: every request before it is sent, every answer when it came.

It is a file, so that the memory survives the test: a campaign that was interrupted goes on with the
requests that nobody answered.
"""

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any


@dataclass(slots=True)
class Operation:
    """One write under one Idempotency-Key."""

    key: str
    kind: str  # entity, draft, finalize, payment, credit
    path: str
    body: dict[str, Any]
    status: int = 0  # 0: nobody answered yet
    answer: dict[str, Any] | None = None


class Journal:
    """All operations by key, in the order in which they were intended."""

    def __init__(self, path: Path) -> None:
        self.operations: dict[str, Operation] = {}
        if path.exists():
            for text in path.read_text().splitlines():
                if text.endswith("}"):  # the last line may be half written
                    operation = Operation(**json.loads(text))
                    self.operations[operation.key] = operation
        path.parent.mkdir(parents=True, exist_ok=True)
        self._file = path.open("a")
        self._file.write("\n")  # ends a line that was half written

    def intend(self, operation: Operation) -> None:
        """Remember it before it is sent."""
        self.operations[operation.key] = operation
        self._write(operation)

    def answered(self, operation: Operation, status: int, answer: dict[str, Any]) -> None:
        """Remember what the server acknowledged."""
        operation.status, operation.answer = status, answer
        self._write(operation)

    @property
    def open(self) -> list[Operation]:
        """What was intended and never answered."""
        return [each for each in self.operations.values() if not each.status]

    def of(self, *kinds: str) -> list[Operation]:
        """The acknowledged operations of these kinds."""
        every = self.operations.values()
        return [each for each in every if each.kind in kinds and 200 <= each.status < 300]

    def close(self) -> None:
        self._file.close()

    def _write(self, operation: Operation) -> None:
        self._file.write(json.dumps(asdict(operation)) + "\n")
        self._file.flush()
