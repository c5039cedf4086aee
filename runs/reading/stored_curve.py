"""The equity curve of a stored run: every step where it has them, else the rows of ``equity.csv``."""

from pathlib import Path
from typing import NamedTuple

import numpy as np

from core.candle_columns import Float64Array, Int64Array
from core.errors import StoreError
from core.event_lines import EQUITY_HEADER
from metrics.equity_curve import EquityCurve
from runs.folder.file_names import CURVE, EQUITY, STEPS
from runs.reading.folder_text import table, times_of


class AccountRows(NamedTuple):
    """The rows of ``equity.csv``; balances as they are written."""

    times_ms: Int64Array
    balances: list[str]
    equity: Float64Array
    open_positions: Int64Array


def read_account_rows(folder: Path) -> AccountRows:
    """Return the rows of ``equity.csv``.

    Raises
    ------
    StoreError
        If it cannot be read or is none.
    """
    path = folder / EQUITY
    rows = list(table(path, EQUITY_HEADER))
    try:
        return AccountRows(
            times_of(path, [row[0] for row in rows]),
            [row[1] for row in rows],
            np.array([row[2] for row in rows], np.float64),
            np.array([row[4] for row in rows], np.int64),
        )
    except ValueError as error:
        raise StoreError(f"{path}: {error}", path=path) from None


def read_curve(
    folder: Path, rows: AccountRows, starting_balance: float, window: tuple[int, int], *, backtest: bool
) -> EquityCurve:
    """Return the equity curve of a run.

    Parameters
    ----------
    folder
        Of the run.
    rows
        Of its ``equity.csv``: they have cash and open positions wherever these change.
    starting_balance
        In quote currency.
    window
        Where the run began and where it ended.
    backtest
        Whether it is a backtest, which has equity at every step from the start; a session has it once it has ended.

    Raises
    ------
    StoreError
        If a file cannot be read, or two do not belong together.
    """
    ends = {"start_ms": window[0], "end_ms": window[1]}
    cash = np.array(rows.balances, np.float64)
    has_curve, has_steps = (folder / CURVE).is_file(), (folder / STEPS).is_file()
    if not has_curve and (has_steps or backtest):
        raise StoreError(f"{folder / CURVE} is missing: the folder is no longer whole", path=folder / CURVE)
    if not (has_curve and has_steps):
        further = {"cash": cash, "open_positions": rows.open_positions, "sparse": True}
        return EquityCurve.of(rows.times_ms, rows.equity, starting_balance, **ends, **further)
    times, equity = read_column(folder / STEPS), read_column(folder / CURVE)
    if len(times) != len(equity):
        raise StoreError(
            f"{folder / STEPS} has {len(times)} steps, {CURVE} has {len(equity)}: they are not of one run",
            path=folder / STEPS,
        )
    known = len(rows.times_ms) > 0
    place = np.searchsorted(rows.times_ms, times, side="right") - 1
    if len(times) > 1 and times[-1] == times[-2] and known:
        # The last step stands twice in both files: as it was, and after everything was closed.
        place[-2] = max(len(rows.times_ms) - 2, 0)
    return EquityCurve.of(
        times,
        equity,
        starting_balance,
        **ends,
        cash=np.where(place < 0, starting_balance, cash[place]) if known else None,
        open_positions=np.where(place < 0, 0, rows.open_positions[place]) if known else None,
    )


def read_column(path: Path) -> Float64Array:
    """Return a column of numbers; StoreError if the file cannot be read or is none."""
    try:
        with path.open("rb") as file:
            column: Float64Array = np.load(file, allow_pickle=False)
    except OSError as error:
        raise StoreError.of("read", path, error) from error
    except (ValueError, EOFError) as error:
        raise StoreError(f"{path}: is no column of numbers: {error}", path=path) from None
    if column.ndim != 1:
        raise StoreError(f"{path}: has {column.ndim} dimensions; a column has one", path=path)
    return column
