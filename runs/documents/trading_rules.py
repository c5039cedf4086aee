"""Trading rules, and what perpetual contracts have beside them: what they were and where they come from."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import msgspec
from msgspec import UNSET, UnsetType

from core.exact import plain
from core.instants import format_ms
from core.instrument import Instrument
from runs.documents.symbol_result import ContractTerms, TradingRules

if TYPE_CHECKING:
    from validation.composed_settings import Settings


def essential_rules(rules: Instrument) -> TradingRules:
    """Return steps and minimums of trading rules, and where and when they come from."""
    return TradingRules(
        tick_size=plain(rules.tick_size),
        lot_size=plain(rules.lot_size),
        min_notional=plain(rules.min_notional),
        min_quantity=plain(rules.min_quantity),
        source=rules.source,
        as_of=None if rules.as_of_ms is None else format_ms(rules.as_of_ms),
    )


def trading_rules(rules: Instrument, start_ms: int | None = None) -> TradingRules:
    """Return trading rules with all their bounds, held against the start of the window where it is given."""
    return msgspec.structs.replace(
        essential_rules(rules),
        max_quantity=plain(rules.max_quantity) if rules.max_quantity else None,
        band_down=plain(rules.band_down) if rules.band_down else None,
        band_up=plain(rules.band_up) if rules.band_up else None,
        later_than_start=rules.as_of_ms is not None and start_ms is not None and rules.as_of_ms > start_ms,
    )


def contract_terms(
    settings: "Settings", symbol: str, rules: Instrument, known: Mapping[str, object]
) -> ContractTerms | UnsetType:
    """Return what a symbol has as a perpetual contract; nothing on spot.

    Parameters
    ----------
    symbol
        As configured.
    rules
        In force at the start; the margin table is theirs where the settings name none.
    known
        What is known of its mark prices, its funding and its open interest, by the names of ``ContractTerms``; None is
        not known.
    """
    own = settings.live.execution.perpetual
    if own is None:
        return UNSET
    if own.tiers:
        table = f"{_tiers(own.tiers)} of the settings"
    elif rules.margin_tiers:
        dated = "" if rules.tiers_as_of_ms is None else f", as of {format_ms(rules.tiers_as_of_ms)}"
        table = f"{_tiers(rules.margin_tiers)} ({rules.tiers_source or rules.source}{dated})"
    else:
        table = f"maintenance_rate {own.maintenance_rate!r} of the settings"
    terms = {"leverage": own.leverage_of(symbol), "margin_table": table, "stop_trigger": own.stop_trigger}
    told = {name: fact for name, fact in known.items() if fact is not None}
    return msgspec.convert({**terms, **told}, ContractTerms)


def mark_warning(settings: "Settings", missing: int, of: int) -> str | None:
    """Return what a reader must know where stops should be triggered by marks that are not there; None otherwise.

    Parameters
    ----------
    missing, of
        How many of the candles by which orders are matched have no mark candle, and how many there are.
    """
    own = settings.live.execution.perpetual
    if own is None or own.stop_trigger != "mark" or not missing:
        return None
    if missing == of:
        wanted = settings.live.detail_interval or settings.live.timeframe
        return (
            f"stop_trigger is mark, and there are no mark candles of {wanted} or finer; the last price triggers stops"
        )
    share = f"{missing:,} of {of:,} mark candles are missing"
    return f"stop_trigger is mark, and {share}; the last price triggers stops there"


def _tiers(tiers: Sequence[object]) -> str:
    return f"{len(tiers)} tier{'' if len(tiers) == 1 else 's'}"
