"""What a stored run is made of again, so that it can be varied."""

from backtests.run_plan import RunPlan
from market_data.exchanges.exchange_names import PRACTICE
from runs.reading.run_folder import StoredRun
from runs.reading.run_settings import settings_of_run


def plan_of_run(run: StoredRun) -> RunPlan:
    """Return the backtest of a stored run's settings and window, over candles that are at hand without an exchange.

    Of a session it is the backtest of the same time.

    Raises
    ------
    ConfigurationError
        If the settings cannot be read, or the strategy is another one now.
    """
    settings = settings_of_run(run)
    start_ms, end_ms = run.window
    return RunPlan(
        settings=settings,
        start_ms=start_ms,
        end_ms=end_ms,
        output_dir=None,
        # The practice market is made here and needs no network.
        offline=settings.live.exchange != PRACTICE,
        engine="auto",
    )
