"""What was first issued, as it was archived."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Archived:
    """An archived file."""

    media_type: str
    content: bytes
    sha256: str
