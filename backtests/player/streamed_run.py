"""A run whose candles come one by one and are not gathered; it comes to what the plain run of them comes to."""

from array import array
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from backtests.backtest_result import BacktestResult
from backtests.engines.engine_choice import by_reference, not_verified, reference_reason, require_compiled
from backtests.in_memory import Options, decide, market_of_columns, plan_of
from backtests.kept_outputs import KeptOutputs
from backtests.market_input import MarketInput
from backtests.memory_candles import RowReader, inferred_timeframe, require_grid
from backtests.memory_settings import Config
from backtests.memory_strategy import SignalGenerator
from backtests.player.backtest_config import BacktestConfig
from backtests.player.candle_spool import CandleSpool
from backtests.player.playback import asked_again
from backtests.player.recent_events import RecentEvents
from backtests.player.rules_read_off import RulesReadOff
from backtests.player.session_states import state_of, with_curve
from backtests.player.states import BacktestState, Status
from backtests.run import AnyStrategy, EndedRun, publish, told_failure, warm_up_session, warmed_candles
from backtests.run_at_hand import FolderRun, MemoryRun
from backtests.run_plan import RunPlan
from backtests.timeline import steps_of
from core.candle import Candle, Step
from core.candle_columns import CandleColumns
from core.errors import CandleError, StrategyError
from core.events import Decision, TradeRow
from core.instrument import Instrument
from core.timeframe import grid_origin_ms, timeframe_ms
from engine.assembly import build_safety_monitor, build_session, build_strategy_of
from engine.kill_switch import KillSwitch
from execution.money.closed_trade import ClosedTrade
from runs.folder.run_files import RunFiles, run_stem
from strategies.anchored_blocks import stored_candles_needed

ONE_BY_ONE = "its candles came one by one"
"""Why the reference kernel makes a run that the compiled rules would make else."""
NO_CANDLE = "1m"
"""The timeframe of a run without a candle, to which none was given."""

Happened = Decision | TradeRow | ClosedTrade


class StreamedRun:
    """Takes rows, then steps; ``times_ms`` are those of its steps, ``fresh`` what happened since somebody took it.

    Trading rules that are not given are read off the candles. Where one needs a finer tick or lot than those before it,
    the session is folded anew from all of them, as if that had been known from the start: the run is that of all its
    candles. ``folds`` counts how often one was begun.

    Parameters
    ----------
    symbols
        In configured order.
    signal_generator, strategy, config, options
        As of :func:`~backtests.in_memory.run_backtest`.

    Raises
    ------
    ConfigurationError
        If the compiled rules are asked for.
    """

    def __init__(
        self,
        symbols: Sequence[str],
        signal_generator: SignalGenerator | Mapping[str, SignalGenerator] | None,
        strategy: Any,
        config: Config,
        options: Options,
    ) -> None:
        require_compiled(options.get("engine", "auto"), ONE_BY_ONE)
        self._asked = signal_generator, strategy, config
        self._options = options
        self._readers = [RowReader(symbol) for symbol in symbols]
        self._spools = {symbol: CandleSpool() for symbol in symbols}
        self._timeframe = options.get("timeframe", "")
        self._grid: tuple[int, int] | None = None
        self._rules: dict[str, RulesReadOff] = {}
        self._stale = self._finished = False
        self._files: RunFiles | KeptOutputs | None = None
        self._last: Step | None = None
        self.times_ms = array("q")
        self.fresh: list[Happened] = []
        self.folds = 0
        self.total: int | None = None
        self.result: BacktestResult | None = None
        self.config: BacktestConfig | None = None

    @property
    def knows_timeframe(self) -> bool:
        """Whether the length of the candles is known before the first of them."""
        return bool(self._timeframe)

    def read(self, place: int, row: Any) -> Candle:
        """Return the next row of a symbol as a candle; CandleError where it is none."""
        reader = self._readers[place]
        candle = reader.read(row)
        self._spools[reader.symbol].add(candle)
        if self._grid is not None:
            origin_ms, length_ms = self._grid
            if (candle.open_time_ms - origin_ms) % length_ms:
                self._refuse_off_grid(reader, candle)
            rules = self._rules.get(reader.symbol)
            if rules is not None and rules.changed_by(candle):
                self._stale = True
        return candle

    def settle(self) -> None:
        """Build the session, once the first candle of the window has come for every symbol that has one.

        Raises
        ------
        ConfigurationError, CandleError, StrategyError
            As of :func:`~backtests.in_memory.run_backtest`.
        """
        series, options = self._series(), self._options
        empty = not any(columns.rows for columns in series.values())
        if not self._timeframe:
            self._timeframe = NO_CANDLE if empty else inferred_timeframe(series.values())
        for symbol, columns in series.items():
            if not empty and not columns.rows:
                raise CandleError(f"{symbol}: there are no candles")
            require_grid(symbol, columns, self._timeframe)
        length_ms = timeframe_ms(self._timeframe)
        generator, strategy, config = self._asked
        decided = decide(generator, strategy, config, tuple(series), self._timeframe, options.get("warmup_candles", 0))
        self._settings, given = decided.settings, options.get("instruments") or {}
        self.config = BacktestConfig.of(self._settings)
        if not isinstance(given, Instrument) and not empty:
            lacking = [symbol for symbol in series if symbol not in given]
            self._rules = {symbol: RulesReadOff(symbol, self._spools[symbol], length_ms) for symbol in lacking}
        own, settings = decided.own, self._settings
        if own is not None and not self._rules:
            self._strategy: Callable[[], AnyStrategy] = lambda: own
        else:
            self._strategy = asked_again(own) if own is not None else lambda: build_strategy_of(settings)
        self._grid = grid_origin_ms(length_ms), length_ms
        self._begin(empty=empty)

    def take(self, open_ms: int, candles: tuple[Candle | None, ...]) -> None:
        """Run the step of the candles that opened at a time; StrategyError where the strategy fails."""
        if self._stale:
            self._stale = False
            self._fold_anew()
        self._last = Step(open_ms + timeframe_ms(self._timeframe), candles)
        self._session.process(self._last)
        self.times_ms.append(self._last.time_ms)

    def state(self, status: Status = "RUNNING") -> BacktestState:
        """Return how it stands, without its curve."""
        return state_of(self._session, self._recent, status, self._last, len(self.times_ms), self.total)

    def with_curve(self, state: BacktestState, first: int) -> BacktestState:
        """Return a state of this run with the equity of its steps from number ``first`` on."""
        return with_curve(state, self._session, self.times_ms, first)

    def end(self, *, complete: bool, failure: StrategyError | None = None) -> StrategyError | None:
        """End it, whole or cut short: write or keep what was done. Return the failure, which says where that is."""
        if self._finished or not self.folds:
            return failure
        self._finished = True
        try:
            if complete:
                self.total = len(self.times_ms)
            self._session.finish(flatten=complete)
            return self._publish(complete, failure) if self.times_ms else failure
        finally:
            if isinstance(self._files, RunFiles):
                self._files.discard()

    def _series(self) -> dict[str, CandleColumns]:
        return {symbol: spool.columns() for symbol, spool in self._spools.items()}

    def _market(self, plan: RunPlan) -> MarketInput:
        """Return what the run was fed so far."""
        needed = stored_candles_needed(self._decides, plan.start_ms, timeframe_ms(self._timeframe))
        return market_of_columns(self._series(), self._timeframe, plan, needed, self._options.get("instruments"))

    def _begin(self, *, empty: bool = False) -> MarketInput | None:
        """Begin a session, which is shown what came before the window."""
        self._decides = self._strategy()
        settings, switch = self._settings, KillSwitch(engaged=False)
        market = None if empty else self._market(plan_of(settings, self._series(), self._options))
        instruments = {symbol: Instrument(symbol) for symbol in self._spools}
        if market is not None:
            instruments = {symbol: one.instrument for symbol, one in market.candles.items()}
        outputs = self._open_files().outputs()
        safety = build_safety_monitor(settings, switch)
        self._session = build_session(settings, self._decides, instruments, outputs, switch, safety)
        self._recent = RecentEvents(self._session)
        self.folds += 1
        self._warmed = dict.fromkeys(self._spools, 0)
        if market is not None:
            warm_up_session(self._session, market)
            self._warmed = warmed_candles(self._session, market)
        self._recent.tell(self.fresh.append)
        return market

    def _fold_anew(self) -> None:
        """Begin another session and run all steps that were done."""
        market, fresh = self._begin(), self.fresh
        told_before: list[Happened] = []
        self._recent.tell(told_before.append)
        if market is not None and self.times_ms:
            for step in steps_of(market.window()):
                if step.time_ms > self.times_ms[-1]:
                    break
                self._session.process(step)
        self._recent.tell(fresh.append)

    def _open_files(self) -> RunFiles | KeptOutputs:
        """Open what takes the outputs, in place of what took those of an earlier session."""
        directory = self._options.get("output_dir")
        if isinstance(self._files, RunFiles):
            self._files.discard()
        if directory is None:
            self._files = KeptOutputs(self._options.get("outputs", "full"))
        else:
            # The end of the window, and with it the name, is known when the last candle has come.
            self._files = RunFiles(directory, f"streamed-{id(self)}")
        return self._files

    def _publish(self, complete: bool, failure: StrategyError | None) -> StrategyError | None:
        plan = plan_of(self._settings, self._series(), self._options)
        market, files = self._market(plan), self._files
        reason = reference_reason(plan, market) or ONE_BY_ONE
        warnings = not_verified(plan, reason)
        ended = EndedRun(self._session, self._decides, self._warmed, by_reference(reason), complete, failure, warnings)
        if isinstance(files, RunFiles):
            files.settle(run_stem(plan.start_ms, plan.end_ms))
        if files is None:
            return failure
        made = publish(files, plan, market, ended)
        windows = {symbol: one.window for symbol, one in market.candles.items()}
        run = FolderRun(made.result, windows) if made.kept is None else MemoryRun(made.kept)
        self.result = BacktestResult(made.result, run)
        return None if failure is None else told_failure(failure, made)

    def _refuse_off_grid(self, reader: RowReader, candle: Candle) -> None:
        row = CandleColumns.from_rows([(candle.open_time_ms, 1.0, 1.0, 1.0, 1.0, 1.0)])
        try:
            require_grid(reader.symbol, row, self._timeframe, first=reader.rows - 1)
        except CandleError as error:
            if "timeframe" in self._options:
                raise
            told = f"{error}, which is how far apart the first candles are — allowed: timeframe=…, such as '1m'"
            raise CandleError(told, open_time_ms=candle.open_time_ms) from error
