"""The trade log that a script's account writes to a file of its own."""

from pathlib import Path

from core.event_lines import TRADE_HEADER, trade_line
from core.events import Event, TradeRow


class TradeFile:
    """Starts a CSV file anew and appends every booked fill, closing it after each.

    Parameters
    ----------
    path
        The file; its folders are made.
    """

    def __init__(self, path: str | Path) -> None:
        self._path = Path(path)
        self._path.parent.mkdir(parents=True, exist_ok=True)
        self._path.write_text(TRADE_HEADER, encoding="utf-8", newline="")

    def __call__(self, event: Event) -> None:
        if isinstance(event, TradeRow):
            with self._path.open("a", encoding="utf-8", newline="") as log:
                log.write(trade_line(event))
