"""What is known of each exchange beyond what ccxt tells: one description serves its history and its live feed.

Names and timeframes, which come from ccxt, stand in ``exchange_names``.
"""

from collections.abc import Mapping
from typing import NamedTuple

import msgspec

from core.candle import OPEN_INTEREST_PERIODS
from core.timeframe import DAY_MS, HOUR_MS
from market_data.exchanges.exchange_names import PRACTICE
from market_data.exchanges.parsers.binance_kline import parse_binance_kline
from market_data.exchanges.parsers.bybit_kline import parse_bybit_kline
from market_data.exchanges.parsers.dydx_candle import parse_dydx_candle
from market_data.exchanges.parsers.exchange_candle import FrameParser as FrameParser
from market_data.exchanges.parsers.gateio_candlestick import parse_gateio_candlestick
from market_data.exchanges.parsers.kraken_ohlc import parse_kraken_ohlc
from market_data.exchanges.parsers.okx_candle import parse_okx_candle

SPOT_PATH = "/api/v3"
FUTURES_PATH = "/fapi/v1"
FUTURES_DATA_PATH = "/futures/data"
"""Where Binance's REST interfaces of the spot market, of USDT-margined futures and of their statistics lie."""

_FUTURES_REST = "https://fapi.binance.com"


class ContractPages(NamedTuple):
    """Most rows of one answer, by what is asked, the periods of open interest, and for how long it is kept.

    The periods are empty, and the time is None, where they are not known.
    """

    marks: int = 100
    funding: int = 100
    open_interest: int = 100
    periods: tuple[str, ...] = ()
    open_interest_kept_ms: int | None = None


class ExchangeDescription(msgspec.Struct, frozen=True, kw_only=True):
    """One exchange; the defaults suit one of which nothing more is known than what ccxt tells.

    ``speaks_binance`` says that live candles come by Binance's own interfaces at ``rest_url`` (below ``rest_path``) and
    ``stream_url``, else they come through ccxt. ``contracts_url`` is where Binance's interface of futures gives its
    marks and funding, empty for an address that must be given, None where they come through ccxt. ``ccxt_options`` are
    for ccxt's objects. No request is counted cheaper than ``least_cost``. ``contract_pages`` are the pages of what
    contracts have beside candles. ``parse_frame`` reads its websocket frames.
    """

    speaks_binance: bool = False
    rest_url: str = ""
    stream_url: str = ""
    rest_path: str = SPOT_PATH
    contracts_url: str | None = None
    ccxt_options: Mapping[str, object] = {}
    least_cost: float = 0.0
    contract_pages: ContractPages = ContractPages()
    parse_frame: FrameParser | None = None


# Binance: its pages on funding rate history (1000) and open interest statistics (500, all periods, "only the data of
# the latest 1 month"; an hour less, for a page whose start has become too old is refused whole). Those of others are
# the bounds that ccxt's own methods state; its description of features has none of it.
_BINANCE_PAGES = ContractPages(1000, 1000, 500, OPEN_INTEREST_PERIODS, 30 * DAY_MS - HOUR_MS)
_GATE = ExchangeDescription(parse_frame=parse_gateio_candlestick)
_NOTHING_KNOWN = ExchangeDescription()
_DESCRIPTIONS = {
    PRACTICE: ExchangeDescription(speaks_binance=True, contracts_url=""),
    "binance": ExchangeDescription(
        speaks_binance=True,
        rest_url="https://api.binance.com",
        stream_url="wss://stream.binance.com:9443",
        contracts_url=_FUTURES_REST,
        # Without these ccxt also asks the futures hosts, and private endpoints where keys are set.
        ccxt_options={"fetchMarkets": {"types": ["spot"]}, "fetchCurrencies": False, "defaultType": "spot"},
        contract_pages=_BINANCE_PAGES,
        parse_frame=parse_binance_kline,
    ),
    "binanceus": ExchangeDescription(
        speaks_binance=True,
        rest_url="https://api.binance.us",
        stream_url="wss://stream.binance.us:9443",
        ccxt_options={"fetchCurrencies": False},
        # ccxt charges a page of candles 0.4, from the table of Binance itself; Binance.US states 1.
        least_cost=1.0,
        parse_frame=parse_binance_kline,
    ),
    "binanceusdm": ExchangeDescription(
        speaks_binance=True,
        rest_url=_FUTURES_REST,
        stream_url="wss://fstream.binance.com",
        rest_path=FUTURES_PATH,
        contracts_url=_FUTURES_REST,
        ccxt_options={"fetchMarkets": {"types": ["linear"]}, "fetchCurrencies": False},
        contract_pages=_BINANCE_PAGES,
    ),
    "binancecoinm": ExchangeDescription(contract_pages=_BINANCE_PAGES),
    "bybit": ExchangeDescription(
        contract_pages=ContractPages(1000, 200, 200, ("5m", "15m", "30m", "1h", "4h", "1d")),
        parse_frame=parse_bybit_kline,
    ),
    "dydx": ExchangeDescription(parse_frame=parse_dydx_candle),
    "gate": _GATE,
    "gateio": _GATE,
    "kraken": ExchangeDescription(parse_frame=parse_kraken_ohlc),
    "okx": ExchangeDescription(contract_pages=ContractPages(100, 100, 100), parse_frame=parse_okx_candle),
}


def described(name: str) -> ExchangeDescription:
    """Return the description of an exchange by its one name; the defaults where nothing more is known."""
    return _DESCRIPTIONS.get(name, _NOTHING_KNOWN)
