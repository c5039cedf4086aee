"""How far a fetch has come: a bar with the time left on a terminal, a plain line now and then elsewhere."""

import sys

from market_data.history.plain_progress import LineProgress, SilentProgress


def open_progress(title: str, total: int, shown: bool | None, unit: str = "candles") -> SilentProgress:
    """Return what shows the progress of a fetch of ``total`` candles, or of ``total`` of another unit.

    ``shown`` True is the bar, False nothing, None the bar on a terminal and lines elsewhere.
    """
    if shown is False:
        return SilentProgress()
    if shown or sys.stderr.isatty():
        from market_data.history.progress_bar import BarProgress

        return BarProgress(title, total)
    return LineProgress(title, total, unit)
