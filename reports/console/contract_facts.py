"""Trading rules, and what perpetual contracts have beside them: what they were and where they come from."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from core.exact import plain
from core.instants import format_ms
from core.instrument import Instrument

if TYPE_CHECKING:
    from validation.composed_settings import Settings


def instrument_facts(rules: Instrument, start_ms: int | None = None) -> dict[str, Any]:
    """Return trading rules as text, and where and when they come from.

    ``later_than_start`` says that they are of a later date than the window's start, so that earlier trades were judged
    by rules of which it is not known whether they held then. What has no bound is None.
    """
    as_of_ms = rules.as_of_ms
    return {
        "tick_size": plain(rules.tick_size),
        "lot_size": plain(rules.lot_size),
        "min_notional": plain(rules.min_notional),
        "min_quantity": plain(rules.min_quantity),
        "max_quantity": plain(rules.max_quantity) if rules.max_quantity else None,
        "band_down": plain(rules.band_down) if rules.band_down else None,
        "band_up": plain(rules.band_up) if rules.band_up else None,
        "source": rules.source,
        "as_of": None if as_of_ms is None else format_ms(as_of_ms),
        "later_than_start": as_of_ms is not None and start_ms is not None and as_of_ms > start_ms,
    }


def contract_facts(settings: "Settings", symbol: str, rules: Instrument, known: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a symbol has as a perpetual contract, under ``perpetual``; nothing on spot.

    Parameters
    ----------
    symbol
        As configured.
    rules
        In force at the start; the margin table is theirs where the settings name none.
    known
        What is known of its mark prices and its funding.
    """
    own = settings.live.execution.perpetual
    if own is None:
        return {}
    if own.tiers:
        table = f"{_tiers(own.tiers)} of the settings"
    elif rules.margin_tiers:
        dated = "" if rules.tiers_as_of_ms is None else f", as of {format_ms(rules.tiers_as_of_ms)}"
        table = f"{_tiers(rules.margin_tiers)} ({rules.tiers_source or rules.source}{dated})"
    else:
        table = f"maintenance_rate {own.maintenance_rate!r} of the settings"
    stops = {"stop_trigger": own.stop_trigger}
    return {"perpetual": {"leverage": own.leverage_of(symbol), "margin_table": table, **stops, **known}}


def mark_warning(settings: "Settings", missing: int, of: int, *, wanted: str) -> str | None:
    """Return what a reader must know where stops should be triggered by marks that are not there; None otherwise.

    Parameters
    ----------
    missing, of
        How many of the candles by which orders are matched have no mark candle, and how many there are.
    wanted
        Interval of those candles.
    """
    own = settings.live.execution.perpetual
    if own is None or own.stop_trigger != "mark" or not missing:
        return None
    if missing == of:
        return (
            f"stop_trigger is mark, and there are no mark candles of {wanted} or finer; the last price triggers stops"
        )
    share = f"{missing:,} of {of:,} mark candles are missing"
    return f"stop_trigger is mark, and {share}; the last price triggers stops there"


def _tiers(tiers: Sequence[object]) -> str:
    return f"{len(tiers)} tier{'' if len(tiers) == 1 else 's'}"
