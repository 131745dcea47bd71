"""How an amount including tax divides over the sets of taxes that a document bears."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from invx.contexts.invoicing.domain.crediting.remainder import Group, Groups, Remainder
from invx.kernel.money import allocate, quantize
from invx.rules.totals.model import ZERO, Regime, Tax


@dataclass(frozen=True, slots=True, kw_only=True)
class Portion:
    """A net with the tax of each of its groups. `stated` are the taxes as a line states them."""

    net: Decimal
    taxes: Mapping[Group, Decimal]
    stated: tuple[Tax, ...]

    @property
    def charged(self) -> Decimal:
        """The tax that raises the gross: every regime but withholding."""
        return sum(
            (tax for group, tax in self.taxes.items() if group[0] is not Regime.WITHHOLDING), ZERO
        )

    @property
    def gross(self) -> Decimal:
        return self.net + self.charged


def portions(invoiced: Remainder, left: Remainder, gross: Decimal) -> list[Portion]:
    """Divide `gross` in proportion to what is left of each set of taxes, by largest remainder.

    Each part divides into net and tax so that what stays behind keeps the proportion of the
    invoice: cents do not pile up over many credits, and the last takes exactly what is left.
    """
    first, now = _by_taxes(invoiced), _by_taxes(left)
    parts = allocate(gross, [portion.gross for portion in now.values()], left.currency)
    return [
        _portion(part, portion, first[groups], left.currency)
        for part, (groups, portion) in zip(parts, now.items(), strict=True)
        if part
    ]


def _by_taxes(left: Remainder) -> dict[Groups, Portion]:
    """What is left, by set of taxes. A group that several sets share is split by their nets."""
    nets: dict[Groups, Decimal] = {}
    stated: dict[Groups, tuple[Tax, ...]] = {}
    for position in left.positions.values():
        nets[position.groups] = nets.get(position.groups, left.zero) + position.net
        stated.setdefault(position.groups, position.taxes)
    taxes: dict[Groups, dict[Group, Decimal]] = {groups: {} for groups in nets}
    for group, tax in left.taxes.items():
        bearing = [groups for groups in nets if group in groups]
        for groups, share in zip(
            bearing, _shared(tax, [nets[groups] for groups in bearing], left.currency), strict=True
        ):
            taxes[groups][group] = share
    return {
        groups: Portion(net=net, taxes=taxes[groups], stated=stated[groups])
        for groups, net in nets.items()
    }


def _shared(amount: Decimal, weights: list[Decimal], currency: str) -> list[Decimal]:
    """`amount` by weight; over weights that sum to zero it goes to the first."""
    if sum(weights, ZERO):
        return allocate(amount, weights, currency)
    return [amount, *[quantize(ZERO, currency)] * (len(weights) - 1)]


def _portion(part: Decimal, now: Portion, first: Portion, currency: str) -> Portion:
    if part == now.gross:
        return now
    whole = first if first.gross else now
    behind = now.gross - part
    net_behind = quantize(behind * whole.net / whole.gross, currency)
    # What stays behind has the sign of what is left, in net and in tax.
    low, high = sorted((behind, behind - now.charged))
    net_behind = max(low, min(net_behind, high))
    low, high = sorted((now.net, ZERO))
    net = now.net - max(low, min(net_behind, high))
    charged = [group for group in now.taxes if group[0] is not Regime.WITHHOLDING]
    taxes = dict(
        zip(
            charged,
            _shared(part - net, [now.taxes[group] for group in charged], currency),
            strict=True,
        )
    )
    for group in now.taxes:
        if group not in taxes:
            stays = first.taxes[group] * (now.net - net) / first.net if first.net else ZERO
            low, high = sorted((now.taxes[group], ZERO))
            taxes[group] = now.taxes[group] - max(low, min(quantize(stays, currency), high))
    return Portion(net=net, taxes=taxes, stated=now.stated)
