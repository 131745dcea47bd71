"""Rounds of a long campaign so far, in a file beside the data that they were fought over."""

import json
import shutil
import subprocess
from collections.abc import Callable, Iterable
from dataclasses import asdict
from pathlib import Path
from typing import Any, Generic, TypeVar

from tests.crash.installation import ROOT

R = TypeVar("R")


def commit() -> str:
    """The commit that is measured, marked when files differ from it."""
    asked = ["git", "describe", "--always", "--dirty", "--abbrev=12", "--exclude=*"]
    return subprocess.run(asked, cwd=ROOT, capture_output=True, text=True).stdout.strip()


class Progress(Generic[R]):
    """`round_of` makes a round of its fields; `folders` are what is removed to begin anew."""

    def __init__(
        self,
        home: Path,
        seed: int,
        round_of: Callable[..., R],
        folders: Callable[[], Iterable[Path]],
    ) -> None:
        self.home = home
        self.seed = seed
        self.commit = commit()
        self.rounds: list[R] = []
        self._folders = folders
        if self._file.exists():
            kept = json.loads(self._file.read_text())
            # The figures are of one commit: what an interrupted run of another left is removed.
            if (kept["seed"], kept["commit"]) == (self.seed, self.commit):
                self.rounds = [round_of(**each) for each in kept["rounds"]]
                return
        self.done()

    def add(self, seen: R) -> None:
        self.rounds.append(seen)
        draft = self._file.with_suffix(".draft")
        rounds: list[Any] = [asdict(each) for each in self.rounds]  # type: ignore[call-overload]
        draft.write_text(
            json.dumps({"seed": self.seed, "commit": self.commit, "rounds": rounds}, indent=1)
        )
        draft.replace(self._file)

    def done(self) -> None:
        """The next run begins anew."""
        for folder in (*self._folders(), self.home):
            shutil.rmtree(folder, ignore_errors=True)

    @property
    def _file(self) -> Path:
        return self.home / "progress.json"
