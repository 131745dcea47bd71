"""Which seeds a simulation runs: twenty in `make test`, others by INVX_SEEDS.

`INVX_SEEDS=200` runs the first two hundred, `INVX_SEEDS=17-17` exactly one.
"""

import os

SEEDS_IN_MAKE_TEST = 20


def seeds(text: str | None = None) -> range:
    """The seeds of this run."""
    first, _, last = (text or os.environ.get("INVX_SEEDS") or "").partition("-")
    if not first:
        return range(SEEDS_IN_MAKE_TEST)
    return range(int(first), int(last) + 1) if last else range(int(first))


def few(most: int) -> range:
    """Of a costly world: so many in `make test`, all that INVX_SEEDS names otherwise."""
    return seeds() if os.environ.get("INVX_SEEDS") else seeds()[:most]


def again(seed: int, test: str) -> str:
    """The command that runs a failed seed once more."""
    return f"INVX_SEEDS={seed}-{seed} .venv/bin/pytest {test}"
