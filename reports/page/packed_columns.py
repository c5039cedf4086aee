"""Columns as short JSON, which the page's own code unpacks (``reports/front/columns.js`` is the other end)."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from core.candle_columns import CandleColumns, Float64Array, Int64Array

Packed = dict[str, Any]
SIGNIFICANT = 10
"""Digits that drawn figures keep."""
_MOST_DECIMALS = 12
_DIGITS = 10


def packed_times(times_ms: Int64Array) -> Packed:
    """Return times as the first one and the steps between them, in the largest unit that loses nothing.

    ``rows`` is how many times there are; steps that are all the same are told once.
    """
    if not len(times_ms):
        return {"start": 0, "unit": 1, "rows": 0, "steps": []}
    steps = np.diff(times_ms)
    unit = int(np.gcd.reduce(steps)) if len(steps) else 1
    inside = steps // (unit or 1)
    told = int(inside[0]) if len(inside) > 1 and (inside == inside[0]).all() else inside.tolist()
    return {"start": int(times_ms[0]), "unit": unit or 1, "rows": len(times_ms), "steps": told}


def packed_words(words: Sequence[str]) -> Packed:
    """Return text as the different words, sorted, and the place of each row's among them.

    The places of up to ten words are the digits of one text.
    """
    different = sorted(set(words))
    places = {word: place for place, word in enumerate(different)}
    # Half a pair of UTF-16 is no text of JSON.
    sound = [word.encode("utf-8", "replace").decode() for word in different]
    codes = [places[word] for word in words]
    return {"words": sound, "codes": "".join(map(str, codes)) if len(different) <= _DIGITS else codes}


def packed_numbers(values: Float64Array, significant: int | None = None) -> Packed | list[float | None]:
    """Return numbers as they are, nan as None; a column of one value as that value and its length.

    ``significant`` rounds to so many digits of the largest value.
    """
    if significant is not None:
        values = np.round(values, _decimals_for(values, significant))
    if len(values) > 1 and (values == values[0]).all():
        return {"value": float(values[0]), "rows": len(values)}
    # Whole numbers stand without their ".0".
    return [None if value != value else int(value) if value.is_integer() else value for value in values.tolist()]


def packed_candles(candles: CandleColumns) -> Packed:
    """Return candles in whole steps of their last decimal: each open from the close before it, each close from its
    open, the shadows from the body."""
    decimals = decimals_of(candles)
    opens, highs, lows, closes = (
        np.rint(column * 10.0**decimals).astype(np.int64)
        for column in (candles.open, candles.high, candles.low, candles.close)
    )
    before = np.concatenate([[0], closes[:-1]]) if len(closes) else closes
    return {
        "time_ms": packed_times(candles.open_time_ms),
        "decimals": decimals,
        "open": (opens - before).tolist(),
        "close": (closes - opens).tolist(),
        "high": (highs - np.maximum(opens, closes)).tolist(),
        "low": (np.minimum(opens, closes) - lows).tolist(),
    }


def decimals_of(candles: CandleColumns) -> int:
    """Return how many decimals the prices of candles have."""
    prices = np.concatenate([candles.open, candles.high, candles.low, candles.close])
    if not len(prices):
        return 0
    for decimals in range(_MOST_DECIMALS):
        scaled = prices * 10.0**decimals
        if np.abs(scaled).max() > 2.0**52 or (np.abs(scaled - np.rint(scaled)) < 1e-5).all():
            return decimals
    return _MOST_DECIMALS


def _decimals_for(values: Float64Array, significant: int) -> int:
    finite = np.abs(values[np.isfinite(values)])
    largest = float(finite.max()) if len(finite) else 0.0
    before = int(np.floor(np.log10(largest))) + 1 if largest > 0.0 else 0
    return int(np.clip(significant - before, 0, _MOST_DECIMALS))
