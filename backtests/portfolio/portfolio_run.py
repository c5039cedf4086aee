"""One backtest of a portfolio, from its plan to its outputs and its result."""

import hashlib
import json
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from backtests.input_candles import RunRequest, require_candles
from backtests.market_input import MarketInput, load_market, load_open_interest, stamped_from
from backtests.replay import Interrupt, held_interrupts, replay
from backtests.run import EndedRun, documents_of, fed_to, marked_partial, warm_up_session, warmed_candles
from backtests.run_plan import RunPlan
from backtests.timeline import MarketWindow, step_times
from core.candle import OPEN_INTEREST_PERIODS
from core.errors import StrategyError
from core.instants import format_ms
from core.instrument import Instrument
from core.timeframe import timeframe_ms
from core.watched_series import WatchedSeries
from engine.fold import recall_calls
from engine.journal_records import ProgramRecord
from engine.open_interest import fed_of, open_interest_asked
from engine.portfolio.portfolio_assembly import AnyStrategy, MemberParts, build_portfolio, each_once, strategies_of
from engine.portfolio.portfolio_session import PortfolioSession
from engine.watched import watched_series_of
from market_data.history.loaded_candles import LoadedCandles
from market_data.series_names import open_interest_series
from reports.console.progress import ReplayProgress
from runs.documents.portfolio_result import PortfolioResult
from runs.documents.result_text import to_json
from runs.figures.account_figures import Period
from runs.folder.file_names import PORTFOLIO, TRADES
from runs.folder.portfolio_files import PortfolioFiles
from runs.folder.run_files import run_stem
from runs.identity.run_hashes import run_hashes
from runs.identity.run_id import run_id
from runs.portfolio_builder import RunOfMember, RunOfPortfolio, build_portfolio_result
from runs.result_builder import OutputPlaces, build_result
from strategies.anchored_blocks import stored_candles_needed
from validation.portfolio_settings import PortfolioSettings

if TYPE_CHECKING:
    from market_data.perpetual.open_interest_data import OpenInterestData

BY_PORTFOLIO = "reference: a portfolio moves cash and shares limits between its members"


class PortfolioPlan(msgspec.Struct, frozen=True, kw_only=True):
    """A backtest of a portfolio as a plain value; fields as of a :class:`~backtests.run_plan.RunPlan`.

    Where a session is run over history, ``failed_calls`` are calls of programs that fail by their machine again, and
    ``open_interest`` the periods that the session was fed; both None where none is.
    """

    settings: PortfolioSettings
    start_ms: int
    end_ms: int
    output_dir: Path
    kill_switch_engaged: bool = False
    offline: bool = False
    show_progress: bool | None = False
    failed_calls: list[ProgramRecord] | None = None
    open_interest: list[str] | None = None

    def of_member(self, name: str) -> RunPlan:
        """Return the plan of a member, as it would be run alone."""
        return RunPlan(
            settings=self.settings.members[name],
            start_ms=self.start_ms,
            end_ms=self.end_ms,
            output_dir=self.output_dir,
            kill_switch_engaged=self.kill_switch_engaged,
            offline=self.offline,
            show_progress=self.show_progress,
        )


class _Loaded(NamedTuple):
    """What a portfolio is run over: strategies and markets by member, and the open interest that its session is fed."""

    strategies: Mapping[str, AnyStrategy]
    markets: Mapping[str, MarketInput]
    open_interest: "Mapping[str, OpenInterestData]"

    @property
    def instruments(self) -> dict[str, Instrument]:
        """Trading rules of every symbol."""
        return {symbol: one.instrument for market in self.markets.values() for symbol, one in market.candles.items()}

    @property
    def window(self) -> MarketWindow:
        """What the timeline of all symbols is made of."""
        candles: dict[str, LoadedCandles] = {}
        detail: dict[str, LoadedCandles] = {}
        contracts: dict[str, Any] = {}
        watched: dict[tuple[str, str], tuple[WatchedSeries, LoadedCandles]] = {}
        for market in self.markets.values():
            candles = {**candles, **market.candles}
            detail = {**detail, **market.detail}
            contracts = {**contracts, **market.perpetual}
            for series, one in market.watched.items():
                watched.setdefault((series.symbol, series.timeframe), (series, one))
        first = next(iter(self.markets.values()))
        whole = first._replace(
            candles=candles,
            detail=detail,
            perpetual=contracts,
            watched=dict(watched.values()),
            open_interest=self.open_interest,
            hashed=None,
        )
        return whole.window()


def run_portfolio(plan: PortfolioPlan, data_provider: Any) -> PortfolioResult:
    """Load, warm up, replay, end and write.

    A run that is interrupted, or whose strategy fails, is written and marked partial.

    Parameters
    ----------
    plan
        What to do.
    data_provider
        Answers for candles, as it does for a backtest.

    Raises
    ------
    DataUnavailableError, StoreError
        As of a backtest.
    StrategyError
        If a strategy failed; what was done is written.
    """
    loaded = _load(plan, data_provider)
    stem = run_stem(plan.start_ms, plan.end_ms, f"portfolio_{plan.settings.name}")
    with held_interrupts() as interrupt:
        files = PortfolioFiles(plan.output_dir, stem, plan.settings.members)
        try:
            return _run(plan, loaded, files, interrupt)
        finally:
            files.discard()  # Of what was published nothing is left here.


def _load(plan: PortfolioPlan, provider: Any) -> _Loaded:
    """Return what members are fed, each what it would be alone; what several of them trade is loaded once."""
    settings, strategies = plan.settings, strategies_of(plan.settings)
    length_ms = timeframe_ms(settings.first.timeframe)
    needed = {name: stored_candles_needed(one, plan.start_ms, length_ms) for name, one in strategies.items()}
    watched = {name: watched_series_of(own, strategies[name]) for name, own in settings.members.items()}
    markets = {}
    for names in _loaded_together(settings):
        members = {name: settings.members[name].live for name in names}
        symbols = tuple(dict.fromkeys(symbol for own in members.values() for symbol in own.symbols))
        live = members[names[0]].model_copy(update={"symbols": symbols})
        series = each_once(one for name in names for one in watched[name])
        most = max(needed[name] for name in names)
        whole = load_market(provider, live, plan.start_ms, plan.end_ms, most, series)
        for name, own in members.items():
            markets[name] = whole.part(own.symbols, needed[name], watched[name])
            request = RunRequest(
                own.symbols, own.timeframe, plan.start_ms, plan.end_ms, needed[name], own.data.off_grid
            )
            require_candles(provider, request, markets[name].candles)
    ordered = {name: markets[name] for name in settings.members}
    return _with_open_interest(plan, provider, _Loaded(strategies, ordered, {}))


def _with_open_interest(plan: PortfolioPlan, provider: Any, loaded: _Loaded) -> _Loaded:
    """Return what members are fed with the open interest that they ask for, each what it would be told of alone.

    The session is fed the rows of one period, that of all of them: those are what a member is shown.
    """
    span = plan.start_ms, plan.end_ms
    asked = {name: open_interest_asked(own, [loaded.strategies[name]]) for name, own in plan.settings.members.items()}
    if plan.open_interest is not None:
        asked = {name: tuple(one for one in wanted if one in plan.open_interest) for name, wanted in asked.items()}
    periods = tuple(one for one in OPEN_INTEREST_PERIODS if any(one in wanted for wanted in asked.values()))
    found, markets = load_open_interest(provider, plan.settings.symbols, *span, periods), dict(loaded.markets)
    for name, wanted in asked.items():
        if wanted:
            symbols, (period, first_ms, _) = list(markets[name].candles), fed_of(*span, wanted)
            own = found if wanted == periods else load_open_interest(provider, symbols, *span, wanted)
            fed = {symbol: _told_of(own[symbol], found[symbol], period, first_ms) for symbol in symbols}
            markets[name] = markets[name]._replace(open_interest=fed)
    return loaded._replace(markets=markets, open_interest=found)


def _told_of(alone: "OpenInterestData", whole: "OpenInterestData", period: str, first_ms: int) -> "OpenInterestData":
    """Return what a member is told of a symbol; where that is other than alone, say so: two stored series disagree."""
    shown = stamped_from(whole, first_ms, timeframe_ms(period))
    if shown.rows == alone.rows:
        return alone
    differing = sorted({row.time_ms for row in {*shown.rows} ^ {*alone.rows}})
    source = whole.facts["open_interest"]
    missing = alone.facts["open_interest_missing"]
    lacking = len(alone.rows) - len(shown.rows) + (missing if isinstance(missing, int) else 0)
    warning = (
        f"{alone.symbol}: {len(differing)} rows of open interest of {period}, the first of "
        f"{format_ms(differing[0])}, are other than alone: with the other members it is told those of {source}, which "
        f"stored {open_interest_series(period)} contradicts; import one of them again, so that both agree"
    )
    facts = {**shown.facts, "open_interest_missing": lacking, "open_interest_gaps": alone.facts["open_interest_gaps"]}
    return shown._replace(facts=facts, warnings=(*alone.warnings, warning))


def _loaded_together(settings: PortfolioSettings) -> list[list[str]]:
    """Return the members by what missing funding rates do, which alone may differ of what is loaded."""
    found: dict[str | None, list[str]] = {}
    for name, one in settings.members.items():
        perpetual = one.live.execution.perpetual
        found.setdefault(None if perpetual is None else perpetual.missing_funding, []).append(name)
    return list(found.values())


def _run(plan: PortfolioPlan, loaded: _Loaded, files: PortfolioFiles, interrupt: Interrupt) -> PortfolioResult:
    parts = {name: MemberParts(loaded.strategies[name], market.ahead()) for name, market in loaded.markets.items()}
    outputs = files.outputs()
    session = build_portfolio(plan.settings, parts, loaded.instruments, outputs, kill_switch=plan.kill_switch_engaged)
    window, failure = loaded.window, None
    candles = sum(one.rows for one in window.candles)
    warmed = {name: dict.fromkeys(market.candles, 0) for name, market in loaded.markets.items()}
    try:
        with closing(session), ReplayProgress(candles, shown=plan.show_progress is not False) as progress:
            for one in session.members:
                warm_up_session(one.session, loaded.markets[one.name])
                warmed[one.name] = warmed_candles(one.session, loaded.markets[one.name])
            if plan.failed_calls is not None:
                recall_calls(session.programs, plan.failed_calls)
            complete = replay(session, window, progress, interrupt)
    except StrategyError as error:
        complete, failure = False, error
    session.finish(flatten=complete)
    ended = {
        one.name: EndedRun(
            one.session, loaded.strategies[one.name], warmed[one.name], BY_PORTFOLIO, complete, failure,
        )
        for one in session.members
    }  # fmt: skip
    result = _publish(files, plan, loaded, session, ended)
    if failure is not None:
        raise marked_partial(failure, result.output_dir) from failure
    return result


def _publish(
    files: PortfolioFiles,
    plan: PortfolioPlan,
    loaded: _Loaded,
    session: PortfolioSession,
    ended: Mapping[str, EndedRun],
) -> PortfolioResult:
    complete = all(one.complete for one in ended.values())
    fed = {name: fed_to(plan.of_member(name), loaded.markets[name], one) for name, one in ended.items()}
    ids = {}
    for one in session.members:
        hashes = run_hashes(one.session.outputs, plan.settings.members[one.name], fed[one.name].data_sha256)
        ids[one.name] = run_id(
            hashes,
            plan.start_ms,
            plan.end_ms,
            kill_switch_engaged=plan.kill_switch_engaged,
            partial=not complete,
        )
    run = _id_of([plan.settings.settings_sha256, *ids.values()]) + ("" if complete else "-partial")
    own, members = files.run_folder(run), {}
    for one in session.members:
        folder = own / one.name
        own_id = ids[one.name] if stands_alone(plan.settings) else _id_of([run, one.name])
        places = OutputPlaces(folder / TRADES, folder, own_id)
        told = build_result(one.session, plan.settings.members[one.name], fed[one.name], places, partial=not complete)
        members[one.name] = RunOfMember(told, fed[one.name].step_times_ms)
        files.write_curve(fed[one.name].step_times_ms, one.session.outputs.curve, one.name)
        told = msgspec.structs.replace(told, warnings=[*told.warnings, *_beside(plan.settings)])
        for name, text in documents_of(plan.of_member(one.name), ended[one.name], told, folder).items():
            files.write(f"{one.name}/{name}", text)
    times = step_times(loaded.window)
    covered_ms = plan.end_ms if complete else session.last_step_ms or plan.start_ms
    whole = RunOfPortfolio(Period(plan.start_ms, covered_ms, times), run, str(own), not complete)
    result = build_portfolio_result(session, plan.settings, members, whole)
    files.write_curve(times, session.outputs.curve)
    files.write(PORTFOLIO, to_json({**result.to_dict(), "settings": plan.settings.resolved()}).encode())
    files.publish(run)
    return result


def stands_alone(settings: PortfolioSettings) -> bool:
    """Whether every member does what it would do alone: no cash moves, and nothing limits them in all."""
    limited = any(value is not None for value in settings.terms.limits.model_dump().values())
    return not limited and (len(settings.members) == 1 or settings.terms.rebalance == "never")


def _beside(settings: PortfolioSettings) -> list[str]:
    if stands_alone(settings):
        return []
    return [f"a member of the portfolio {settings.name}: what it did follows from the other members too"]


def _id_of(made_of: list[str]) -> str:
    return hashlib.sha256(json.dumps(made_of, separators=(",", ":")).encode()).hexdigest()[:16]
