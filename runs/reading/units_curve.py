"""The equity of a member of a portfolio as if no cash had come from other members or gone to them."""

from collections.abc import Sequence

import msgspec
import numpy as np

from core.instants import parse_instant
from metrics.equity_curve import EquityCurve
from runs.documents.run_result import Transferred


def in_units(curve: EquityCurve, transfers: Sequence[Transferred]) -> EquityCurve:
    """Return a curve whose changes are gains and losses alone.

    What follows a transfer is divided by what it multiplied equity by, so that figures are those of a unit of money
    that was there from the start.
    """
    factors, steps_ms = np.ones(len(curve.equity)), curve.times_ms[: curve.steps]
    for one in transfers:
        # What stands beside the last step is the account after everything was closed, and after any transfer.
        place = int(np.searchsorted(steps_ms, parse_instant(one.time), side="right"))
        factors[place:] *= (one.equity + one.amount) / one.equity
    cash = None if curve.cash is None else curve.cash / factors
    return msgspec.structs.replace(curve, equity=curve.equity / factors, cash=cash)
