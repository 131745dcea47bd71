from collections.abc import Iterator
from pathlib import Path

import pytest

from invx.infra.embedded import Postgres
from tests.api.stage import Stage, open_stage


@pytest.fixture(scope="module")
def stage(server: Postgres, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """An installation beside the test, with something of everything."""
    folder: Path = tmp_path_factory.mktemp("stage")
    with open_stage(server, folder) as opened:
        yield opened
