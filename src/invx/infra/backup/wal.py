"""The continuous archive: what PostgreSQL writes goes, compressed, to a folder beside the backups.

The server's account runs the commands, with the tools of the system only: it may not reach ours. A
segment appears under its name when it is whole and on the disk; a crash in between makes the server
archive it again. Names hold the timeline, so that a restored database never overwrites the past.
"""

import shlex
from pathlib import Path

ARCHIVE_SECONDS = 60  # a disk that dies takes at most as much with it
SUFFIX = ".gz"


def archive_settings(folder: Path) -> dict[str, str]:
    """Settings of the server by which it archives into `folder`."""
    here = _quoted(folder)
    steps = (
        f'gzip -1 -c "%p" > {here}/%f.part',
        f"sync {here}/%f.part",
        f"mv -f {here}/%f.part {here}/%f{SUFFIX}",
        f"sync {here}",
    )
    return {
        "archive_mode": "on",
        "archive_command": " && ".join(steps),
        "archive_timeout": str(ARCHIVE_SECONDS),
    }


def restore_command(folder: Path) -> str:
    """What fetches a segment from the archive; fails where there is none such."""
    file = f"{_quoted(folder)}/%f{SUFFIX}"
    return f'test -f {file} && gzip -dc {file} > "%p"'


def _quoted(folder: Path) -> str:
    return shlex.quote(str(folder).replace("%", "%%"))
