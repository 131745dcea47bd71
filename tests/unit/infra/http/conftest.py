from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI

from tests.unit.infra.http.example import Keys, SetClock, client_of, example_app


@pytest.fixture
def clock() -> SetClock:
    return SetClock()


@pytest.fixture
def keys(tmp_path: Path, clock: SetClock) -> Keys:
    return Keys(tmp_path, clock)


@pytest.fixture
def app(keys: Keys, clock: SetClock) -> FastAPI:
    return example_app(keys, clock)


@pytest.fixture
async def client(app: FastAPI, keys: Keys) -> AsyncIterator[httpx.AsyncClient]:
    """A client that may read and write notes."""
    async with client_of(app, keys.token("notes:read", "notes:write")) as client:
        yield client
