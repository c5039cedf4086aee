"""The symbols of one exchange as far as they are known here: its stored market list and what is stored of it."""

from collections.abc import Callable, Collection

import msgspec

from core.errors import ConfigurationError, DataUnavailableError, FeedError
from core.instrument import DEFAULT_SOURCE, Instrument
from core.timeframe import DAY_MS
from market_data.exchange_adapter import ExchangeAdapter
from market_data.exchanges.exchange_names import PRACTICE, known_exchanges
from market_data.instruments.instrument_store import INFERRED, InstrumentStore, undated
from market_data.instruments.symbols import matching_symbols, resolve_symbol
from market_data.store.candle_store import CandleStore

LIST_AGE_MS = DAY_MS
"""A stored market list older than this is compared with the exchange's when candles are fetched anyway."""


class MarketList:
    """Looks up symbols and trading rules of one exchange.

    Parameters
    ----------
    exchange
        Name under which the exchange is stored.
    store
        Candles; their symbols are known even where no market list was ever read.
    instruments
        The dated market lists.
    """

    def __init__(self, exchange: str, store: CandleStore, instruments: InstrumentStore) -> None:
        self._exchange = exchange
        self._store = store
        self._instruments = instruments
        self._resolved: dict[str, str] = {}
        # Rules by instant as read from disk, where a list of thousands of symbols takes its time; None is the latest.
        self._known: dict[int | None, dict[str, Instrument]] = {}
        self._changes: dict[tuple[int, int], dict[str, tuple[Instrument, ...]]] = {}

    def resolve(self, spelling: str, open_adapter: Callable[[], ExchangeAdapter] | None) -> str:
        """Return the unified symbol that a spelling names.

        Looked up in the stored market list and the stored symbols; where these do not hold it, in the exchange's own
        list, which is then stored.

        Parameters
        ----------
        spelling
            What the user wrote.
        open_adapter
            Opens the exchange, only called when it must be asked; None if it cannot be.

        Raises
        ------
        ConfigurationError
            If the spelling names no symbol (the nearest are named) or several.
        DataUnavailableError
            If there is nothing to look it up in.
        """
        if spelling not in self._resolved:
            self._resolved[spelling] = self._looked_up(spelling, open_adapter)
        return self._resolved[spelling]

    def instrument(self, symbol: str, time_ms: int | None = None) -> Instrument:
        """Return a unified symbol's rules in force at an instant (None: the latest); the defaults if none are known."""
        if time_ms not in self._known:
            stored = self._instruments
            at_time = stored.latest(self._exchange) if time_ms is None else stored.at(self._exchange, time_ms)
            self._known[time_ms] = at_time
        return self._known[time_ms].get(symbol, Instrument(symbol))

    def rule_changes(self, symbol: str, start_ms: int, end_ms: int) -> tuple[Instrument, ...]:
        """Return a unified symbol's rules that come into force in ``(start_ms, end_ms]``; see ``InstrumentStore``."""
        window = (start_ms, end_ms)
        if window not in self._changes:
            self._changes[window] = self._instruments.changes(self._exchange, start_ms, end_ms)
        return self._changes[window].get(symbol, ())

    def refresh(self, adapter: ExchangeAdapter, now_ms: int | None = None) -> None:
        """Read the exchange's market list, and store it if any rule differs from the latest stored one.

        Given ``now_ms``, a list that was stored less than a day ago is not read again.

        Raises
        ------
        FeedError
            If the exchange does not answer.
        """
        stored = self._listed()
        newest_ms = max((rules.as_of_ms or 0 for rules in stored.values()), default=None)
        if now_ms is not None and newest_ms is not None and now_ms - newest_ms < LIST_AGE_MS:
            return
        listed = adapter.markets()
        if any(not _confirms(rules, stored.get(symbol)) for symbol, rules in listed.items()):
            as_of_ms = max(rules.as_of_ms or 0 for rules in listed.values())
            self._instruments.save(self._exchange, listed, as_of_ms)
            self._known.clear()
            self._changes.clear()

    def _looked_up(self, spelling: str, open_adapter: Callable[[], ExchangeAdapter] | None) -> str:
        stored = self._store.symbols(self._exchange)
        if open_adapter is not None and not matching_symbols(spelling, [*self._listed(), *stored]):
            try:
                self.refresh(open_adapter())
            except FeedError as error:
                raise DataUnavailableError(
                    f"{error}; without the market list of {self._exchange} the symbol {spelling!r} cannot be looked "
                    "up. Try again when the exchange answers, or use what is stored with --offline"
                ) from error
        listed = self._listed()
        if not listed and not stored:
            fetch = f"`python -m market_data fetch --exchange {self._exchange} ...` or "
            raise DataUnavailableError(
                f"nothing of {self._exchange} is stored below {self._store.root}, so the symbol {spelling!r} cannot be "
                f"looked up; get candles with {fetch if self._exchange in known_exchanges() else ''}"
                f"`python -m market_data import --exchange {self._exchange} FILE...`"
            )
        where = f"the {'market list' if listed else 'stored symbols'} of {self._exchange}"
        if self._exchange == PRACTICE:
            _require_spot_name(spelling, listed, where)
        return resolve_symbol(spelling, [*listed, *stored], where=where)

    def _listed(self) -> dict[str, Instrument]:
        if None not in self._known:
            self._known[None] = self._instruments.latest(self._exchange)
        latest = self._known[None]
        return {symbol: rules for symbol, rules in latest.items() if rules.source not in (INFERRED, DEFAULT_SOURCE)}


def _require_spot_name(spelling: str, listed: Collection[str], where: str) -> None:
    """Refuse ``BTC/USDT:USDT`` on the practice market with the name that its contracts have."""
    pair, _, settle = spelling.partition(":")
    if settle and (matches := matching_symbols(pair, listed)):
        raise ConfigurationError(
            f"symbol {spelling!r} is not in {where}, whose perpetual contracts have the names of the spot markets: "
            f"write {matches[0]}"
        )


def _confirms(listed: Instrument, stored: Instrument | None) -> bool:
    """Whether a market list says what is stored already; one without margin tables leaves the stored ones standing."""
    if stored is None:
        return False
    tiers = listed.margin_tiers or stored.margin_tiers
    same = undated(msgspec.structs.replace(listed, margin_tiers=tiers)) == undated(stored)
    return same and listed.source == stored.source
