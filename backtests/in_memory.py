"""A backtest of candles in memory: no store, no exchange, and no files unless they are asked for."""

import functools
from collections.abc import Hashable, Mapping
from pathlib import Path
from typing import Any, NamedTuple, TypedDict, Unpack

import numpy as np

from backtests.backtest_result import BacktestResult
from backtests.engines.engine_choice import EngineChoice, engine_named
from backtests.kept_outputs import require_outputs
from backtests.market_input import MarketInput
from backtests.memory_candles import inferred_timeframe, read_candles, require_grid
from backtests.memory_settings import Config, memory_settings, require_candles_alone, with_strategy_settings
from backtests.memory_strategy import (
    SignalGenerator,
    asked_twice,
    function_strategy,
    identity_of,
    own_strategy,
    packed,
    unpacked,
)
from backtests.player.backtest_config import BacktestConfig
from backtests.run import run_loaded
from backtests.run_at_hand import FolderRun, MemoryRun
from backtests.run_plan import RunPlan
from core.candle_columns import CandleColumns
from core.errors import ConfigurationError, HarnessError
from core.instants import Instant, format_ms, parse_instant
from core.instrument import Instrument
from core.settings_problem import did_you_mean, shown
from core.symbol_spelling import symbol_key
from core.timeframe import timeframe_ms
from engine.assembly import build_strategy_of, prepare_strategy, with_own_strategy
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
    engine: EngineChoice
    verify_engine: bool


def run_backtest(
    candles: Any,
    signal_generator: SignalGenerator | Mapping[str, SignalGenerator] | None = None,
    *,
    strategy: Strategy | StreamingStrategy | str | None = None,
    config: Config = None,
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
        written; ``outputs``, which of a run in memory are rendered: ``full``, ``trades`` or ``none``; ``engine`` and
        ``verify_engine`` as of :class:`~backtests.config_backtest.ConfigBacktestRunner`.

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
        return MemoryBacktest(candles, signal_generator, strategy=strategy, config=config, **options).run()
    except HarnessError as error:
        # Its one line says what is wrong and where; of what caused it only the user's own lines are worth reading.
        cause = error.__cause__
        own = None if cause is None else own_traceback(cause.__traceback__)
        raise error.with_traceback(None) from (None if cause is None or own is None else cause.with_traceback(own))


class Decided(NamedTuple):
    """Checked settings, and who decides under them; ``own`` is that object where a program built it."""

    settings: Settings
    strategy: Strategy | StreamingStrategy
    own: Strategy | StreamingStrategy | None


def decide(
    signal_generator: SignalGenerator | Mapping[str, SignalGenerator] | None,
    strategy: Strategy | StreamingStrategy | str | None,
    config: Config,
    symbols: tuple[str, ...],
    timeframe: str,
    warmup_candles: int = 0,
) -> Decided:
    """Return the settings of a run over candles in memory, and its strategy; arguments as of :func:`run_backtest`.

    Raises
    ------
    ConfigurationError
        If a setting or an argument is wrong.
    """
    given = _strategy(signal_generator, strategy, config, symbols, warmup_candles)
    named = given if isinstance(given, str) else None
    settings = memory_settings(config, symbols, timeframe, named)
    own = None if given is None or isinstance(given, str) else given
    if own is None:
        decides = build_strategy_of(settings)
    else:
        decides = own
        prepare_strategy(decides, settings)
        settings = with_strategy_settings(settings, identity_of(own))
    _require_own_candles(decides)
    return Decided(settings, decides, own)


class MemoryBacktest:
    """A backtest of candles in memory that can be run, and varied by :func:`~backtests.many.run_many.run_many`.

    Parameters and errors are those of :func:`run_backtest`, which is one with its :meth:`run`. ``plan`` is what it
    does, as a plain value.
    """

    def __init__(
        self,
        candles: Any,
        signal_generator: SignalGenerator | Mapping[str, SignalGenerator] | None = None,
        *,
        strategy: Strategy | StreamingStrategy | str | None = None,
        config: Config = None,
        **options: Unpack[Options],
    ) -> None:
        self._series, self._timeframe = _series(candles, options)
        decided = decide(
            signal_generator, strategy, config, tuple(self._series), self._timeframe, options.get("warmup_candles", 0)
        )
        self._object, self._decides = decided.own, decided.strategy
        self._instruments = options.get("instruments")
        self.plan = plan_of(decided.settings, self._series, options)

    def run(self) -> BacktestResult:
        """Run it; a strategy object that remembers something remembers it in the next run too."""
        market = self.load(self.plan, self._decides, self.market_of(self.plan, self._decides)[1])
        twice = None if self._object is None else asked_twice
        made = run_loaded(self.plan, self._decides, market, twice=twice)
        windows = {name: one.window for name, one in market.candles.items()}
        run = FolderRun(made.result, windows) if made.kept is None else MemoryRun(made.kept)
        return BacktestResult(made.result, run)

    def base_of_runs(self) -> "MemoryBacktest":
        """Return what is varied: itself."""
        return self

    @property
    def own_strategy(self) -> Strategy | StreamingStrategy | None:
        """The strategy where it is an object; None where it is had by its name."""
        return self._object

    @functools.cached_property
    def strategy(self) -> bytes | None:
        """The strategy, taken apart, where it is an object; ConfigurationError if it cannot be."""
        return None if self._object is None else packed(self._object)

    def decides(self, settings: Settings, called: str) -> tuple[Settings, Strategy | StreamingStrategy]:
        """Return varied settings, the parameters of the strategy complete, and the strategy."""
        chosen, own = settings.live.strategy, self.plan.settings.live
        if (settings.live.symbols, settings.live.timeframe) != (own.symbols, own.timeframe):
            raise ConfigurationError(f"{called}: symbols and timeframe are those of the candles — allowed: other keys")
        require_candles_alone(settings, called)
        if self.strategy is None or chosen.type != own.strategy.type:
            complete = with_own_strategy(settings)
            strategy = build_strategy_of(complete)
        else:
            strategy = unpacked(self.strategy, chosen.params)
            complete = with_strategy_settings(settings, identity_of(strategy))
            prepare_strategy(strategy, complete)
        _require_own_candles(strategy)
        return complete, strategy

    def market_of(self, plan: RunPlan, strategy: Strategy | StreamingStrategy) -> tuple[Hashable, int]:
        """Return what tells the candles of a run from those of others, and how many it needs from before the window."""
        return None, stored_candles_needed(strategy, plan.start_ms, timeframe_ms(self._timeframe))

    def load(self, plan: RunPlan, strategy: Strategy | StreamingStrategy, warmup_candles: int) -> MarketInput:
        """Return what a run is fed, with so many candles from before the window."""
        return market_of_columns(self._series, self._timeframe, plan, warmup_candles, self._instruments)


def _require_own_candles(strategy: Strategy | StreamingStrategy) -> None:
    if exchange_series(strategy):
        wrong = f"strategy {strategy.name} asks for candles of the exchange"
        raise ConfigurationError(f"{wrong} — allowed: candles joined from its own, in memory")


def plan_of(settings: Settings, series: Mapping[str, CandleColumns], options: Options) -> RunPlan:
    """Return what is run of candles under checked settings; ConfigurationError where an option is wrong."""
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
        engine=engine_named(options.get("engine", "auto")),
        verify_engine=options.get("verify_engine", False),
    )


def candles_by_symbol(candles: Any, options: Mapping[str, Any], allowed: Mapping[str, Any]) -> dict[str, Any]:
    """Return what was given as candles by symbol; TypeError for an option that is none of those that are allowed."""
    for option in options:
        if option not in allowed:
            raise TypeError(f"run_backtest has no option {option}{did_you_mean(option, allowed)}")
    given = candles if isinstance(candles, Mapping) else {options.get("symbol", DEFAULT_SYMBOL): candles}
    if not given:
        raise ConfigurationError("candles: the mapping is empty — allowed: {symbol: candles}")
    for symbol in map(str, given):
        if not _names_a_pair(symbol):
            wrong = f"symbol {shown(symbol)} names no quote currency"
            raise ConfigurationError(f"{wrong} — allowed: such as BTC/USDT or BTCUSDT")
    return {str(symbol): one for symbol, one in given.items()}


def _series(candles: Any, options: Options) -> tuple[dict[str, CandleColumns], str]:
    """Return the candles by symbol, and their timeframe."""
    given = candles_by_symbol(candles, options, Options.__annotations__)
    series = {symbol: read_candles(symbol, one) for symbol, one in given.items()}
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
    if isinstance(config, BacktestConfig):
        config = config.mapping()
    if config is None or (isinstance(config, Mapping) and not {"strategy", "trading_mode"} & set(config)):
        raise ConfigurationError(
            "nothing decides: neither signal_generator nor strategy is given, and config names no strategy — allowed: "
            "run_backtest(candles, f), strategy=… or config={'strategy': {'type': …}}"
        )


def market_of_columns(
    series: Mapping[str, CandleColumns],
    timeframe: str,
    plan: RunPlan,
    warmup_candles: int,
    instruments: Instrument | Mapping[str, Instrument] | None,
) -> MarketInput:
    """Return what a run is fed of all candles there are; trading rules that are not given are read off these."""
    length_ms = timeframe_ms(timeframe)
    loaded = {}
    for symbol, columns in series.items():
        first, end = np.searchsorted(columns.open_time_ms, (plan.start_ms, plan.end_ms - length_ms + 1)).tolist()
        before = int(np.searchsorted(columns.open_time_ms, plan.start_ms - length_ms, side="right"))
        window = columns.slice(first, max(first, end))
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
