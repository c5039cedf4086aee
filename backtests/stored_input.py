"""What a backtest was fed, from stored candles."""

from collections.abc import Mapping, Sequence

import msgspec
import numpy as np
from msgspec import UNSET, UnsetType

from backtests.market_input import MarketInput
from backtests.run_plan import RunPlan
from backtests.timeline import step_times
from core.timeframe import timeframe_ms
from market_data.candle_columns import Int64Array
from market_data.history.historical_data_provider import LoadedCandles
from metrics import buy_and_hold
from runs.documents.symbol_result import SymbolInput
from runs.documents.trading_rules import contract_terms, mark_warning, trading_rules
from runs.figures.missing_candles import CandleEnds, candle_ends, slots_of
from runs.identity.data_hash import data_sha256
from runs.run_input import FedSymbol

_NOT_ASKED = {"mark": "last price (mark prices are switched off)", "mark_candles": 0}


class StoredInput:
    """The input of a backtest, as :class:`runs.run_input.RunInput`.

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
    """

    def __init__(self, plan: RunPlan, market: MarketInput, warmed: Mapping[str, int], warmup_needed: int) -> None:
        self._plan = plan
        self._market = market
        self._warmed = warmed
        self._warmup_needed = warmup_needed
        self.start_ms: int | None = plan.start_ms
        self.end_ms: int | None = plan.end_ms
        self.data_sha256 = data_sha256(market)
        self.warnings: Sequence[str] = ()

    @property
    def step_times_ms(self) -> Int64Array:
        """Times of the steps of the whole window."""
        return step_times(self._market.window())

    def fed(self, symbol: str) -> FedSymbol:
        """Return what the run was fed of a symbol."""
        one, plan = self._market.candles[symbol], self._plan
        contract = self._market.perpetual.get(symbol)
        known = _NOT_ASKED if contract is None else contract.facts
        warmed, ends = self._warmed[symbol], self._ends(one)
        found, missing = self._detail(symbol)
        told = SymbolInput(
            canonical=one.symbol,
            candles=one.window.rows,
            warmup_candles=warmed,
            warmup_missing=max(0, self._warmup_needed - warmed),
            missing_candles=one.quality.get("missing", 0),
            **msgspec.structs.asdict(ends),
            quality={finding: n for finding, n in one.quality.items() if finding != "candles" and n},
            detail_candles=found,
            missing_detail_candles=missing,
            instrument=trading_rules(one.instrument, plan.start_ms),
            rule_changes=[trading_rules(rules) for rules in one.rule_changes],
            perpetual=contract_terms(plan.settings, symbol, one.instrument, known),
        )
        warnings = [*self._of_candles(one, told, ends), *self._of_detail(symbol), *self._of_contract(symbol)]
        return FedSymbol(told, _held_return(one), warnings)

    def _ends(self, one: LoadedCandles) -> CandleEnds:
        opens = one.window.open_time_ms
        span = (int(opens[0]), int(opens[-1])) if len(opens) else None
        return candle_ends(span, self._plan.start_ms, self._plan.end_ms, timeframe_ms(self._market.timeframe))

    def _detail(self, symbol: str) -> tuple[int, int] | tuple[UnsetType, UnsetType]:
        """Return how many detail candles there were, and how many were missing; nothing where the run uses none."""
        one, interval = self._market.detail.get(symbol), self._market.detail_interval
        if one is None or interval is None:
            return UNSET, UNSET
        wanted = slots_of(self._plan.start_ms, self._plan.end_ms, timeframe_ms(interval))
        return one.window.rows, wanted - one.window.rows

    def _of_candles(self, one: LoadedCandles, told: SymbolInput, ends: CandleEnds) -> list[str]:
        """Return the warnings about a symbol's candles: where there are none, short warm-up, ends, refused rows."""
        warnings = []
        if not told.candles:
            warnings.append("no candle in the window; it takes no part")
        elif told.warmup_missing:
            warnings.append(
                f"{told.warmup_candles} of {self._warmup_needed} warm-up candles were stored before the window; "
                "the rest is warmed inside it, and no order is made until then"
            )
        lacking = ends.warning()
        warnings += [] if lacking is None else [lacking]
        refused = one.quality.get("refused", 0)
        if refused:
            warnings.append(f"{refused} rows were refused on the way into the store")
        return warnings

    def _of_detail(self, symbol: str) -> list[str]:
        one, market = self._market.detail.get(symbol), self._market
        if one is None or one.window.rows or not market.candles[symbol].window.rows:
            return []
        return [
            f"no candle of the detail interval {market.detail_interval} in the window; its orders are matched by the "
            f"candles of {market.timeframe}"
        ]

    def _of_contract(self, symbol: str) -> list[str]:
        """Return the warnings about a contract's mark prices and funding."""
        contract = self._market.perpetual.get(symbol)
        if contract is None:
            return []
        unified = f"{contract.symbol}: "
        warnings = [text.removeprefix(unified) for text in contract.warnings]
        detail = self._market.detail.get(symbol)
        steps = self._market.candles[symbol] if detail is None or not detail.window.rows else detail
        opens = steps.window.open_time_ms
        missing = int(np.isin(opens, contract.marks.open_time_ms, invert=True).sum())
        marks = mark_warning(self._plan.settings, missing, len(opens))
        return warnings if marks is None else [*warnings, marks]


def _held_return(one: LoadedCandles) -> float | None:
    window = one.window
    return buy_and_hold(float(window.open[0]), float(window.close[-1])) if window.rows else None
