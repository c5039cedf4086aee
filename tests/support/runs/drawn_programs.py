"""Programs on candles that are drawn by hand, decided by a function of a test in the place of the sandbox."""

import contextlib
import io
import json
from collections.abc import Callable, Sequence
from pathlib import Path

from market_data.__main__ import main
from market_data.store.store_layout import symbol_folder
from programs.program_run import ProgramListener
from strategies.programs.sandbox.problem import ProgramProblem
from strategies.programs.sandbox.sandbox import CallAnswer, CallInput
from tests.support.shared import REPOSITORY
from tests.support.times import HOUR_MS, JANUARY_MS

QUIET = 130
"""Candles of one price that come first: all that a schedule needs has settled by then."""
Prices = tuple[float, float, float, float]
Decides = Callable[[CallInput], object]
NOTHING = "def decide(market, account, trigger):\n    return None\n"
"""The text of a program whose decisions a test makes."""


class Decider:
    """A source of decisions that is a function of what a call is given."""

    def __init__(self, decides: Decides) -> None:
        self._decides = decides

    def call(self, given: CallInput) -> CallAnswer:
        said = self._decides(given)
        if isinstance(said, ProgramProblem):
            return CallAnswer(None, given.memory, said)
        return CallAnswer(said, given.memory)

    def close(self) -> None:
        pass


def decided_by(decides: Decides) -> ProgramListener:
    """Return the listener by which a function decides."""
    return ProgramListener(lambda own: Decider(decides))


def drawn_market(folder: Path, symbols: dict[str, Sequence[Prices]], **live: object) -> Path:
    """Store hourly candles, after so many quiet ones at 100, and return the configuration that trades them."""
    for symbol, prices in symbols.items():
        rows = [(100.0,) * 4] * QUIET + list(prices)
        # Ticks and lots are inferred from what is printed: 0.01 and 0.001.
        lines = [f"{JANUARY_MS + at * HOUR_MS},{_row(row)},1000.001" for at, row in enumerate(rows)]
        lines[0] = f"{JANUARY_MS},{_row((100.01,) * 4)},1000.001"
        file = folder / symbol_folder(symbol) / "1h.csv"
        file.parent.mkdir(parents=True)
        file.write_text("timestamp,open,high,low,close,volume\n" + "\n".join(lines) + "\n")
        with contextlib.redirect_stdout(io.StringIO()):
            code = main(["import", "--exchange", "drawn", "--data-dir", str(folder / "store"), str(file)])
        if code:
            raise ValueError(f"import of {symbol} ended with {code}")
    config = {
        "exchange": "drawn",
        "symbols": list(symbols),
        "timeframe": "1h",
        "data": {"cache_dir": str(folder / "store")},
        "logging": {"directory": str(folder / "logs")},
        **live,
    }
    for name in ("risk.json", "trading_mode.yaml"):
        (folder / name).write_bytes((REPOSITORY / "config" / name).read_bytes())
    path = folder / "drawn.yaml"
    path.write_text(json.dumps(config))
    return path


def _row(prices: Prices) -> str:
    return ",".join(f"{one:.2f}" for one in prices)


def hour(number: int) -> int:
    """Return when so many candles after the quiet ones have closed, in UTC milliseconds."""
    return JANUARY_MS + (QUIET + number) * HOUR_MS
