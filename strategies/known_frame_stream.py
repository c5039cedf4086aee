"""Runs a strategy that only has the frame form where the candles ahead are known: a block at once, then checked."""

import contextlib
from collections.abc import Iterable

import numpy as np
import pandas as pd

from core.candle import Candle
from core.candle_columns import CandleColumns
from core.errors import InvariantError, StrategyError
from core.instants import format_ms
from core.trading_signal import FLAT, Signal
from strategies.anchored_blocks import block_ms, sampled_rows
from strategies.frame_stream import FrameForm, answer_at, first_asked, frame_of, signal_from_mapping
from strategies.known_candles import KnownCandles
from strategies.look_ahead import BlockColumns, differing_column, differs
from strategies.strategy import Strategy

_NEVER_MS = 1 << 62


class KnownFrameStream:
    """Answers as :class:`~strategies.frame_stream.FrameStream` does, with indicators computed once a block.

    The whole block only tells where to look: every row at which it says anything but FLAT, and a sample of the others,
    is judged again on the frame that ends with its candle, and that is the answer. In the sample, and at the first row
    that says anything, every column is compared as well. What cannot be computed on a whole
    block is judged candle by candle.

    Parameters
    ----------
    strategy, symbol
        Who is asked about what.
    known
        The candles; the stream's segment begins with the first that it is shown.
    """

    def __init__(self, strategy: Strategy, symbol: str, known: KnownCandles) -> None:
        self._form = FrameForm(strategy)
        self._names = (strategy.name, symbol)
        self._warmup_candles = strategy.warmup_candles
        self._candles: CandleColumns = known.candles[symbol]
        self._block_ms = block_ms(known.timeframe_ms)
        self._first: int | None = None
        self._begin = self._end = 0
        self._asked: list[int] = []
        self._compared: set[int] = set()
        self._quiet_until_ms = -_NEVER_MS
        self._frame = pd.DataFrame()
        self._indicators: pd.DataFrame | None = None
        self._columns: BlockColumns | None = None
        self._answers: pd.DataFrame | pd.Series | None = None

    def warm(self, candle: Candle) -> None:
        """Take the next candle without being asked about it."""
        if self._first is None:
            self._first = self._row_of(candle.open_time_ms)

    def update(self, candle: Candle) -> Signal:
        """Take the next candle; FLAT until ``warmup_candles`` candles, at least one, came before it.

        Raises
        ------
        StrategyError
            If the answer is another one when the candles after it are known: look-ahead.
        """
        open_ms = candle.open_time_ms
        if open_ms < self._quiet_until_ms:
            return FLAT
        row = self._row_of(open_ms)
        if self._first is None:
            self._first = row
        if row >= self._end:
            self._begin_block(row, self._first)
        asked = self._asked
        while asked and asked[-1] < row:
            asked.pop()
        answer = self._answer(asked.pop()) if asked and asked[-1] == row else FLAT
        upcoming = asked[-1] if asked else self._end
        self._quiet_until_ms = _NEVER_MS if upcoming == self._candles.rows else self._open_ms(upcoming)
        return answer

    def _row_of(self, open_ms: int) -> int:
        row = int(np.searchsorted(self._candles.open_time_ms, open_ms))
        if row == self._candles.rows or self._open_ms(row) != open_ms:
            raise InvariantError(f"{self._names[1]}: the candle opened {format_ms(open_ms)} is none of those known")
        return row

    def _open_ms(self, row: int) -> int:
        return int(self._candles.open_time_ms[row])

    def _begin_block(self, row: int, first: int) -> None:
        """Compute the block of a row and note the rows that are to be judged."""
        opens_ms = self._candles.open_time_ms
        block = self._open_ms(row) // self._block_ms
        # Where a segment ends inside the block, the rows after it are later rows like any other.
        start, self._end = map(int, np.searchsorted(opens_ms, (block * self._block_ms, (block + 1) * self._block_ms)))
        self._begin = max(first, start - self._warmup_candles)
        part = self._candles.slice(self._begin, self._end)
        self._frame = frame_of(part.open_time_ms, np.array(part[1:]))
        rows = range(max(row, first + first_asked(self._warmup_candles)), self._end)
        self._asked = sorted(self._to_be_judged(self._frame, rows, block), reverse=True)

    def _to_be_judged(self, frame: pd.DataFrame, rows: range, block: int) -> Iterable[int]:
        """Return the rows of a block whose answer may be something, and a sample of the others."""
        self._indicators = self._answers = self._columns = None
        self._compared = set()
        if not rows:
            return rows
        indicators = None
        with contextlib.suppress(Exception, SystemExit):  # The frame of a candle need not fail.
            indicators = self._form.indicators(frame.iloc[:])
            if self._form.many is not None:
                self._answers = self._form.answers(indicators.iloc[:])
        if indicators is None or len(indicators) != len(frame) or (self._answers is None) != (self._form.many is None):
            self._answers = None
            return rows
        self._indicators, self._columns = indicators, BlockColumns(indicators)
        loud = self._loud_rows(indicators, rows)
        sampled = sampled_rows([row for row in rows if row not in loud], *self._names, block)
        self._compared = sampled | ({min(loud)} if loud else set())
        return loud | sampled

    def _loud_rows(self, indicators: pd.DataFrame, rows: range) -> set[int]:
        """Return the rows at which the block's answer is not FLAT, or none at all."""
        if self._answers is not None:
            answers = self._answers["signal"] if isinstance(self._answers, pd.DataFrame) else self._answers
            loud = answers.to_numpy(object)[rows.start - self._begin :] != FLAT.direction
            return set((np.flatnonzero(loud) + rows.start).tolist())
        return {row for row in rows if not self._form.is_flat(indicators.iloc[: row - self._begin + 1])}

    def _answer(self, row: int) -> Signal:
        """Return the answer on the frame that ends with a row, and stop where the whole block says another."""
        rows = row - self._begin + 1
        indicators = self._form.indicators(self._frame.iloc[:rows])
        answer = self._form.answer(indicators)
        claimed = self._claim(rows)
        if claimed is not None and differs(claimed, answer):
            raise StrategyError(self._complaint(row, indicators, claimed, answer))
        if row in self._compared and self._columns is not None:
            found = self._columns.differing_value(indicators)
            if found is not None:
                raise StrategyError(
                    f"look-ahead: column {found.column!r} at the candle opened {format_ms(self._open_ms(row))} is "
                    f"{found.on_block} when the candles after it are in the frame and {found.on_cut} when they are not"
                )
        return answer

    def _claim(self, rows: int) -> Signal | None:
        """Return what the whole block says at the last of some rows; None where it says nothing that counts."""
        if self._answers is not None:
            return signal_from_mapping(answer_at(self._answers, rows - 1))
        if self._indicators is None:
            return None
        with contextlib.suppress(Exception, SystemExit):  # What fails on the block alone is no answer.
            return self._form.answer(self._indicators.iloc[:rows])
        return None

    def _complaint(self, row: int, indicators: pd.DataFrame, claimed: Signal, answer: Signal) -> str:
        found = None if self._indicators is None else differing_column(self._indicators, indicators)
        if found is None:
            where = "no column differs: generate_signals looks at later rows, or does not say what generate_signal says"
        else:
            at = "" if found.row == len(indicators) - 1 else f" at {format_ms(self._open_ms(self._begin + found.row))}"
            where = f"column {found.column!r}{at} is {found.on_block} with them and {found.on_cut} without"
        return (
            f"look-ahead: the answer to the candle opened {format_ms(self._open_ms(row))} is {_words(claimed)} when "
            f"the candles after it are in the frame and {_words(answer)} when they are not; {where}"
        )


def _words(signal: Signal) -> str:
    distances = [
        f"{name} {value!r}"
        for name, value in (("stop", signal.sl_distance), ("target", signal.tp_distance), ("atr", signal.atr))
        if value is not None
    ]
    return f"{signal.direction} ({', '.join(distances)})" if distances else signal.direction
