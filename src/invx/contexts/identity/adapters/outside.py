"""What sandboxes need from beyond identity, as facts: obtained outside any transaction."""

from invx.contexts.identity.domain.tenant import Tenant
from invx.infra import clockwork
from invx.infra.facts import KnownFacts
from invx.infra.tenants import ending
from invx.kernel.clocks import Standing
from invx.kernel.ports import Fact


class ClockworkFacts:
    """See `app.ports_of_sandboxes.Clockwork`."""

    def __init__(self, facts: KnownFacts) -> None:
        self._facts = facts

    async def settle(self, sandbox: Tenant) -> Standing:
        """How it stands.

        Without a fingerprint, so that one row is kept of each sandbox: nobody but the advance
        that asks moves its clock meanwhile.
        """
        question = (sandbox.id, sandbox.entry.clock_offset_seconds)
        fact = Fact(clockwork.PORT, str(sandbox.id), "", question)
        [standing] = await self._facts.need(fact)
        found: Standing = standing
        return found


class ErasingFacts:
    """See `app.ports_of_sandboxes.Erasing`."""

    def __init__(self, facts: KnownFacts) -> None:
        self._facts = facts

    async def erase(self, sandbox: Tenant) -> bool:
        """Once; that it is gone is no question whose answer changes."""
        [erased] = await self._facts.need(Fact(ending.PORT, str(sandbox.id), "", sandbox.id))
        return bool(erased)
