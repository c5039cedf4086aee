"""How far one candle moves: a redenomination shows as a factor that no market moves by."""

DEFAULT_MAX_CANDLE_MOVE = 5.0
"""The factor above which a candle is taken for a redenomination or a fault of its source, unless settings say else.

The widest candle among those recorded from exchanges, a first minute after a listing, moves by 2.84.
"""


def candle_move(before: float | None, high: float, low: float) -> float:
    """Return the factor by which a candle moves, its step from the close before it included.

    Parameters
    ----------
    before
        Close of the candle before it, whatever lies between the two; None where there is none.
    high, low
        The candle's own range; prices are positive.

    Examples
    --------
    >>> candle_move(100.0, 0.12, 0.1)
    1000.0
    """
    if before is None:
        return high / low
    return max(high, before) / min(low, before)
