"""What was open at every moment of a run: cost and margin of the positions after each fill."""

import msgspec
import numpy as np
import numpy.typing as npt

from core.candle_columns import Float64Array, Int64Array


class ExposurePath(msgspec.Struct, frozen=True, eq=False, kw_only=True):
    """What the positions have cost after each fill, in order.

    ``point`` is the index of the first point of the equity curve that shows the fill. ``long_cost`` and ``short_cost``
    are quantity × average entry price of what is open on each side, ``margin`` what is posted for it, all in quote
    currency. ``turnover`` is the value of all fills of the run.
    """

    point: Int64Array
    long_cost: Float64Array
    short_cost: Float64Array
    margin: Float64Array
    turnover: float

    @classmethod
    def of(
        cls,
        point: npt.ArrayLike,
        long_cost: npt.ArrayLike,
        short_cost: npt.ArrayLike,
        margin: npt.ArrayLike | None = None,
        turnover: float = 0.0,
    ) -> "ExposurePath":
        """Return a path from plain lists; without ``margin`` the positions are paid in full."""
        longs, shorts = np.asarray(long_cost, np.float64), np.asarray(short_cost, np.float64)
        posted = longs + shorts if margin is None else np.asarray(margin, np.float64)
        return cls(
            point=np.asarray(point, np.int64), long_cost=longs, short_cost=shorts, margin=posted, turnover=turnover
        )

    def at(self, points: int) -> tuple[Float64Array, Float64Array, Float64Array]:
        """Return long cost, short cost and margin at each of ``points`` points of a curve; 0 before the first fill."""
        last = np.searchsorted(self.point, np.arange(points), side="right")
        long_cost, short_cost, margin = (
            np.concatenate([[0.0], column])[last] for column in (self.long_cost, self.short_cost, self.margin)
        )
        return long_cost, short_cost, margin
