"""A curve as one line of text."""

from collections.abc import Sequence

_BARS = "▁▂▃▄▅▆▇█"


def sparkline(values: Sequence[float], width: int) -> str:
    """Return the values as at most ``width`` bars from their lowest to their highest.

    More values than bars are gathered, and a bar shows the last of its values. A flat curve is drawn at the lowest bar;
    no values give no text.

    Examples
    --------
    >>> sparkline([1.0, 2.0, 3.0, 2.0], 10)
    '▁▅█▅'
    """
    if not values or width <= 0:
        return ""
    bars = min(width, len(values))
    shown = [values[(number + 1) * len(values) // bars - 1] for number in range(bars)]
    lowest, highest = min(shown), max(shown)
    if not highest > lowest:
        return _BARS[0] * bars
    top = len(_BARS) - 1
    return "".join(_BARS[round(top * (value - lowest) / (highest - lowest))] for value in shown)
