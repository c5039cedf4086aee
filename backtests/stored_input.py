"""What a backtest was fed, from stored candles."""

from collections.abc import Mapping

import msgspec
import numpy as np
from msgspec import UNSET, UnsetType

from backtests.market_input import MarketInput
from backtests.run_plan import RunPlan
from backtests.timeline import step_times
from core.timeframe import floor_to_grid, timeframe_ms
from core.watched_series import WatchedSeries
from market_data.history.loaded_candles import LoadedCandles
from market_data.perpetual.open_interest_data import OpenInterestData
from market_data.perpetual.perpetual_data import PerpetualData
from market_data.quality.candle_quality import find_holes, outliers
from metrics import buy_and_hold
from runs.documents.symbol_result import SymbolInput
from runs.documents.trading_rules import contract_terms, mark_warning, trading_rules
from runs.documents.watched_input import WatchedInput, watched_warnings
from runs.figures.missing_candles import CandleEnds, candle_ends, slots_of
from runs.identity.data_hash import data_sha256
from runs.run_input import FedSymbol, RunInput

_NOT_ASKED = {"mark": "last price (mark prices are switched off)", "mark_candles": 0}


def stored_input(
    plan: RunPlan,
    market: MarketInput,
    warmed: Mapping[str, int],
    warmup_needed: int,
    *,
    ran_to_ms: int | None = None,
) -> RunInput:
    """Return what a backtest was fed.

    Parameters
    ----------
    plan
        What was asked for.
    market
        What was loaded.
    warmed
        How many warm-up candles each symbol has seen.
    warmup_needed
        How many the strategy needs.
    ran_to_ms
        Where a run was cut short: its symbols are told of up to there. The hash is of all that was there to be read.
    """
    told, end_ms = (market, plan.end_ms) if ran_to_ms is None else (_ran(market, ran_to_ms), ran_to_ms)
    ran = msgspec.structs.replace(plan, end_ms=end_ms)
    symbols = {symbol: _fed(ran, told, symbol, warmed[symbol], warmup_needed) for symbol in market.candles}
    watched = {series.name: _watched(series, one, plan.start_ms, end_ms) for series, one in told.watched.items()}
    if market.memory is None or ran_to_ms is not None:
        times_ms, data_hash = step_times(told.window()), _hash_of(market)
    else:
        before = tuple(one.warmup.rows for one in market.candles.values())
        times_ms = market.memory.once("step times", lambda: step_times(told.window()))
        data_hash = market.memory.once(("data hash", before), lambda: data_sha256(market))
    return RunInput(
        plan.start_ms,
        plan.end_ms,
        times_ms,
        symbols,
        data_hash,
        watched_warnings(watched),
        watched,
    )


def _hash_of(market: MarketInput) -> str:
    found = None if market.hashed is None else market.hashed.of(market)
    return found or data_sha256(market)


def _ran(market: MarketInput, end_ms: int) -> MarketInput:
    """Return the candles that had closed by a time: what a run that was cut short then was fed.

    The rows that were refused on the way into the store, and the facts of contracts, stay those of the whole.
    """
    candles = {symbol: _until(one, end_ms, timeframe_ms(market.timeframe)) for symbol, one in market.candles.items()}
    watched = {series: _until(one, end_ms, series.length_ms) for series, one in market.watched.items()}
    if market.detail_interval is None:
        return market._replace(candles=candles, watched=watched)
    length_ms = timeframe_ms(market.detail_interval)
    detail = {symbol: _until(one, end_ms, length_ms) for symbol, one in market.detail.items()}
    return market._replace(candles=candles, detail=detail, watched=watched)


def _until(one: LoadedCandles, end_ms: int, length_ms: int) -> LoadedCandles:
    window = one.window.between(0, end_ms - length_ms + 1)
    holes = find_holes(window.open_time_ms, length_ms)
    counts = {
        "candles": window.rows,
        "holes": len(holes),
        "missing": sum(hole.missing for hole in holes),
        "outliers": int(outliers(window, length_ms).sum()),
    }
    return one._replace(window=window, quality={name: counts.get(name, found) for name, found in one.quality.items()})


def _fed(plan: RunPlan, market: MarketInput, symbol: str, warmed: int, warmup_needed: int) -> FedSymbol:
    one, contract, interest = market.candles[symbol], market.perpetual.get(symbol), market.open_interest.get(symbol)
    opens = one.window.open_time_ms
    span = (int(opens[0]), int(opens[-1])) if len(opens) else None
    ends = candle_ends(span, plan.start_ms, plan.end_ms, timeframe_ms(market.timeframe))
    found, missing = _detail(plan, market, symbol)
    told = SymbolInput(
        canonical=one.symbol,
        candles=one.window.rows,
        warmup_candles=warmed,
        warmup_missing=max(0, warmup_needed - warmed),
        missing_candles=one.quality.get("missing", 0),
        **msgspec.structs.asdict(ends),
        quality={finding: n for finding, n in one.quality.items() if finding != "candles" and n},
        detail_candles=found,
        missing_detail_candles=missing,
        instrument=trading_rules(one.instrument, plan.start_ms),
        rule_changes=[trading_rules(rules) for rules in one.rule_changes],
        perpetual=contract_terms(plan.settings, symbol, one.instrument, _known(contract, interest)),
    )
    warnings = [*_of_candles(told, ends, warmup_needed, one.quality.get("refused", 0)), *_of_detail(market, symbol)]
    if contract is not None:
        warnings += _of_contract(plan, market, symbol, contract)
    if interest is not None:
        warnings += [text.removeprefix(f"{interest.symbol}: ") for text in interest.warnings]
    held = buy_and_hold(float(one.window.open[0]), float(one.window.close[-1])) if one.window.rows else None
    return FedSymbol(told, held, warnings)


def _known(contract: PerpetualData | None, interest: OpenInterestData | None) -> dict[str, object]:
    """Return what is known of a contract beside its candles, by the names of its terms."""
    return {**(_NOT_ASKED if contract is None else contract.facts), **({} if interest is None else interest.facts)}


def _detail(plan: RunPlan, market: MarketInput, symbol: str) -> tuple[int, int] | tuple[UnsetType, UnsetType]:
    """Return how many detail candles there were, and how many were missing; nothing where the run uses none."""
    one, interval = market.detail.get(symbol), market.detail_interval
    if one is None or interval is None:
        return UNSET, UNSET
    return one.window.rows, slots_of(plan.start_ms, plan.end_ms, timeframe_ms(interval)) - one.window.rows


def _of_candles(told: SymbolInput, ends: CandleEnds, warmup_needed: int, refused: int) -> list[str]:
    """Return the warnings about a symbol's candles: where there are none, short warm-up, ends, refused rows."""
    warnings = []
    if not told.candles:
        warnings.append("no candle in the window; it takes no part")
    elif told.warmup_missing:
        warnings.append(
            f"{told.warmup_candles} of {warmup_needed} warm-up candles were stored before the window; the rest is "
            "warmed inside it, and no order is made until then"
        )
    lacking = ends.warning()
    warnings += [] if lacking is None else [lacking]
    return [*warnings, f"{refused} rows were refused on the way into the store"] if refused else warnings


def _of_detail(market: MarketInput, symbol: str) -> list[str]:
    one = market.detail.get(symbol)
    if one is None or one.window.rows or not market.candles[symbol].window.rows:
        return []
    return [
        f"no candle of the detail interval {market.detail_interval} in the window; its orders are matched by the "
        f"candles of {market.timeframe}"
    ]


def _of_contract(plan: RunPlan, market: MarketInput, symbol: str, contract: PerpetualData) -> list[str]:
    """Return the warnings about a contract's mark prices and funding."""
    warnings = [text.removeprefix(f"{contract.symbol}: ") for text in contract.warnings]
    detail = market.detail.get(symbol)
    steps = market.candles[symbol] if detail is None or not detail.window.rows else detail
    opens = steps.window.open_time_ms
    missing = int(np.isin(opens, contract.marks.open_time_ms, invert=True).sum())
    marks = mark_warning(plan.settings, missing, len(opens))
    return warnings if marks is None else [*warnings, marks]


def _watched(series: WatchedSeries, loaded: LoadedCandles, start_ms: int, end_ms: int) -> WatchedInput:
    """Return what a run was fed of one series."""
    opens = loaded.window.open_time_ms
    span = (int(opens[0]), int(opens[-1])) if len(opens) else None
    # A candle that is open at the start belongs to the window.
    ends = candle_ends(span, floor_to_grid(start_ms, series.length_ms), end_ms, series.length_ms)
    return WatchedInput(
        canonical=loaded.symbol,
        timeframe=series.timeframe,
        warmup_candles=loaded.warmup.rows,
        candles=loaded.window.rows,
        missing_candles=loaded.quality.get("missing", 0),
        missing_before=ends.missing_before,
        missing_after=ends.missing_after,
        candles_from=ends.candles_from,
        candles_to=ends.candles_to,
    )
