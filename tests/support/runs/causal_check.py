"""Finds look-ahead in a strategy's frame form: it is run again on data cut at every candle, and the answers compared.

A column is causal when its values up to a row do not depend on later rows. Cutting once, somewhere, misses a look-ahead
of one candle; cutting after every candle does not.
"""

import math
from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple, Protocol

import pandas as pd


class FrameForm(Protocol):
    """The two functions of a frame strategy."""

    def add_indicators(self, df: pd.DataFrame) -> pd.DataFrame: ...

    def generate_signal(self, df: pd.DataFrame) -> Mapping[str, Any]: ...


class LookAhead(NamedTuple):
    """The first difference of a column: what row ``row`` says on ``rows`` candles, and on all of them."""

    what: str
    rows: int
    row: int
    on_cut: object
    on_all: object


def columns_that_look_ahead(
    add_indicators: Callable[[pd.DataFrame], pd.DataFrame], frame: pd.DataFrame, cuts: Iterable[int] | None = None
) -> list[LookAhead]:
    """Return the first difference of each column that changes when later candles are cut away; empty if causal.

    ``cuts`` are the numbers of candles that are left, by default every one from 1 on.
    """
    whole = {name: list(column) for name, column in add_indicators(frame.copy()).items()}
    found: dict[str, LookAhead] = {}
    for rows in range(1, len(frame) + 1) if cuts is None else cuts:
        part = add_indicators(frame.iloc[:rows].copy())
        if len(part) != rows or set(part.columns) != set(whole):
            raise ValueError(f"add_indicators gave {len(part)} rows and {list(part.columns)} for {rows} candles")
        for name, column in part.items():
            if name in found:
                continue
            for row, value in enumerate(column):
                if not _same(value, whole[name][row]):
                    found[str(name)] = LookAhead(str(name), rows, row, value, whole[name][row])
                    break
    return list(found.values())


def signals_that_look_ahead(
    strategy: FrameForm, frame: pd.DataFrame, cuts: Iterable[int] | None = None
) -> list[LookAhead]:
    """Return every candle whose signal on its own past differs from that read off the whole frame's columns."""
    whole = strategy.add_indicators(frame.copy())
    found = []
    for rows in range(1, len(frame) + 1) if cuts is None else cuts:
        on_all = strategy.generate_signal(whole.iloc[:rows].copy())
        on_cut = strategy.generate_signal(strategy.add_indicators(frame.iloc[:rows].copy()))
        if not _same(on_all, on_cut):
            found.append(LookAhead("signal", rows, rows - 1, on_cut, on_all))
    return found


def _same(one: object, other: object) -> bool:
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        return set(one) == set(other) and all(_same(value, other[key]) for key, value in one.items())
    if isinstance(one, float) and isinstance(other, float) and math.isnan(one) and math.isnan(other):
        return True
    return bool(one == other)
