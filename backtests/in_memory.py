"""A backtest of candles in memory: no store, no exchange, and no files unless they are asked for."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypedDict, Unpack

import numpy as np

from backtests.backtest_result import BacktestResult
from backtests.kept_outputs import require_outputs
from backtests.market_input import MarketInput
from backtests.memory_candles import inferred_timeframe, read_candles, require_grid
from backtests.memory_settings import memory_settings, with_strategy_settings
from backtests.memory_strategy import SignalGenerator, function_strategy, identity_of, own_strategy
from backtests.run import run_loaded
from backtests.run_at_hand import FolderRun
from backtests.run_plan import RunPlan
from core.candle_columns import CandleColumns
from core.errors import ConfigurationError, HarnessError
from core.instants import Instant, format_ms, parse_instant
from core.instrument import Instrument
from core.settings_problem import did_you_mean, shown
from core.symbol_spelling import symbol_key
from core.timeframe import timeframe_ms
from engine.assembly import build_strategy_of, prepare_strategy
from engine.renderer import OutputsKept
from market_data.history.loaded_candles import LoadedCandles
from market_data.instruments.inferred_rules import infer_instrument
from market_data.quality.candle_quality import find_holes
from strategies.anchored_blocks import stored_candles_needed
from strategies.own_code import own_traceback
from strategies.strategy import Strategy, StreamingStrategy, exchange_series
from validation.composed_settings import Settings
from validation.symbol_rules import currency_of

DEFAULT_SYMBOL = "ASSET/USDT"


class Options(TypedDict, total=False):
    """What else :func:`run_backtest` may be told."""

    symbol: str
    timeframe: str
    instruments: Instrument | Mapping[str, Instrument]
    start: Instant
    warmup_candles: int
    output_dir: str | Path
    outputs: OutputsKept


def run_backtest(
    candles: Any,
    signal_generator: SignalGenerator | Mapping[str, SignalGenerator] | None = None,
    *,
    strategy: Strategy | StreamingStrategy | str | None = None,
    config: str | Path | Mapping[str, Any] | None = None,
    **options: Unpack[Options],
) -> BacktestResult:
    """Run candles through the kernel and return what it came to.

    Parameters
    ----------
    candles
        A DataFrame, any iterable of :class:`~core.candle.Candle`, of ``(time, open, high, low, close, volume)`` or of
        mappings, or ``{symbol: any of these}``.
    signal_generator
        ``f(candle)`` that returns a Signal, a mapping as ``generate_signal`` does, or None; or one by symbol.
    strategy
        In its place an object in one of the forms of a strategy, or a name as ``strategy.type`` has it. With neither
        the strategy is that which the configuration names.
    config
        The path of a live.yaml, or a mapping with the keys of one, in which ``risk`` has the keys of risk.json and
        ``trading_mode`` those of trading_mode.yaml; what is left out has its default.
    **options
        ``symbol`` of candles that are not named; ``timeframe``, else the least distance between two opens;
        ``instruments``, else read off the decimals of the candles as an import does; ``start``, before which candles
        only warm up; ``warmup_candles`` of a signal_generator; ``output_dir``, into which the files of a backtest are
        written; ``outputs``, which of a run in memory are rendered: ``full``, ``trades`` or ``none``.

    Raises
    ------
    CandleError
        Names the first row that is no candle.
    ConfigurationError
        If a setting or an argument is wrong.
    StrategyError
        If the strategy fails, names the candle.

    Examples
    --------
    >>> rows = [(60_000 * n, 10.0, 11.0, 9.0, 10.0 + n % 2, 1.0) for n in range(5)]
    >>> run_backtest(rows, lambda candle: None)
    BacktestResult(5 candles, 0 trades, equity 10000.00)
    """
    try:
        return _run(candles, signal_generator, strategy, config, options)
    except HarnessError as error:
        # Its one line says what is wrong and where; of what caused it only the user's own lines are worth reading.
        cause = error.__cause__
        own = None if cause is None else own_traceback(cause.__traceback__)
        raise error.with_traceback(None) from (None if cause is None or own is None else cause.with_traceback(own))


def _run(candles: Any, signal_generator: Any, strategy: Any, config: Any, options: Options) -> BacktestResult:
    series, timeframe = _series(candles, options)
    given = _strategy(signal_generator, strategy, config, tuple(series), options.get("warmup_candles", 0))
    settings = memory_settings(config, list(series), timeframe, given if isinstance(given, str) else None)
    if given is None or isinstance(given, str):
        decides = build_strategy_of(settings)
    else:
        decides = given
        prepare_strategy(decides, settings)
        settings = with_strategy_settings(settings, identity_of(given))
    if exchange_series(decides):
        wrong = f"strategy {decides.name} asks for candles of the exchange"
        raise ConfigurationError(f"{wrong} — allowed: candles joined from its own, in memory")
    plan = _plan(settings, series, options)
    needed = stored_candles_needed(decides, plan.start_ms, timeframe_ms(timeframe))
    market = _market(series, timeframe, plan.start_ms, needed, options.get("instruments"))
    made = run_loaded(plan, decides, market, because=None if plan.output_dir else "the run is kept in memory")
    if made.kept is not None:
        return BacktestResult(made.result, made.kept)
    return BacktestResult(
        made.result, FolderRun(made.result, {name: one.window for name, one in market.candles.items()})
    )


def _plan(settings: Settings, series: Mapping[str, CandleColumns], options: Options) -> RunPlan:
    length_ms = timeframe_ms(settings.live.timeframe)
    start_ms = min(int(one.open_time_ms[0]) for one in series.values())
    end_ms = max(int(one.open_time_ms[-1]) for one in series.values()) + length_ms
    if "start" in options:
        start_ms = parse_instant(options["start"], name="start")
        if start_ms > end_ms - length_ms:
            raise ConfigurationError(f"start {format_ms(start_ms)}: no candle opens then or later")
    output_dir, outputs = options.get("output_dir"), options.get("outputs", "full")
    require_outputs(outputs, output_dir)
    return RunPlan(
        settings=settings,
        start_ms=start_ms,
        end_ms=end_ms,
        output_dir=None if output_dir is None else Path(output_dir),
        show_progress=False,
        outputs=outputs,
    )


def _series(candles: Any, options: Options) -> tuple[dict[str, CandleColumns], str]:
    """Return the candles by symbol, and their timeframe."""
    for option in options:
        if option not in Options.__annotations__:
            raise TypeError(f"run_backtest has no option {option}{did_you_mean(option, Options.__annotations__)}")
    given = candles if isinstance(candles, Mapping) else {options.get("symbol", DEFAULT_SYMBOL): candles}
    if not given:
        raise ConfigurationError("candles: the mapping is empty — allowed: {symbol: candles}")
    for symbol in map(str, given):
        if not _names_a_pair(symbol):
            wrong = f"symbol {shown(symbol)} names no quote currency"
            raise ConfigurationError(f"{wrong} — allowed: such as BTC/USDT or BTCUSDT")
    series = {str(symbol): read_candles(str(symbol), one) for symbol, one in given.items()}
    timeframe = options.get("timeframe") or inferred_timeframe(series.values())
    for symbol, columns in series.items():
        require_grid(symbol, columns, timeframe)
    return series, timeframe


def _strategy(
    generator: Any, strategy: Any, config: Any, symbols: tuple[str, ...], warmup_candles: int
) -> Strategy | StreamingStrategy | str | None:
    if generator is not None and strategy is not None:
        raise ConfigurationError("signal_generator and strategy are both given — allowed: one of the two")
    if generator is not None:
        return own_strategy(function_strategy(generator, symbols, warmup_candles))
    if strategy is None:
        _require_strategy(config)
    if strategy is None or isinstance(strategy, str):
        return strategy
    return own_strategy(strategy)


def _names_a_pair(symbol: str) -> bool:
    key = symbol_key(symbol)
    return currency_of(symbol) is not None or any(key.endswith(quote) and key != quote for quote in _QUOTES)


_QUOTES = ("usdt", "usdc", "fdusd", "busd", "tusd", "usd", "eur", "gbp", "try", "brl", "jpy", "btc", "eth", "bnb")
"""What the spellings without a separator end in."""


def _require_strategy(config: object) -> None:
    """Refuse to run what nobody named: a default would answer for a function that was forgotten."""
    if config is None or (isinstance(config, Mapping) and not {"strategy", "trading_mode"} & set(config)):
        raise ConfigurationError(
            "nothing decides: neither signal_generator nor strategy is given, and config names no strategy — allowed: "
            "run_backtest(candles, f), strategy=… or config={'strategy': {'type': …}}"
        )


def _market(
    series: Mapping[str, CandleColumns],
    timeframe: str,
    start_ms: int,
    warmup_candles: int,
    instruments: Instrument | Mapping[str, Instrument] | None,
) -> MarketInput:
    length_ms = timeframe_ms(timeframe)
    loaded = {}
    for symbol, columns in series.items():
        first = int(np.searchsorted(columns.open_time_ms, start_ms))
        before = int(np.searchsorted(columns.open_time_ms, start_ms - length_ms, side="right"))
        window = columns.slice(first, columns.rows)
        holes = find_holes(window.open_time_ms, length_ms)
        rules = instruments if isinstance(instruments, Instrument) else (instruments or {}).get(symbol)
        loaded[symbol] = LoadedCandles(
            symbol,
            columns.slice(max(0, before - warmup_candles), before),
            window,
            rules or infer_instrument(symbol, columns, length_ms),
            {"candles": window.rows, "holes": len(holes), "missing": sum(hole.missing for hole in holes)},
        )
    return MarketInput(loaded, timeframe)
