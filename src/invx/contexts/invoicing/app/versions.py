"""The version that a caller has read, against the one that is current."""

from invx.kernel.aggregate import Aggregate
from invx.kernel.errors import Stale


def expect(aggregate: Aggregate, version: int | None) -> None:
    """Raise Stale unless the caller named no version, or the current one."""
    expect_part(aggregate.version, version)


def expect_part(current: int, version: int | None) -> None:
    """The same for a part of an aggregate that has a version of its own."""
    if version is not None and version != current:
        raise Stale(f"The current version is {current}, not {version}.")
