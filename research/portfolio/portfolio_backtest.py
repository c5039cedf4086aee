"""A portfolio is run over one of its windows, and kept in the store.

It is kept as a search of the method ``portfolio`` whose trials, numbered as the members, are the runs of these. The
folder of the run is the truth; the row says where it lies.
"""

from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from backtests.portfolio.portfolio_run import PortfolioPlan, run_portfolio
from backtests.settled_run import engaged_at_start
from core.errors import ConfigurationError
from core.time_range import TimeRange
from core.timeframe import timeframe_ms
from market_data.history.settled_provider import settled_provider
from research.studies.search_rows import row_of
from research.studies.surroundings import store_of
from runs.documents.portfolio_result import PortfolioResult
from runs.reading.portfolio_folder import read_portfolio_result
from runs.store.run_store import RunStore
from runs.store.store_rows import Optimisation, Status, Trial
from runs.store.synchronising import take_folder
from systems.life_cycle.epoch_tracker import wall_clock_ms
from systems.places import Places
from systems.portfolio_file import Portfolio, read_portfolio

METHOD = "portfolio"


class PortfolioRun(NamedTuple):
    """A portfolio's run as the store has it: its number, the name of its window, and what it came to."""

    number: int
    window_name: str | None
    result: PortfolioResult

    @property
    def called(self) -> str:
        """What it is called where it is shown."""
        return f"Portfolio {self.number}"

    def to_dict(self) -> dict[str, Any]:
        """Return it as plain values."""
        return {"portfolio": self.number, "window": self.window_name, **self.result.to_dict()}


def backtest_portfolio(
    name: str,
    window: str | None = None,
    *,
    places: Places | None = None,
    offline: bool = False,
    show_progress: bool | None = False,
    store: RunStore | None = None,
) -> PortfolioRun:
    """Run a portfolio over a window, write its outputs, keep it in the store, and return what it came to.

    Parameters
    ----------
    name
        Its id (``config/portfolios/<id>.yaml``), or the path of its file.
    window
        The name of one of its windows, or a window's text such as ``2024-01``; None runs the first.
    places
        Where systems, candles and logs are.
    offline, show_progress
        As of a backtest.
    store
        Where it is kept; None opens the store of the configuration.

    Raises
    ------
    ConfigurationError, DataUnavailableError, StrategyError, StoreError
        As of a backtest; and for a portfolio or a window that is not there.
    """
    now_ms = wall_clock_ms()
    portfolio = read_portfolio(name, places or Places())
    window_name, span = portfolio.window(window, now_ms)
    first = portfolio.settings.first
    length_ms = timeframe_ms(first.timeframe)
    if span.length_ms < length_ms:
        raise ConfigurationError(f"window {window_name}: no candle of {first.timeframe} fits into it")
    plan = _plan(portfolio, span, offline=offline, show_progress=show_progress)
    provider = settled_provider(first.exchange, first.data, now_ms, offline=offline, progress=show_progress)
    with store_of(store) as opened:
        result = run_portfolio(plan, provider)
        number = _kept(opened, portfolio, result, (window_name, span), now_ms)
    return PortfolioRun(number, window_name, result)


def _plan(portfolio: Portfolio, span: TimeRange, *, offline: bool, show_progress: bool | None) -> PortfolioPlan:
    settings = portfolio.settings
    return PortfolioPlan(
        settings=settings,
        start_ms=span.start_ms,
        end_ms=span.end_ms,
        output_dir=Path(settings.first.logging.directory) / "backtests",
        kill_switch_engaged=any(engaged_at_start(one.mode) for one in settings.members.values()),
        offline=offline,
        show_progress=show_progress,
    )


def read_portfolio_run(number: str | int, store: RunStore) -> PortfolioRun:
    """Return a portfolio's run as it was kept, by its number or ``latest``.

    Raises
    ------
    ConfigurationError
        If there is none of that number.
    StoreError
        If its folder is gone or damaged.
    """
    row = row_of(METHOD, number, store)
    return PortfolioRun(row.id or 0, row.window_name, read_portfolio_result(Path(str(row.folder))))


def portfolio_rows(store: RunStore) -> list[Optimisation]:
    """Return the rows of all runs of portfolios, oldest first."""
    return store.records(Optimisation, method=METHOD)


def _kept(
    store: RunStore, portfolio: Portfolio, result: PortfolioResult, window: tuple[str, TimeRange], now_ms: int
) -> int:
    """Keep a run and its members' in the store; return its number. The same run again keeps its row."""
    folder = str(Path(result.output_dir).resolve())
    before = store.records(Optimisation, method=METHOD, folder=folder)
    name, span = window
    status: Status = "PARTIAL" if result.partial else "COMPLETED"
    row = Optimisation(
        id=before[-1].id if before else None,
        name=portfolio.id,
        status=status,
        strategy=", ".join(result.members),
        method=METHOD,
        objective=result.config.allocation,
        settings={METHOD: {"run_id": result.run_id, "systems": dict(portfolio.systems)}},
        created_ms=now_ms,
        ended_ms=wall_clock_ms(),
        folder=folder,
        window_name=name,
        start_ms=span.start_ms,
        end_ms=span.end_ms,
        settings_sha256=result.settings_sha256,
    )
    number = store.record(row)
    kept = {one.number: one.id for one in store.records(Trial, optimisation=number)}
    for place, (member, one) in enumerate(result.members.items()):
        trial = Trial(
            id=kept.get(place),
            optimisation=number,
            number=place,
            status=status,
            params={"member": member, "system": portfolio.systems[member], "weight": one.weight},
            figures=msgspec.to_builtins(one.contribution),
            trades=one.trades,
            run=take_folder(store, Path(one.folder)),
        )
        store.record(trial)
    return number
