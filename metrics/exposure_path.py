"""What was open at every moment of a run: cost and margin of the positions after each fill."""

import msgspec
import numpy as np
import numpy.typing as npt

from core.candle_columns import Float64Array, Int64Array


class ExposurePath(msgspec.Struct, frozen=True, eq=False, kw_only=True):
    """What the positions have cost after each fill, in order.

    ``point`` is the index of the first point of the equity curve that shows the fill. ``long_cost`` and ``short_cost``
    are quantity × average entry price of what is open on each side, ``margin`` what is posted for it, all in quote
    currency; ``positions`` is how many are open. ``turnover`` is the value of all fills of the run. ``marked`` is what
    all of them are worth at each point of the curve, at the marks; None where the candles are not at hand.
    """

    point: Int64Array
    long_cost: Float64Array
    short_cost: Float64Array
    margin: Float64Array
    positions: Int64Array
    turnover: float
    marked: Float64Array | None = None

    @classmethod
    def of(
        cls,
        point: npt.ArrayLike,
        long_cost: npt.ArrayLike,
        short_cost: npt.ArrayLike,
        margin: npt.ArrayLike | None = None,
        positions: npt.ArrayLike | None = None,
        turnover: float = 0.0,
    ) -> "ExposurePath":
        """Return a path from plain lists.

        Without ``margin`` positions are paid in full, without ``positions`` there is one on a side with a cost.
        """
        longs, shorts = np.asarray(long_cost, np.float64), np.asarray(short_cost, np.float64)
        posted = longs + shorts if margin is None else np.asarray(margin, np.float64)
        counts = (longs > 0.0).astype(np.int64) + (shorts > 0.0) if positions is None else np.asarray(positions)
        return cls(
            point=np.asarray(point, np.int64),
            long_cost=longs,
            short_cost=shorts,
            margin=posted,
            positions=counts.astype(np.int64),
            turnover=turnover,
        )

    def at(self, points: int) -> "ExposurePath":
        """Return what was open at each of ``points`` points of a curve; nothing before the first fill."""
        every = np.arange(points)
        last = np.searchsorted(self.point, every, side="right")
        names = ("long_cost", "short_cost", "margin", "positions")
        spread = {name: np.concatenate([[0], getattr(self, name)])[last] for name in names}
        return msgspec.structs.replace(self, point=every, **spread)
