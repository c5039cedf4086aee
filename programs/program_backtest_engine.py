"""The engine under the name that its users know: a configuration in, a result out, the one kernel between."""

from pathlib import Path

from backtests.backtest_result import BacktestResult as KernelResult
from backtests.config_backtest import wall_clock_ms
from backtests.run_at_hand import FolderRun, MemoryRun, RunAtHand
from backtests.run_plan import RunPlan
from core.instants import Instant, parse_instant
from core.time_range import TimeRange
from programs.backtest_config import BacktestConfig
from programs.execution_simulator import ExecutionSimulator
from programs.program_choice import ProgramChoice, pool_folders, read_pools
from programs.program_result import BacktestResult
from programs.program_run import NOBODY, ProgramListener, ProgramMarket, program_plan, program_settings, run_program
from programs.virtual_account import VirtualAccount


class ProgramBacktestEngine:
    """Backtests a program: it is a strategy of the kernel that trades on paper, and nothing here simulates anything.

    Its decisions become signals with sizes that pass every gate; its stops and targets are orders at the venue, which
    act on every candle, not at triggers alone.

    Parameters
    ----------
    config
        The program, what wakes it, and on what it is run.
    listener
        Who takes part: another source of decisions in the place of the sandbox, and who is told every call.

    Raises
    ------
    ConfigurationError
        If anything of it is wrong; all problems are named.
    """

    def __init__(self, config: BacktestConfig, listener: ProgramListener = NOBODY) -> None:
        self.config = config
        self._listener = listener
        folders = pool_folders() if config.pool_folder is None else [Path(config.pool_folder)]
        pools, files = read_pools(config.signal_pool_ids, folders)
        choice = ProgramChoice(config.name, config.code, pools, config.scheduled_interval, pool_files=files)
        market = ProgramMarket(
            config.config_path, config.symbols or None, config.interval, config.data_dir, config.overrides()
        )
        settings = program_settings(choice, market)
        start_ms, end_ms = _instant(config.start_time, "start_time"), _instant(config.end_time, "end_time")
        output_dir = None if config.output_dir is None else Path(config.output_dir)
        self.plan: RunPlan = program_plan(
            settings, TimeRange(start_ms, end_ms), output_dir=output_dir, offline=config.offline
        )
        self.result: BacktestResult | None = None

    @property
    def simulator(self) -> ExecutionSimulator:
        """What market orders cost under the settings, without trading rules, which a run alone knows."""
        return ExecutionSimulator(self.plan.settings.live.execution)

    @property
    def account(self) -> VirtualAccount:
        """The account as it stands: as it begins, and after :meth:`run` as it ended, everything closed."""
        if self.result is None:
            balance = self.plan.settings.live.execution.starting_balance
            return VirtualAccount(balance=balance, equity=balance)
        performance = self.result.result.performance
        return VirtualAccount(balance=performance.current_balance, equity=performance.equity)

    def run(self) -> BacktestResult:
        """Run the program and return what it came to; its files are those of every backtest.

        Raises
        ------
        DataUnavailableError
            If no candle is available, or the exchange cannot be reached for missing ones.
        StoreError
            If an output cannot be written.
        """
        made = run_program(self.plan, wall_clock_ms(), self._listener)
        at_hand: RunAtHand = FolderRun(made.result) if made.kept is None else MemoryRun(made.kept)
        self.result = BacktestResult(KernelResult(made.result, at_hand))
        return self.result


def _instant(value: Instant | int, name: str) -> int:
    return value if isinstance(value, int) else parse_instant(value, name=name)
