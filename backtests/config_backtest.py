"""Backtest of the live configuration: the runner, the function and the command.

``python -m backtests.config_backtest --help`` describes the command. This module loads fast; everything heavy is
imported when a run begins.
"""

import datetime as dt
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from backtests.engines.engine_choice import NOT_VERIFIED, EngineChoice, engine_named
from core.command_line import INTERRUPTED, READER_GONE, drop_output, failed, require_open_files, warn
from core.errors import ConfigurationError, HarnessError
from core.instants import Instant, format_ms, parse_instant, to_datetime, to_ms
from core.settings_problem import did_you_mean
from core.time_range import TimeRange
from core.timeframe import DAY_MS, floor_to_grid, timeframe_ms
from market_data.history.historical_data_provider import HistoricalDataProvider

if TYPE_CHECKING:
    import pandas as pd

    from backtests.backtest_result import BacktestResult
    from backtests.engines.engine_choice import MadeRun
    from backtests.many.run_base import StoredBase
    from backtests.run_plan import RunPlan
    from engine.renderer import OutputsKept
    from execution.safety.safety_monitor import SafetyMonitor
    from runs.documents.run_result import RunResult
    from validation.composed_settings import Settings

DEFAULT_CONFIG = "config/live.yaml"
OPEN_FILES = 24

__all__ = ["ConfigBacktestRunner", "HistoricalDataProvider", "main", "run_config_backtest"]


def wall_clock_ms() -> int:
    """Return the present in UTC milliseconds: the one reading of the wall clock, for default dates."""
    return to_ms(dt.datetime.now(dt.UTC))  # noqa: TID251 - the entry point's clock


_ASSIGNABLE = (
    "symbols", "interval", "start_date", "end_date", "config", "offline", "output_dir", "show_progress",
    "data_provider", "kill_switch", "engine", "verify_engine", "outputs",
)  # fmt: skip


class ConfigBacktestRunner:
    """Replays cached candles of the live configuration through the kernel.

    ``symbols``, ``interval``, ``start_date``, ``end_date`` and ``config`` (the loaded live configuration) may be
    assigned, or changed in place, before :meth:`run`: they are checked as the constructor checks its arguments.
    Anything else that would have no effect is refused.

    Parameters
    ----------
    config_path
        The live.yaml; the files that belong to it are found as docs/configuration.md says.
    start_date, end_date
        Text, date or datetime, UTC where no zone is given. Candles with open >= start and close <= end are run. The
        default end is now, floored to the timeframe; the default start a day before the end.
    interval, symbols
        Replace ``timeframe`` and ``symbols`` of the configuration.
    offline
        Use what is stored and never the network.
    data_dir, output_dir
        Replace ``data.cache_dir`` and the folder of the outputs (``<logging.directory>/backtests``).
    show_progress
        True shows a progress bar, False none, None decides by the terminal.
    engine
        ``auto``, ``reference`` or ``compiled``: which of the two engines makes the run. They write the same bytes.
    verify_engine
        Run both, and compare all that they write; where only the kernel can make the run, its ``warnings`` say that
        nothing was verified.
    outputs
        ``trades`` and ``none`` write no files: beside the result and the equity of every step they keep the trade log,
        in memory, or nothing.

    Raises
    ------
    ConfigurationError
        If the configuration or an argument is wrong.
    """

    def __init__(  # noqa: PLR0913 - scripts pass these names
        self,
        config_path: str | Path = DEFAULT_CONFIG,
        start_date: Instant | None = None,
        end_date: Instant | None = None,
        interval: str | None = None,
        symbols: Sequence[str] | None = None,
        *,
        offline: bool = False,
        data_dir: str | Path | None = None,
        output_dir: str | Path | None = None,
        show_progress: bool | None = False,
        engine: EngineChoice = "auto",
        verify_engine: bool = False,
        outputs: "OutputsKept" = "full",
    ) -> None:
        from backtests.settled_run import engaged_at_start
        from engine.assembly import build_safety_monitor, with_own_strategy
        from engine.kill_switch import KillSwitch
        from validation.loading import load_settings

        self._config_path = config_path
        self._now_ms = wall_clock_ms()
        self._settings = with_own_strategy(
            load_settings(config_path, symbols=symbols, interval=interval, data_dir=data_dir)
        )
        self._show(self._settings)
        self.offline = offline
        self.show_progress = show_progress
        self.engine = engine
        self.verify_engine = verify_engine
        self.outputs = outputs
        self._output_dir = None if output_dir is None else Path(output_dir)
        self._start, self._end = start_date, end_date
        _window(start_date, end_date, timeframe_ms(self.interval), self._now_ms)
        self.kill_switch = KillSwitch(engaged_at_start(self._settings.mode))
        self._safety_monitor = build_safety_monitor(self._settings, self.kill_switch)
        self.data_provider = self._provider_made = self._provider(self._settings)
        self._made_for = self._source(self._settings)
        self._result: BacktestResult | None = None

    def __setattr__(self, name: str, value: object) -> None:
        if not (name.startswith("_") or name in _ASSIGNABLE or hasattr(type(self), name)):
            hint = did_you_mean(name, _ASSIGNABLE)
            raise AttributeError(f"a runner has no attribute {name}{hint}; assigned are {', '.join(_ASSIGNABLE)}")
        super().__setattr__(name, value)

    @property
    def settings(self) -> "Settings":
        """The checked settings as the attributes stand."""
        from backtests.assigned_settings import Assigned, settled

        return settled(self._config_path, self._settings, Assigned(self.config, self.symbols, self.interval))

    @property
    def start_ms(self) -> int:
        """Start of the window in UTC milliseconds."""
        if self._start is None:
            return self.end_ms - max(DAY_MS, self._length_ms())
        return parse_instant(self._start, name="start")

    @property
    def end_ms(self) -> int:
        """End of the window in UTC milliseconds; exclusive."""
        if self._end is None:
            return floor_to_grid(self._now_ms, self._length_ms())
        return parse_instant(self._end, name="end")

    @property
    def start_date(self) -> dt.datetime:
        """Start of the window, aware UTC; assigned as the argument of that name, None is its default."""
        return to_datetime(self.start_ms)

    @start_date.setter
    def start_date(self, value: Instant | None) -> None:
        if value is not None:
            parse_instant(value, name="start_date")
        self._start = value

    @property
    def end_date(self) -> dt.datetime:
        """End of the window, aware UTC, exclusive; assigned as the argument of that name, None is its default."""
        return to_datetime(self.end_ms)

    @end_date.setter
    def end_date(self, value: Instant | None) -> None:
        if value is not None:
            parse_instant(value, name="end_date")
        self._end = value

    @property
    def output_dir(self) -> Path:
        """Folder of the outputs."""
        return self._output_dir or Path(self.settings.live.logging.directory) / "backtests"

    @output_dir.setter
    def output_dir(self, value: str | Path) -> None:
        self._output_dir = Path(value)

    @property
    def safety_monitor(self) -> "SafetyMonitor":
        """The safety monitor of the run; its limits are those of the settings."""
        return self._safety_monitor

    @property
    def plan(self) -> "RunPlan":
        """What :meth:`run` does, as a plain value; errors as of the constructor where an attribute was assigned."""
        from backtests.kept_outputs import require_outputs
        from backtests.run_plan import RunPlan

        require_outputs(self.outputs, None if self.outputs == "full" else self._output_dir)
        settings = self.settings
        start_ms, end_ms = _window(self._start, self._end, timeframe_ms(settings.live.timeframe), self._now_ms)
        return RunPlan(
            settings=settings,
            start_ms=start_ms,
            end_ms=end_ms,
            output_dir=self.output_dir if self.outputs == "full" else None,
            kill_switch_engaged=self.kill_switch.engaged,
            offline=self.offline,
            show_progress=self.show_progress,
            engine=engine_named(self.engine),
            verify_engine=self.verify_engine,
            outputs=self.outputs,
        )

    def run(self) -> dict[str, Any]:
        """Run the backtest, write its outputs and return the result (docs/CONFIG_BACKTEST.md lists its keys).

        It also has ``metrics``, ``trades``, ``round_trips``, ``equity``, ``plot()`` and ``report(path)``, see
        :class:`~backtests.backtest_result.BacktestResult`, which is its attribute ``typed``.

        After an interrupt the result is marked ``partial`` and holds what was done.

        Raises
        ------
        DataUnavailableError
            If no candle is available, or the exchange cannot be reached for missing ones.
        StrategyError
            If the strategy failed; what was done is written and marked partial.
        StoreError
            If an output cannot be written.
        """
        from backtests.backtest_result import BacktestResult, ResultDict
        from backtests.run_at_hand import FolderRun, MemoryRun, RunAtHand

        self._result = None
        made = self._run()
        # The candles of a provider that was given are known to nobody else.
        if made.kept is None:
            at_hand: RunAtHand = FolderRun(made.result, None if self._asks_own_provider() else {})
        else:
            at_hand = MemoryRun(made.kept)
        self._result = BacktestResult(made.result, at_hand)
        return ResultDict(self._result)

    def get_trades(self) -> "pd.DataFrame":
        """Return the trade log of the last :meth:`run`: a row for each OPEN and CLOSE; ConfigurationError before it."""
        return self._last_result().trades

    def get_equity_curve(self) -> "pd.DataFrame":
        """Return ``equity`` at every step of the last :meth:`run`, by time; ConfigurationError before it."""
        return self._last_result().equity

    def _last_result(self) -> "BacktestResult":
        if self._result is None:
            raise ConfigurationError("nothing has been run yet — allowed: after run() has returned")
        return self._result

    def _asks_own_provider(self) -> bool:
        """Whether nobody gave another provider, or taught this one to answer otherwise."""
        return self.data_provider is self._provider_made and "fetch_ohlcv" not in vars(self.data_provider)

    def run_typed(self) -> "RunResult":
        """Run the backtest as :meth:`run` does, and return the result typed, as reports read it."""
        return self._run().result

    def base_of_runs(self) -> "StoredBase":
        """Return what :func:`~backtests.many.run_many.run_many` varies."""
        from backtests.many.run_base import StoredBase

        return StoredBase(self._ready(), self.data_provider)

    def _run(self) -> "MadeRun":
        from backtests.run import made_run
        from engine.assembly import build_safety_monitor

        plan = self._ready()
        self._safety_monitor = build_safety_monitor(plan.settings, self.kill_switch)
        return made_run(plan, self.data_provider, self._safety_monitor)

    def _ready(self) -> "RunPlan":
        """Return the plan, with attributes and data provider in agreement with it."""
        if self._safety_monitor.limits != self._settings.mode.limits():
            raise ConfigurationError("safety_monitor: its limits were changed — allowed: those of trading_mode.yaml")
        plan = self.plan
        if plan.settings is not self._settings:
            self._settings = plan.settings
            self._show(plan.settings)
        # A provider that was given, or taught to answer otherwise, is asked as it is.
        if self._asks_own_provider() and self._source(plan.settings) != self._made_for:
            self.data_provider = self._provider_made = self._provider(plan.settings)
            self._made_for = self._source(plan.settings)
        return plan

    def _length_ms(self) -> int:
        return timeframe_ms(self.settings.live.timeframe)

    def _show(self, settings: "Settings") -> None:
        """Let the public attributes say what the settings say; what a script holds of them stays what it holds."""
        from backtests.assigned_settings import Assigned

        says = Assigned.of(settings)
        if isinstance(getattr(self, "config", None), dict):
            self.config.clear()
            self.config.update(says.config)
        else:
            self.config: dict[str, Any] = says.config
        self.symbols: list[str] = says.symbols
        self.interval: str = says.interval

    def _source(self, settings: "Settings") -> tuple[object, ...]:
        """Return what a data provider is made of."""
        data = settings.live.data
        return settings.live.exchange, data.cache_dir, data.off_grid, self.offline, self.show_progress

    def _provider(self, settings: "Settings") -> HistoricalDataProvider:
        live, now_ms = settings.live, self._now_ms
        return HistoricalDataProvider(
            live.exchange,
            cache_dir=live.data.cache_dir,
            offline=self.offline,
            off_grid=live.data.off_grid,
            progress=self.show_progress,
            now_ms=lambda: now_ms,
        )


def run_config_backtest(
    start: Instant | None = None,
    end: Instant | None = None,
    interval: str | None = None,
    config_path: str | Path = DEFAULT_CONFIG,
    symbols: Sequence[str] | None = None,
    **options: Any,
) -> dict[str, Any]:
    """Run a backtest and return its result; arguments and errors as for :class:`ConfigBacktestRunner`."""
    return ConfigBacktestRunner(config_path, start, end, interval, symbols, **options).run()


def _window(start: Instant | None, end: Instant | None, length_ms: int, now_ms: int) -> tuple[int, int]:
    """Return the window in milliseconds, by default the last 24 hours of closed candles."""
    end_ms = floor_to_grid(now_ms, length_ms) if end is None else parse_instant(end, name="end")
    start_ms = end_ms - max(DAY_MS, length_ms) if start is None else parse_instant(start, name="start")
    if start_ms >= end_ms:
        raise ConfigurationError(
            f"start {format_ms(start_ms)} is not before end {format_ms(end_ms)}; the end is exclusive"
        )
    if end_ms - start_ms < length_ms:
        raise ConfigurationError(f"from {format_ms(start_ms)} to {format_ms(end_ms)} no candle of that timeframe fits")
    return start_ms, end_ms


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; return its exit code: 0 done, 2 bad input, 3 no data, 130 interrupted, 1 anything else."""
    from backtests.backtest_command import parse_arguments, report, tell_of_compiling
    from strategies.warm_up_asked import WARM_UP

    try:
        asked = parse_arguments(arguments)
        require_open_files(OPEN_FILES, "a backtest")
        runner = ConfigBacktestRunner(
            asked.config,
            asked.start,
            asked.end,
            asked.interval,
            asked.symbols,
            offline=asked.offline,
            data_dir=asked.data_dir,
            output_dir=asked.out,
            show_progress=False if asked.quiet or asked.json else None,
            engine=asked.engine,
            verify_engine=asked.verify_engine,
        )
        if asked.window is not None:
            now_ms = runner.end_ms
            start_ms, end_ms = TimeRange.from_window_string(asked.window, now_ms).known_by(now_ms).to_tuple_ms()
            runner.start_date, runner.end_date = to_datetime(start_ms), to_datetime(end_ms)
        if not asked.quiet:
            tell_of_compiling("compiled" if asked.verify_engine else asked.engine)
        result = runner.run_typed()
        # Said where a report that goes elsewhere, or is not printed, does not hide it.
        for warning in result.warnings:
            if warning.startswith(NOT_VERIFIED) or (warning.startswith(WARM_UP) and not asked.quiet):
                warn(warning)
        report(result, as_json=asked.json, quiet=asked.quiet, with_page=asked.report)
    except HarnessError as error:
        return failed(str(error), error.exit_code)
    except KeyboardInterrupt:
        return failed("interrupted before anything was written; what was fetched is kept", INTERRUPTED)
    except BrokenPipeError:
        drop_output()
        return READER_GONE
    except OSError as error:
        drop_output()
        return failed(f"cannot write the report ({error.strerror or error})", 1)
    if result.partial:
        return failed(f"interrupted; what was done is in {result.output_dir}, marked partial", INTERRUPTED)
    return 0


if __name__ == "__main__":
    sys.exit(main())
