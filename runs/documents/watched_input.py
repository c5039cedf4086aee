"""What documents say of a series that is watched and not traded."""

from collections.abc import Mapping

import msgspec


class WatchedAtStart(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of a watched series when a session begins: its unified symbol, timeframe and warm-up candles."""

    canonical: str
    timeframe: str
    warmup_candles: int


class WatchedInput(WatchedAtStart, frozen=True, kw_only=True):
    """What a run was fed of a watched series; counts and times as those of a traded symbol."""

    candles: int
    missing_candles: int
    missing_before: int
    missing_after: int
    candles_from: str | None
    candles_to: str | None


def watched_warnings(watched: Mapping[str, WatchedInput]) -> list[str]:
    """Return what a reader must know of the watched series: which lack candles, by their names."""
    found = []
    for name, one in watched.items():
        if not one.candles:
            found.append(f"{name} (watched): no candle in the window")
            continue
        kinds = (("before", one.missing_before), ("in between", one.missing_candles), ("after", one.missing_after))
        lacking = [f"{count:,} {where}" for where, count in kinds if count]
        if lacking:
            span = f"{one.candles_from} to {one.candles_to}"
            found.append(f"{name} (watched): candles from {span}; missing: {', '.join(lacking)}")
    return found
