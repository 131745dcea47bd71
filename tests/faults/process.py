"""What `invx` is, as a process that faults happen to: `python -m tests.faults.process serve …`.

Three changes. Claims and leases run out within seconds, so that a test need not wait a minute for
the work of the dead. The system's clock is ahead by as many seconds as the file FAULTS_CLOCK says.
FAULTS_PLANT names a defect that the campaign has to find, or a release to be.
"""

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

from invx.infra.system import SystemClock
from invx.kernel import limits

limits.CLAIM_SECONDS = 6
limits.LEASE_SECONDS = 3


def main() -> None:
    """As the command line would."""
    SystemClock.now = _clock(Path(os.environ["FAULTS_CLOCK"]))  # type: ignore[method-assign]
    if planted := os.environ.get("FAULTS_PLANT"):
        from tests.faults.planted import plant

        plant(planted)
    # Imported after the limits were set: a default argument is fixed when its module is read.
    from invx.cli import main as invx

    invx()


def _clock(file: Path):  # type: ignore[no-untyped-def]
    def now(_: SystemClock) -> datetime:
        try:
            ahead = float(file.read_text() or 0)
        except FileNotFoundError:
            ahead = 0.0
        return datetime.now(UTC) + timedelta(seconds=ahead)

    return now


if __name__ == "__main__":
    main()
