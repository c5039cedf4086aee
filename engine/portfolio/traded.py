"""What a session trades, one system or a portfolio, told by the settings by which its candles come in."""

import hashlib
from collections.abc import Sequence
from typing import NamedTuple

from core.timeframe import timeframe_ms
from core.watched_series import WatchedSeries
from engine.assembly import build_strategy_of, strategy_identity_of
from engine.open_interest import open_interest_asked
from engine.portfolio.portfolio_assembly import AnyStrategy, strategies_of, watched_of
from engine.watched import watched_series_of
from strategies.anchored_blocks import stored_candles_needed
from strategies.strategy_registry import StrategyIdentity
from validation.composed_settings import Settings
from validation.portfolio_settings import PortfolioFeed


class Traded(NamedTuple):
    """Who decides: a strategy, or those of a portfolio's members by name. ``series`` are those that are watched.

    ``open_interest`` are the periods of open interest that it is fed, the shortest first.
    """

    name: str
    strategies: dict[str, AnyStrategy]
    series: Sequence[WatchedSeries]
    timeframe_ms: int
    open_interest: tuple[str, ...] = ()

    @property
    def warmup_candles(self) -> int:
        """Return the candles that a strategy needs first, of the one that needs most."""
        return max(one.warmup_candles for one in self.strategies.values())

    def stored_candles_needed(self, boundary_ms: int) -> int:
        """Return how many stored candles are needed at a boundary, by the strategy that needs most."""
        return max(stored_candles_needed(one, boundary_ms, self.timeframe_ms) for one in self.strategies.values())


def traded_by(settings: Settings) -> Traded:
    """Return who decides under settings; errors as of building a strategy."""
    length_ms = timeframe_ms(settings.live.timeframe)
    series: Sequence[WatchedSeries]
    if isinstance(settings, PortfolioFeed):
        strategies = strategies_of(settings.portfolio)
        name, series = settings.portfolio.name, watched_of(settings.portfolio, strategies)
    else:
        strategy = build_strategy_of(settings)
        name, strategies, series = strategy.name, {"": strategy}, watched_series_of(settings, strategy)
    return Traded(name, strategies, series, length_ms, open_interest_asked(settings, strategies.values()))


def members_of(settings: Settings) -> dict[str, Settings]:
    """Return the settings of a portfolio's members by name; nothing where there is one system."""
    return dict(settings.portfolio.members) if isinstance(settings, PortfolioFeed) else {}


def identity_of(settings: Settings) -> StrategyIdentity:
    """Return hash and source files of all who decide; a portfolio's files are named with their members."""
    members = members_of(settings)
    if not members:
        return strategy_identity_of(settings)
    found = {name: strategy_identity_of(own) for name, own in members.items()}
    text = "".join(f"{name}:{one.sha256}\n" for name, one in found.items())
    files = {f"{name}: {file}": sha for name, one in found.items() for file, sha in one.files.items()}
    return StrategyIdentity(sha256=hashlib.sha256(text.encode()).hexdigest(), files=files)
