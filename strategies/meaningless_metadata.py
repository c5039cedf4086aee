"""Metadata of a signal that looks as if it decided something and does not."""

import difflib
import functools
import math
import re
from collections.abc import Iterable, Mapping
from typing import Any

from core.trading_signal import SIGNAL_WORDS

_LEVELS = {
    "sl_distance": ("stop_loss", "stop_loss_price", "stoploss", "sl_price", "stop_price", "stop", "sl"),
    "tp_distance": ("take_profit", "take_profit_price", "takeprofit", "tp_price", "target_price", "target", "tp"),
}
_SIZES = ("position_size", "quantity", "qty", "order_size", "order_quantity", "leverage")
_LIKE_A_DISTANCE = {
    "sl_distance": re.compile(r"(sl|stop|stoploss)d[a-z]*"),
    "tp_distance": re.compile(r"(tp|target|takeprofit)d[a-z]*"),
}
_LIKE_A_TARGET = re.compile(r"(tp|target|takeprofit)\d")
_LIKE_A_TRAIL = re.compile(r"trail(ing)?(stop)?(pct|atr|distance|offset|loss)?")
_ELSEWHERE = {
    "risk": "the risk of an entry comes from risk.json, of which 'size' takes a share",
    "risk_pct": "the risk of an entry comes from risk.json, of which 'size' takes a share",
    "size_pct": "'size' is the share of what risk allows",
    "time_stop": "'execution.exits.max_holding' of the settings, or 'EXIT', ends a position in time",
    "limit_price": "a limit order is 'entry': 'limit' with its 'entry_price'",
    "expiry": "a waiting entry expires after 'entry_expiry' candles",
}

_NEAR = 0.85
_FREE = frozenset({*SIGNAL_WORDS, "target"})
"""No misspellings: the words themselves, and what an indicator may well be called."""


def misspelt_word(metadata: Mapping[Any, Any]) -> str | None:
    """Return which key of metadata is nearly a signal's word, which is not there itself; None where none is."""
    for key in metadata:
        word = _nearly(key) if isinstance(key, str) else None
        if word is not None and word not in metadata:
            return f"metadata {key!r} means nothing; did you mean {word!r}?"
    return None


@functools.lru_cache(maxsize=1024)
def _nearly(key: str) -> str | None:
    near = () if key in _FREE else difflib.get_close_matches(key.lower(), SIGNAL_WORDS, 1, _NEAR)
    return near[0] if near else None


def metadata_fault(
    metadata: Mapping[Any, Any], close: float, sl_distance: float | None, tp_distance: float | None
) -> str | None:
    """Return what of a signal's metadata would be passed over although it says something else; None where nothing is.

    A level beside its distance, or an ``entry_price`` that is the close, only repeats what is known.

    Parameters
    ----------
    close
        Of the candle that decided: what entries are sized at. Distances are kept from the fill.
    sl_distance, tp_distance
        Those of the signal; None where it has none.
    """
    judged = [key for key in metadata if _is_judged(key)]
    if not judged:
        return None
    for name, distance in (("sl_distance", sl_distance), ("tp_distance", tp_distance)):
        what = "stop" if name == "sl_distance" else "target"
        for key in judged:
            folded = _folded(key)
            if (
                key != name
                and _LIKE_A_DISTANCE[name].fullmatch(folded)
                and (distance is None or not _repeats(metadata[key], close, distance))
            ):
                return f"metadata {key!r} means nothing; a {what}'s distance is {name!r}"
            if folded in _SPELT[name] and not _repeats(metadata[key], close, distance):
                or_price = f"{name!r}, or a price, '{what}_price'"
                return f"metadata {key!r} means nothing: a {what} is a distance from the fill, {or_price}"
    for key in _SIZES:
        if metadata.get(key) is not None:
            return f"metadata {key!r} means nothing: sizes come from the risk settings (risk.json)"
    elsewhere = _said_elsewhere(judged, metadata)
    if elsewhere is not None:
        return elsewhere
    entry = _number(metadata.get("entry_price"))
    if entry is not None and not _says(entry, close):
        return f"metadata 'entry_price' is {entry!r}, and the close {close!r}: entries fill at the market's price"
    return None


def may_be_judged(names: Iterable[str]) -> bool:
    """Return whether a name is one of which :func:`metadata_fault` judges the value, or that it refuses."""
    return any(map(_is_judged, names))


@functools.lru_cache(maxsize=1024)
def _is_judged(name: object) -> bool:
    folded = _folded(name)
    return (
        name in ("entry_price", *_SIZES)
        or folded in _ELSEWHERE_FOLDED
        or any(folded in spelt for spelt in _SPELT.values())
        or any(like.fullmatch(folded) for like in (*_LIKE_A_DISTANCE.values(), _LIKE_A_TARGET, _LIKE_A_TRAIL))
    )


def _said_elsewhere(judged: Iterable[Any], metadata: Mapping[Any, Any]) -> str | None:
    """Return which key is of what a signal says otherwise, or not at all; None where none is."""
    for key in judged:
        folded, value = _folded(key), metadata[key]
        if value is None or value is False or (isinstance(value, str) and not value):
            continue
        if _LIKE_A_TRAIL.fullmatch(folded):
            return f"metadata {key!r} means nothing: stops trail by the risk settings, or by 'move_stop' at each close"
        if _LIKE_A_TARGET.fullmatch(folded) and "targets" not in metadata:
            return f"metadata {key!r} means nothing; several targets are 'targets': ((0.5, '1R'), (0.5, '3R'))"
        if folded in _ELSEWHERE_FOLDED:
            return f"metadata {key!r} means nothing: {_ELSEWHERE_FOLDED[folded]}"
    return None


def _folded(key: object) -> str:
    return key.replace("_", "").replace("-", "").lower() if isinstance(key, str) else ""


_SPELT = {name: frozenset(map(_folded, keys)) for name, keys in _LEVELS.items()}
_ELSEWHERE_FOLDED = {_folded(key): text for key, text in _ELSEWHERE.items()}


def _repeats(level: Any, close: float, distance: float | None) -> bool:
    """Return whether a level is where its distance puts it, or is the distance, rounding aside; None says nothing."""
    number = _number(level)
    if number is None:
        return level is None
    if distance is None:
        return False
    return min(abs(abs(close - number) - distance), abs(number - distance)) <= 0.01 * distance


def _says(number: float, truth: float) -> bool:
    """Return whether a number is another one, or that one rounded to the decimals the number has."""
    decimals = len(repr(number).partition(".")[2])
    return math.isclose(number, truth, rel_tol=1e-6) or round(truth, decimals) == number


def _number(value: Any) -> float | None:
    try:
        return None if value is None else float(value)
    except (TypeError, ValueError):
        return None
