"""Why a row of a portfolio's session is another in history: which candles, what the operator did, or another member.

The order is that of one system (:mod:`backtests.proof.difference_causes`): the input of the row's symbol that differs
up to its step, then missed steps and the operator, then what differed earlier in another file, since cash and limits
are shared, then the input of other symbols. Where nothing of this is there, the row is unexplained.
"""

import csv
from collections.abc import Iterable, Mapping, Sequence

import msgspec

from backtests.proof.difference_causes import CandleName, Cause, InputDifference, cause_of, is_of_all
from core.event_lines import TRADE_HEADER
from core.instants import format_ms, parse_instant

Pair = tuple[str, str]
"""A row of the session and that of history; empty where a run has none there."""
_SYMBOL = TRADE_HEADER.strip().split(",").index("symbol")
_TIME = 0


class RowDifference(msgspec.Struct, frozen=True, kw_only=True):
    """The first row of a file that history has otherwise, and why.

    ``rows`` counts all that differ. ``candles`` names what differs in the input that is the cause, ``follows`` the file
    whose earlier difference it follows from, and ``root`` is the cause at the end of that chain.
    """

    file: str
    rows: int
    session: str
    history: str
    step: str
    cause: Cause
    root: Cause
    candles: tuple[CandleName, ...] = ()
    follows: str | None = None


class Interference(msgspec.Struct, frozen=True):
    """Times of steps that the session missed, and after which an operator gave a command."""

    missed_ms: Sequence[int]
    operator_ms: Sequence[int]


def row_causes(
    differing: Mapping[str, Sequence[Pair]],
    inputs: Sequence[InputDifference],
    interfered: Interference,
    length_ms: int,
) -> list[RowDifference]:
    """Return the first difference of each file, in order of time, with its cause.

    Parameters
    ----------
    differing
        By file the rows that differ, in their order; trade logs are called ``member/trades.csv``.
    inputs
        Everything that differs in the input, in order of its steps.
    interfered
        What no backtest knows of.
    length_ms
        Of a candle: a fill at an open bears its time, and belongs to the step that closes the candle.
    """
    found: list[RowDifference] = []
    firsts = [(_time_of(pairs[0]), name) for name, pairs in differing.items() if pairs]
    for time_ms, name in sorted(firsts):
        pairs, step_ms = differing[name], time_ms + length_ms
        until = [one for one in inputs if one.step_ms <= step_ms]
        symbol = _symbol_of(pairs[0]) if "/" in name else None
        own = [one for one in until if symbol in (None, one.symbol) or is_of_all(one)]
        cause, causing, before = _cause(own, until, interfered, step_ms, found[-1] if found else None)
        found.append(
            RowDifference(
                file=name,
                rows=len(pairs),
                session=pairs[0][0],
                history=pairs[0][1],
                step=format_ms(step_ms),
                cause=cause,
                root=cause if before is None else before.root,
                candles=tuple(map(CandleName.of, causing)),
                follows=None if before is None else before.file,
            )
        )
    return found


def _cause(
    own: Sequence[InputDifference],
    until: Sequence[InputDifference],
    interfered: Interference,
    step_ms: int,
    before: RowDifference | None,
) -> tuple[Cause, Sequence[InputDifference], RowDifference | None]:
    """Return the cause, the input that it is, and the difference that it follows from."""
    cause = cause_of(own)
    if cause is not None:
        return cause, own, None
    if _until(interfered.missed_ms, step_ms):
        return "missed_step", (), None
    if _until(interfered.operator_ms, step_ms):
        return "operator", (), None
    if before is not None:
        return "propagated", (), before
    cause = cause_of(until)
    return ("unexplained", (), None) if cause is None else (cause, until, None)


def _until(times_ms: Iterable[int], step_ms: int) -> bool:
    return any(time_ms <= step_ms for time_ms in times_ms)


def _cells(pair: Pair) -> list[list[str]]:
    return [next(csv.reader([row])) for row in pair if row]


def _time_of(pair: Pair) -> int:
    return min(parse_instant(cells[_TIME]) for cells in _cells(pair))


def _symbol_of(pair: Pair) -> str:
    """Return the symbol of the row that comes first; of two at one time the session's."""
    return min(_cells(pair), key=lambda cells: parse_instant(cells[_TIME]))[_SYMBOL]
