"""Name the given files that have trailing blanks or do not end with one newline."""

import sys
from pathlib import Path


def faults(path: Path) -> list[str]:
    """What is wrong with one file, by line."""
    text = path.read_text()
    found = [
        f"{path}:{number}: trailing blanks"
        for number, line in enumerate(text.split("\n"), 1)
        if line != line.rstrip()
    ]
    if text and (not text.endswith("\n") or text.endswith("\n\n")):
        found.append(f"{path}: does not end with one newline")
    return found


if __name__ == "__main__":
    every = [fault for name in sys.argv[1:] for fault in faults(Path(name))]
    print(*every, sep="\n", end="\n" if every else "")
    sys.exit(bool(every))
