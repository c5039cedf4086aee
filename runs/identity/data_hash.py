"""The hash of everything that the market tells a run, so that two runs of other data are never taken for the same."""

import hashlib
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Protocol

from core.exact import plain
from core.instrument import Instrument

if TYPE_CHECKING:
    from core.watched_series import WatchedSeries
    from market_data.history.historical_data_provider import LoadedCandles
    from market_data.perpetual.open_interest_data import OpenInterestData
    from market_data.perpetual.perpetual_data import PerpetualData

MADE_HERE = "practice market"
"""Source of the rules of the practice market: its limits never change and stand in no hash."""


class MarketInput(Protocol):
    """What a run is fed, by symbol in configured order; all but ``candles`` and ``timeframe`` are empty where there is
    none."""

    @property
    def candles(self) -> "Mapping[str, LoadedCandles]":
        """The candles that the strategy decides on, and the trading rules."""

    @property
    def timeframe(self) -> str:
        """Their timeframe."""

    @property
    def detail(self) -> "Mapping[str, LoadedCandles]":
        """The finer candles that orders are matched with."""

    @property
    def detail_interval(self) -> str | None:
        """Their timeframe."""

    @property
    def perpetual(self) -> "Mapping[str, PerpetualData]":
        """Mark prices and funding rates."""

    @property
    def watched(self) -> "Mapping[WatchedSeries, LoadedCandles]":
        """The series that are not traded."""

    @property
    def open_interest(self) -> "Mapping[str, OpenInterestData]":
        """The open interest that a strategy asks for."""


def data_sha256(market: MarketInput) -> str:
    """Return the hash of everything the kernel sees of the market.

    Candles, warm-up and trading rules always; detail candles, mark prices, funding rates, margin tables, changes of the
    rules, watched series and open interest where a run has them, so that what it does not have leaves its hash as it
    is.
    """
    digest = hashlib.sha256()
    for symbol, one in market.candles.items():
        _update_candles(digest, symbol, market.timeframe, one)
    for symbol, one in market.candles.items():
        for rules in one.rule_changes:
            _update(digest, "rules", symbol, str(rules.as_of_ms), *_steps(rules), *_limits(rules), *_tiers(rules))
    for symbol, one in market.detail.items():
        _update(digest, "detail", symbol, str(market.detail_interval), str(one.window.rows))
        one.window.update_digest(digest)
    for symbol, contract in market.perpetual.items():
        rates = [f"{rate.time_ms}:{rate.rate!r}:{rate.mark_price!r}" for rate in contract.funding]
        _update(digest, "perpetual", symbol, *_tiers(market.candles[symbol].instrument), str(contract.marks.rows))
        contract.marks.update_digest(digest)
        _update(digest, "funding", symbol, *rates)
    for series, one in market.watched.items():
        _update(digest, "watched", series.name, str(one.warmup.rows), str(one.window.rows))
        one.warmup.update_digest(digest)
        one.window.update_digest(digest)
    for symbol, interest in market.open_interest.items():
        if interest.rows:
            amounts = [f"{row.time_ms}:{row.amount!r}:{row.value!r}" for row in interest.rows]
            _update(digest, "open interest", symbol, str(len(amounts)), *amounts)
    return digest.hexdigest()


def _update_candles(digest: "hashlib._Hash", symbol: str, timeframe: str, one: "LoadedCandles") -> None:
    """Feed a symbol's candles, warm-up and trading rules to a hash."""
    rules = one.instrument
    _update(digest, symbol, timeframe, *_steps(rules), str(one.warmup.rows), str(one.window.rows))
    if rules.source != MADE_HERE and (rules.max_quantity or rules.band_down or rules.band_up):
        _update(digest, "limits", *_limits(rules))
    one.warmup.update_digest(digest)
    one.window.update_digest(digest)


def _update(digest: "hashlib._Hash", *texts: str) -> None:
    digest.update("\n".join((*texts, "")).encode())


def _steps(rules: Instrument) -> Sequence[str]:
    return [plain(step) for step in (rules.tick_size, rules.lot_size, rules.min_notional, rules.min_quantity)]


def _limits(rules: Instrument) -> Sequence[str]:
    return [plain(value) for value in (rules.max_quantity, rules.band_down, rules.band_up)]


def _tiers(rules: Instrument) -> Sequence[str]:
    return [
        ":".join(map(plain, (tier.notional_cap, tier.maintenance_rate, tier.maintenance_amount, tier.max_leverage)))
        for tier in rules.margin_tiers
    ]
