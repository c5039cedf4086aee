"""Commission by liquidity and volume, as whole numbers."""

import math
from collections.abc import Sequence

import numpy as np

from compiled import layout
from compiled.driving.scaled_market import Share, shares_of
from core.candle_columns import Int64Array
from core.exact import received
from core.timeframe import DAY_MS
from execution.execution_settings import ExecutionSettings


def rates_of(fills: ExecutionSettings) -> Sequence[Share]:
    """Return the fractions of the filled value that makers and takers pay, in turn, tier by tier."""
    usual, own = fills.commission_rate, fills.commission
    found = [usual if rate is None else rate for rate in (own.maker, own.taker)]
    for tier in own.tiers:
        found += [tier.maker, tier.taker]
    return shares_of(*map(received, found))


def tiers_of(fills: ExecutionSettings, money_decimals: int) -> layout.Records:
    """Return the tiers by rising volume, that of no volume first."""
    rates, volumes = rates_of(fills), [0.0, *(tier.volume for tier in fills.commission.tiers)]
    found, money = np.zeros(len(volumes), layout.FEE_TIER), 10**money_decimals
    for place, volume in enumerate(volumes):
        found[place]["maker"], found[place]["taker"] = rates[2 * place].number, rates[2 * place + 1].number
        whole, part = divmod(math.ceil(received(volume) * money), money)
        found[place]["volume"], found[place]["volume_part"] = whole, part
    return found


def days_of(opens: Sequence[Int64Array], length_ms: int, tiers: int) -> tuple[int, layout.Records]:
    """Return the first UTC day of a run, and room for the volume of each, where tiers ask for it."""
    filled = [one for one in opens if len(one)]
    if tiers == 1 or not filled:
        return 0, np.zeros(1, layout.DAY)
    first = int(min(one[0] for one in filled)) // DAY_MS
    last = (int(max(one[-1] for one in filled)) + length_ms) // DAY_MS
    return first, np.zeros(last - first + 1, layout.DAY)
