"""Margin of perpetual contracts (linear, isolated, one-way mode), by the formulas that Binance publishes.

Sources
-------
"How to Calculate Liquidation Price of USDⓈ-M Futures Contracts",
https://www.binance.com/en/support/faq/b3c689c1f50a44cabb3a84e663b81d93

"Leverage and Margin of USDⓈ-M Futures", https://www.binance.com/en/support/faq/360033162192
"""

import itertools
import math
from decimal import Decimal
from fractions import Fraction
from typing import TYPE_CHECKING, NamedTuple

from core.exact import ONE, ZERO, add, multiply, received, share_of, subtract
from core.instrument import Instrument, MarginTier

if TYPE_CHECKING:
    from execution.venue_settings import PerpetualSettings

_STEP = Decimal("0.00000001")
_LEVERAGE_BOUND = Decimal(1_000)
"""Highest leverage of a table that names none: the highest that settings allow."""


class _Bracket(NamedTuple):
    """A tier, where it begins, and which positions are liquidated exactly at its two ends.

    A long is told by its cost less its margin, a short by its cost plus its margin.
    """

    tier: MarginTier
    floor: Decimal
    long_at_floor: Decimal
    long_at_cap: Decimal
    short_at_floor: Decimal
    short_at_cap: Decimal


class MarginTable:
    """The maintenance margin of positions of every size.

    Parameters
    ----------
    tiers
        By rising cap. A cap belongs to its tier. No position is opened above the last cap; for one that has grown
        beyond it with its price the last tier holds.

    Raises
    ------
    ValueError
        If there is no tier, or caps do not rise.
    """

    def __init__(self, tiers: tuple[MarginTier, ...]) -> None:
        caps = [tier.notional_cap for tier in tiers]
        if not caps or any(later <= earlier for earlier, later in itertools.pairwise(caps)):
            raise ValueError(f"a margin table has at least one tier and rising caps, got {[str(cap) for cap in caps]}")
        self.tiers = tiers
        self._brackets: list[_Bracket] = []
        floor = ZERO
        for tier in tiers:
            cap, amount = tier.notional_cap, tier.maintenance_amount
            less, more = subtract(ONE, tier.maintenance_rate), add(ONE, tier.maintenance_rate)
            self._brackets.append(
                _Bracket(
                    tier,
                    floor,
                    long_at_floor=add(multiply(floor, less), amount),
                    long_at_cap=add(multiply(cap, less), amount),
                    short_at_floor=subtract(multiply(floor, more), amount),
                    short_at_cap=subtract(multiply(cap, more), amount),
                )
            )
            floor = cap

    @classmethod
    def flat(cls, maintenance_rate: Decimal) -> "MarginTable":
        """Return a table of one tier, without a maintenance amount."""
        return cls((MarginTier(Decimal(10) ** 15, maintenance_rate, ZERO, _LEVERAGE_BOUND),))

    def tier_at(self, notional: Decimal) -> MarginTier:
        """Return the tier of a position's notional."""
        return self.tiers[self._index_at(notional)]

    def _index_at(self, notional: Decimal) -> int:
        for index, tier in enumerate(self.tiers):
            if notional <= tier.notional_cap:
                return index
        return len(self.tiers) - 1

    def maintenance(self, notional: Decimal) -> Decimal:
        """Return the maintenance margin: notional × rate − amount, both of the notional's tier."""
        tier = self.tier_at(notional)
        return subtract(multiply(notional, tier.maintenance_rate), tier.maintenance_amount)

    def max_leverage(self, notional: Decimal) -> Decimal:
        """Return the highest leverage at which a position of this notional may be opened; 0 above the last cap."""
        return ZERO if notional > self.tiers[-1].notional_cap else self.tier_at(notional).max_leverage

    def liquidation_price(self, sign: int, quantity: Decimal, cost: Decimal, margin: Decimal) -> Decimal | None:
        """Return the price at which what is left of the margin equals the maintenance margin.

        Parameters
        ----------
        sign
            +1 for a long, −1 for a short.
        quantity
            Q, in base units, above 0.
        cost
            Q × average entry price, exactly: the sum of price × quantity over the entries.
        margin
            M, the isolated margin without unrealised profit.

        Returns
        -------
        Decimal or None
            LP = (M + cum − sign × cost) / (Q × MMR − sign × Q), with MMR and cum the maintenance rate and amount of
            the tier in which Q × LP lies, rounded half-even to 1e-8 from the exact quotient. A long is liquidated at
            or below it, a short at or above. None for a long that no price above 0 liquidates.

        Notes
        -----
        The published formula with TMM = UPNL = 0, as its page says of isolated margin. The page has the tier looked up
        anew at the liquidation price; here the tier is found from cost and margin, so that none is guessed. In a table
        whose amounts do not join its tiers the maintenance margin jumps at a cap; the result is then the first price,
        on the way of the loss from the entry, at which the margin left is not above it.
        """
        notional = self._long_notional(cost, margin) if sign > 0 else self._short_notional(cost, margin)
        price = _rounded(notional / Fraction(quantity))
        return price if price > 0 else None

    def _long_notional(self, cost: Decimal, margin: Decimal) -> Fraction:
        left = subtract(cost, margin)
        brackets, last = self._brackets, len(self._brackets) - 1
        index = self._index_at(cost)
        while index < last and left > brackets[index].long_at_cap:
            index += 1
        while index > 0 and left <= brackets[index].long_at_floor:
            index -= 1
        tier = brackets[index].tier
        notional = Fraction(subtract(left, tier.maintenance_amount)) / (1 - Fraction(tier.maintenance_rate))
        return notional if index == last else min(notional, Fraction(tier.notional_cap))

    def _short_notional(self, cost: Decimal, margin: Decimal) -> Fraction:
        reached = add(cost, margin)
        brackets, last = self._brackets, len(self._brackets) - 1
        index = self._index_at(cost)
        while index > 0 and reached <= brackets[index].short_at_floor:
            index -= 1
        while index < last and reached > brackets[index].short_at_cap:
            index += 1
        tier = brackets[index].tier
        notional = Fraction(add(reached, tier.maintenance_amount)) / (1 + Fraction(tier.maintenance_rate))
        return max(notional, Fraction(brackets[index].floor))


def initial_margin(notional: Decimal, leverage: Decimal) -> Decimal:
    """Return the isolated margin of a fill: notional / leverage, rounded half-even to 1e-8."""
    return share_of(notional, ONE, leverage)


def bankruptcy_price(
    sign: int, quantity: Decimal, cost: Decimal, margin: Decimal, fee: Decimal, tick: Decimal
) -> Decimal:
    """Return the price at which the closing loss and the liquidation fee together are exactly the margin.

    Parameters
    ----------
    sign, quantity, cost, margin
        As in `MarginTable.liquidation_price`.
    fee
        Liquidation fee as a fraction of the notional at this price.
    tick
        The price is rounded to it toward the entry, a long's up and a short's down; 0 means to 1e-8.

    Returns
    -------
    Decimal
        (cost − M) / (Q(1 − fee)) for a long, never below 0; (cost + M) / (Q(1 + fee)) for a short.

    Notes
    -----
    Binance closes a liquidated position at its bankruptcy price, where nothing of the margin is left, and charges the
    fee: "Liquidation Protocols", https://www.binance.com/en/support/faq/360033525271
    """
    step = Fraction(tick or _STEP)
    if sign > 0:
        price = Fraction(subtract(cost, margin)) / (Fraction(quantity) * (1 - Fraction(fee)))
        steps = max(math.ceil(price / step), 0)
    else:
        price = Fraction(add(cost, margin)) / (Fraction(quantity) * (1 + Fraction(fee)))
        steps = math.floor(price / step)
    return multiply(Decimal(steps), tick or _STEP)


def _rounded(value: Fraction) -> Decimal:
    return multiply(Decimal(round(value / Fraction(_STEP))), _STEP)


def table_of(settings: "PerpetualSettings", instrument: Instrument) -> MarginTable:
    """Return the margin table in force: the settings' tiers, else the instrument's, else the settings' flat rate."""
    if settings.tiers:
        return MarginTable(tuple(tier.exact() for tier in settings.tiers))
    if instrument.margin_tiers:
        return MarginTable(instrument.margin_tiers)
    return MarginTable.flat(received(settings.maintenance_rate))
