"""Which tests one worker of a distributed run takes together.

Tests of a file, which share its fixtures; and all end-to-end tests that are told to services, which
share one installation of them. A plugin of pytest, named in `tests/conftest.py`. The marks of
pytest-xdist (`--dist loadgroup`) are not used: with pytest 9.2 they silently have no effect.
"""

import re

import pytest
from xdist.scheduler import LoadScopeScheduling

from tests.e2e.shapes import SERVICES

_TOLD_TO_SERVICES = re.compile(rf"/e2e/.*\[(?:.*-)?{SERVICES}(?:-.*)?\]$", re.DOTALL)


def together(nodeid: str) -> str:
    """The name of the group of a test."""
    return SERVICES if _TOLD_TO_SERVICES.search(nodeid) else nodeid.partition("::")[0]


class ByGroup(LoadScopeScheduling):  # type: ignore[misc]  # it says no types
    """Hands out groups in the order in which they were collected: quick unit tests come last."""

    def _split_scope(self, nodeid: str) -> str:
        return together(nodeid)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: object) -> ByGroup:
    """Whatever `--dist` says."""
    config.option.loadscopereorder = False
    return ByGroup(config, log)
