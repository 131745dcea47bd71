"""The version that a caller has read, against the one that is current."""

from invx.kernel.aggregate import Aggregate
from invx.kernel.errors import Stale


def expect(aggregate: Aggregate, version: int | None) -> None:
    """Raise Stale unless the caller named no version, or the current one."""
    if version is not None and version != aggregate.version:
        raise Stale(f"The current version is {aggregate.version}, not {version}.")
