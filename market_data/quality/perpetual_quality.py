"""What is checked of mark candles, funding rates and open interest on the way in; ``candle_quality`` has candles."""

from collections.abc import Mapping

import numpy as np

from core.candle_columns import CandleColumns, Float64Array, slots
from market_data.quality.candle_quality import (
    EXAMPLES,
    REASONS,
    Mask,
    OffGrid,
    QualityReport,
    RowExample,
    behind,
    check_candles,
    first_broken,
)
from market_data.quality.sound_candle import sound_amount, sound_price
from market_data.series_columns import FundingColumns, OpenInterestColumns, RowsT

MOST_RATE = 1.0
"""A funding rate of the whole notional or more is taken for a fault of the source."""


def check_marks(
    candles: CandleColumns,
    timeframe_length_ms: int,
    *,
    off_grid: OffGrid = "snap",
    now_ms: int | None = None,
    refused: Mapping[str, Mask] | None = None,
) -> tuple[CandleColumns, QualityReport]:
    """Return the mark candles that may be stored, and what was found; as ``check_candles``.

    A mark price has no volume: whatever the source prints there becomes 0.
    """
    without_volume = candles._replace(volume=np.zeros(candles.rows))
    return check_candles(without_volume, timeframe_length_ms, off_grid=off_grid, now_ms=now_ms, refused=refused)


def check_rows(
    columns: RowsT, length_ms: int, *, now_ms: int | None = None, refused: Mapping[str, Mask] | None = None
) -> tuple[RowsT, QualityReport]:
    """Return the funding rates or open interest that may be stored, and what was found.

    Rows are judged in the order in which they came. A row whose slot of the grid of ``length_ms`` (for funding the
    minute) is not after that of every row accepted before it is a duplicate if that slot was accepted, and out of order
    otherwise. Stamps are kept as they are. A mark price or a value that is not finite and positive is not known: nan.

    Parameters
    ----------
    now_ms
        The present, in UTC milliseconds; a later row is refused. None: all rows are of the past.
    refused
        Rows that are refused whatever they hold, by reason.
    """
    times, numbers, known = columns
    reason = "bad_rate" if isinstance(columns, FundingColumns) else "bad_amount"
    verdicts, sound = first_broken({**(refused or {}), reason: ~sound_columns(columns)}, columns.rows)
    future = np.zeros(columns.rows, np.bool) if now_ms is None else times > now_ms
    late, duplicate = behind(slots(times, length_ms), sound, sound & ~future)
    verdicts |= {"duplicate": duplicate, "out_of_order": late & ~duplicate, "future": sound & ~late & future}
    taken = sound & ~late & ~future
    accepted = type(columns)(times[taken], numbers[taken], _known(known[taken]))
    return accepted, QualityReport(
        rows=columns.rows,
        accepted=accepted.rows,
        refused={name: int(verdicts[name].sum()) for name in REASONS if name in verdicts and verdicts[name].any()},
        examples={name: _examples(columns, mask) for name, mask in verdicts.items() if mask.any()},
    )


def sound_columns(columns: FundingColumns | OpenInterestColumns) -> Mask:
    """Return which rows hold a number that can be: a rate between -1 and 1, an open interest not below 0."""
    if isinstance(columns, FundingColumns):
        rates_sound: Mask = np.abs(columns.rate) < MOST_RATE
        return rates_sound
    amounts_sound: Mask = sound_amount(columns.amount)
    return amounts_sound


def _known(values: Float64Array) -> Float64Array:
    return np.where(sound_price(values), values, np.nan)


def _examples(columns: FundingColumns | OpenInterestColumns, mask: Mask) -> tuple[RowExample, ...]:
    return tuple(
        RowExample(int(row), int(columns[0][row]), float(columns[1][row]), float(columns[2][row]))
        for row in np.flatnonzero(mask)[:EXAMPLES]
    )
