"""Builds a portfolio's session from its settings; each member's by the assembly of all sessions."""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from core.errors import ConfigurationError
from core.instrument import Instrument
from core.watched_series import WatchedSeries
from engine.assembly import build_safety_monitor, build_session, build_strategy_of
from engine.kill_switch import KillSwitch
from engine.portfolio.member_steps import MemberSteps
from engine.portfolio.portfolio_outputs import PortfolioOutputs
from engine.portfolio.portfolio_session import Member, PortfolioRules, PortfolioSession
from engine.watched import Watched, watched_series_of
from execution.safety.shared_limits import HALTS_IN_ALL, SharedLimits
from strategies.known_candles import CandlesAhead
from strategies.strategy import Strategy, StreamingStrategy
from validation.portfolio_settings import PortfolioSettings
from validation.symbol_rules import require_one_currency

AnyStrategy = Strategy | StreamingStrategy


class MemberParts(NamedTuple):
    """What a member decides with: its strategy, and all candles that it will be shown, where they lie ready."""

    strategy: AnyStrategy
    ahead: CandlesAhead | None = None


def build_portfolio(
    settings: PortfolioSettings,
    parts: Mapping[str, MemberParts],
    instruments: Mapping[str, Instrument],
    outputs: PortfolioOutputs,
    *,
    kill_switch: bool,
) -> PortfolioSession:
    """Build the members' sessions and what they share.

    Parameters
    ----------
    settings
        Of the portfolio.
    parts
        Of each member, by its name.
    instruments
        Trading rules of every symbol of the portfolio, keyed as the settings spell it.
    outputs
        Where it writes.
    kill_switch
        As it stands at the start.

    Raises
    ------
    ConfigurationError
        If symbols are of several currencies, or one is spelled in two ways.
    """
    symbols = settings.symbols
    require_one_currency({symbol: instruments[symbol].symbol for symbol in symbols})
    _require_one_spelling({symbol: instruments[symbol].symbol for symbol in symbols})
    series = watched_of(settings, {name: one.strategy for name, one in parts.items()})
    places = {(one.symbol, one.timeframe): place for place, one in enumerate(series)}
    shared = SharedLimits(settings.terms.limits, float(settings.capital))
    members = []
    for name, own in settings.members.items():
        switch, (strategy, ahead) = KillSwitch(kill_switch), parts[name]
        safety = build_safety_monitor(own, switch)
        session = build_session(own, strategy, instruments, outputs.members[name], switch, safety, ahead)
        shared.join(safety, session.book)
        watched = [places[one.symbol, one.timeframe] for one in session.watched.series]
        members.append(Member(name, session, MemberSteps([symbols.index(one) for one in own.live.symbols], watched)))
    return PortfolioSession(_rules(settings), members, shared, outputs, Watched(series))


def strategies_of(settings: PortfolioSettings) -> dict[str, AnyStrategy]:
    """Return the strategy of each member, as its settings name it."""
    return {name: build_strategy_of(own) for name, own in settings.members.items()}


def watched_of(settings: PortfolioSettings, strategies: Mapping[str, AnyStrategy]) -> list[WatchedSeries]:
    """Return the watched series of all members, as :func:`each_once`."""
    return each_once(one for name, own in settings.members.items() for one in watched_series_of(own, strategies[name]))


def each_once(series: Iterable[WatchedSeries]) -> list[WatchedSeries]:
    """Return each series once, with the longest warm-up that is asked of it."""
    found: dict[tuple[str, str], WatchedSeries] = {}
    for one in series:
        before = found.setdefault((one.symbol, one.timeframe), one)
        if one.warmup_candles > before.warmup_candles:
            found[one.symbol, one.timeframe] = one
    return list(found.values())


def _rules(settings: PortfolioSettings) -> PortfolioRules:
    terms, limits = settings.terms, settings.terms.limits
    limited = {"drawdown": limits.max_drawdown_pct, "daily_loss": limits.max_daily_loss_pct}
    halts = tuple(reason for reason in HALTS_IN_ALL if limited[reason] is not None)
    return PortfolioRules(terms.allocation, settings.weights, terms.lookback, terms.rebalance, halts)


def _require_one_spelling(unified: Mapping[str, str]) -> None:
    spelled: dict[str, str] = {}
    for spelling, symbol in unified.items():
        other = spelled.setdefault(symbol, spelling)
        if other != spelling:
            raise ConfigurationError(
                f"members trade {symbol} as {other} and as {spelling} — allowed: one spelling in all of them"
            )
