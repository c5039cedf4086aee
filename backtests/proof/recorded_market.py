"""What a session was made of, and candles of its window, as a backtest is fed them."""

from collections.abc import Mapping

from backtests.market_input import MarketInput
from core.candle_columns import CandleColumns
from core.instrument import Instrument
from core.watched_series import WatchedSeries
from engine.journal_records import SessionRecord
from market_data.history.loaded_candles import LoadedCandles
from market_data.perpetual.perpetual_data import PerpetualData
from validation.live_settings import LiveSettings


def recorded_market(
    record: SessionRecord,
    live: LiveSettings,
    candles: Mapping[str, CandleColumns],
    detail: Mapping[str, CandleColumns],
    contracts: Mapping[str, PerpetualData],
    watched: Mapping[WatchedSeries, CandleColumns],
) -> MarketInput:
    """Return what a session is fed: the rules and the warm-up that its first record has, and these candles.

    Parameters
    ----------
    record, live
        The first record of its journal, and its settings.
    candles, detail, contracts
        Of the window, by symbol as configured; the latter two are empty where there are none.
    watched
        Of the window, by series in the order of the record's.
    """

    def loaded(symbol: str, window: CandleColumns) -> LoadedCandles:
        rules = record.instruments[symbol]
        return LoadedCandles(rules.symbol, CandleColumns.from_rows(record.warmup.get(symbol, ())), window, rules, {})

    return MarketInput(
        {symbol: loaded(symbol, window) for symbol, window in candles.items()},
        live.timeframe,
        {symbol: loaded(symbol, window) for symbol, window in detail.items()},
        live.detail_interval,
        contracts,
        {
            series: LoadedCandles(
                one.canonical, CandleColumns.from_rows(one.warmup), window, Instrument(one.canonical), {}
            )
            for (series, window), one in zip(watched.items(), record.watched_series, strict=True)
        },
    )
