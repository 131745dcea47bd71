"""A provider of OpenID Connect that the operator trusts, as settings name it."""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class ProviderSettings:
    """Where the provider is, and who we are there."""

    name: str  # what the button says
    issuer: str  # to the letter, as the provider calls itself
    client_id: str
    client_secret: str = field(repr=False)
