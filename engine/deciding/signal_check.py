"""What makes a signal none, whatever the market does: found where it is said, before any gate."""

import math
from collections.abc import Mapping

from core.orders import OrderSide
from core.settings_problem import shortly
from core.tolerance import TOLERANCE
from core.trading_signal import SIGNAL_WORDS, At, Signal, is_plain, r_multiple
from engine.deciding.entry_orders import entry_way
from engine.kernel_rules import KernelRules
from strategies.meaningless_metadata import metadata_fault, misspelt_word

_LONGEST_TAG = 64
_DISTANCES = ("sl_distance", "tp_distance", "atr")
_NUMBERS = (
    *_DISTANCES,
    "stop_price",
    "target_price",
    "target_r",
    "entry_price",
    "size",
    "fraction",
    "move_stop",
    "move_target",
    "notional",
)
_PRICES = ("stop_price", "target_price", "entry_price", "move_stop", "move_target")
_OF_ENTRIES = frozenset(
    ("stop_price", "target_price", "target_r", "targets", "size", "entry", "entry_price", "entry_expiry", "notional")
)
_OF_POSITIONS = frozenset(("move_stop", "move_target"))
_WORDS = {
    "LONG": _OF_ENTRIES | {"cancel_entry", "tag"},
    "SHORT": _OF_ENTRIES | {"cancel_entry", "tag"},
    "EXIT": _OF_POSITIONS | {"fraction", "cancel_entry", "tag"},
    "ADJUST": _OF_POSITIONS | {"cancel_entry", "tag"},
}


def signal_fault(signal: Signal, close: float, rules: KernelRules) -> str | None:
    """Return in one line what is wrong with a signal at the close that it was said at; None where it is sound."""
    if signal.direction not in _WORDS:
        return f"unknown direction {signal.direction!r}; allowed are LONG, SHORT, EXIT, ADJUST and FLAT"
    enters = signal.direction in ("LONG", "SHORT")
    plain = enters and is_plain(signal)
    for check in _OF_PLAIN if plain else _OF_ALL:
        fault = check(signal)
        if fault is not None:
            return fault
    fault = misspelt_word(signal.metadata) if signal.metadata else None
    if fault is not None or not enters:
        return fault
    fault = None if plain else _sides(signal, close, rules)
    return _metadata(signal, close) if fault is None and signal.metadata else fault


def _numbers(signal: Signal) -> str | None:
    for name in _NUMBERS:
        value = getattr(signal, name)
        if value is None and SIGNAL_WORDS.get(name) is None:
            continue
        if not _finite(value):
            return f"{name} is {shortly(value)}; a finite number is needed"
        if name in _PRICES and value <= 0:
            return f"{name} is {shortly(value)}; a price above 0 is needed"
    return None


def _distances(signal: Signal) -> str | None:
    for name in _DISTANCES:
        value = getattr(signal, name)
        if value is not None and not _finite(value):
            return f"{name} is {shortly(value)}; a finite number is needed"
    return None


def _metadata_kind(signal: Signal) -> str | None:
    metadata: object = signal.metadata
    return (
        None
        if type(metadata) is dict or isinstance(metadata, Mapping)
        else f"metadata is {shortly(metadata)}; a mapping is needed"
    )


def _metadata(signal: Signal, close: float) -> str | None:
    """Return what of an entry's metadata says something else than the signal itself."""
    stop, target = signal.sl_distance, signal.tp_distance
    if signal.stop_price is not None:
        stop = abs(close - signal.stop_price)
    if signal.target_price is not None:
        target = abs(close - signal.target_price)
    elif signal.target_r is not None or signal.targets:
        target = math.inf  # no one level that metadata could contradict
    metadata = signal.metadata
    if signal.entry_price is not None:
        metadata = {key: value for key, value in metadata.items() if key != "entry_price"}
    return metadata_fault(metadata, close, stop, target)


def _words_of_the_direction(signal: Signal) -> str | None:
    allowed = _WORDS[signal.direction]
    for name, unsaid in SIGNAL_WORDS.items():
        if name not in allowed and getattr(signal, name) != unsaid:
            return f"{name} means nothing beside {signal.direction}"
    if signal.direction == "ADJUST" and not (
        signal.cancel_entry or signal.move_stop is not None or signal.move_target is not None
    ):
        return "ADJUST says nothing; move_stop, move_target or cancel_entry is needed"
    if signal.sl_distance is not None and signal.stop_price is not None:
        return "sl_distance and stop_price are both given; a stop is one of them"
    targets = [name for name in ("tp_distance", "target_price", "target_r") if getattr(signal, name) is not None]
    targets += ["targets"] if signal.targets else []
    if len(targets) > 1:
        return f"{' and '.join(targets)} are given; a target is one of them"
    return None


def _fractions(signal: Signal) -> str | None:
    for name in ("size", "fraction"):
        value = getattr(signal, name)
        if not 0 < value <= 1:
            return f"{name} is {shortly(value)}; a fraction above 0 and at most 1 is needed"
    if signal.notional is not None and signal.notional <= 0:
        return f"notional is {shortly(signal.notional)}; a value in quote currency above 0 is needed"
    if signal.target_r is not None and signal.target_r <= 0:
        return f"target_r is {shortly(signal.target_r)}; distances of the stop above 0 are needed"
    return None


def _targets(signal: Signal) -> str | None:
    targets: object = signal.targets
    if not isinstance(targets, tuple | list):
        return f"targets is {shortly(targets)}; a sequence of (fraction, level) is needed"
    total = 0.0
    for number, target in enumerate(targets, 1):
        if not isinstance(target, tuple | list) or len(target) != 2:
            return f"target {number} is {shortly(target)}; (fraction, level) is needed"
        fraction, level = target
        if not _finite(fraction) or not 0 < fraction <= 1:
            return f"target {number} has the fraction {shortly(fraction)}; one above 0 and at most 1 is needed"
        if not _is_level(level):
            return f"target {number} stands at {shortly(level)}; a distance, a text like '2R' or At(price) is needed"
        total += fraction
    if total > TOLERANCE:
        return f"the fractions of targets add up to {total:.12g}; at most 1 is possible"
    return None


def _is_level(level: object) -> bool:
    if isinstance(level, At):
        return _finite(level.price) and level.price > 0
    if isinstance(level, str):
        multiple = r_multiple(level)
        return multiple is not None and math.isfinite(multiple) and multiple > 0
    return _finite(level)


def _entry(signal: Signal) -> str | None:
    if signal.entry not in (None, "market", "limit", "stop"):
        return f"entry is {shortly(signal.entry)}; allowed are 'market', 'limit' and 'stop'"
    if signal.entry not in ("limit", "stop"):
        for name in ("entry_price", "entry_expiry"):
            if getattr(signal, name) is not None:
                return f"{name} needs entry='limit' or entry='stop' beside it"
    expiry: object = signal.entry_expiry
    if expiry is not None and not (isinstance(expiry, int) and not isinstance(expiry, bool) and expiry > 0):
        return f"entry_expiry is {shortly(expiry)}; a whole number of candles above 0 is needed"
    cancels: object = signal.cancel_entry
    return None if isinstance(cancels, bool) else f"cancel_entry is {shortly(cancels)}; true or false is needed"


def _tag(signal: Signal) -> str | None:
    tag: object = signal.tag
    if not isinstance(tag, str) or len(tag) > _LONGEST_TAG:
        return f"tag is {shortly(tag)}; a text of at most {_LONGEST_TAG} characters is needed"
    return None


def _sides(signal: Signal, close: float, rules: KernelRules) -> str | None:
    """Return which level stands on the wrong side of where the entry is expected: that is no market's doing."""
    side = OrderSide.from_signal(signal.direction)
    way = entry_way(rules, signal, side, close)
    entry = float(way.price)
    if way.kind == "stop" and (entry - close) * side.sign < 0:
        where = "below" if side is OrderSide.LONG else "above"
        return f"entry_price {entry!r} of a stop entry is {where} the close {close!r}: the price has passed it"
    at = f"the entry at {entry!r}" if way.kind != "market" else f"the close {close!r}"
    prices = [("target_price", signal.target_price)]
    ladder = enumerate((level for _, level in signal.targets), 1)
    prices += [(f"target {number}", level.price) for number, level in ladder if isinstance(level, At)]
    if signal.stop_price is not None and (signal.stop_price - entry) * side.sign > 0:
        where = "above" if side is OrderSide.LONG else "below"
        return f"stop_price {signal.stop_price!r} is {where} {at}: a {side.value} loses on the other side"
    for name, price in prices:
        if price is not None and (price - entry) * side.sign < 0:
            where = "below" if side is OrderSide.LONG else "above"
            return f"{name} {price!r} is {where} {at}: a {side.value} gains on the other side"
    return None


def _finite(value: object) -> bool:
    return isinstance(value, float | int) and not isinstance(value, bool) and math.isfinite(value)


_OF_PLAIN = (_distances, _metadata_kind)
_OF_ALL = (_numbers, _metadata_kind, _words_of_the_direction, _fractions, _targets, _entry, _tag)
