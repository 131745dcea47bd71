"""Kill -9 in the middle of the work: nothing acknowledged is lost, nothing happens twice (E1)."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.crash.campaign import Kill, Round, fight


@pytest.fixture
def home() -> Iterator[Path]:
    """A folder that PostgreSQL's account can reach when the tests run as root."""
    with tempfile.TemporaryDirectory(prefix="invx-crash-") as folder:
        Path(folder).chmod(0o755)
        yield Path(folder)


async def test_no_acknowledged_write_is_lost_or_doubled_by_kills_of_server_and_postgres(
    home: Path,
) -> None:
    kills = [
        Kill("server", 0.9, 0.0),
        Kill("postgres", 0.8, 0.0),
        Kill("backend", 0.5, 0.4),
        Kill("both", 0.7, 0.0),
    ]
    rounds: list[Round] = []
    wrong = await fight(home, 1, kills, lambda _, seen, __: rounds.append(seen))
    assert not wrong, [*wrong, "replay: pytest tests/crash/test_crash.py"]
    assert all(seen.acknowledged for seen in rounds)
    # The kills met requests under way: clients saw broken connections, and 503 without PostgreSQL.
    assert rounds[0].cut
    assert rounds[1].unavailable
