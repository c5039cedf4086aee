"""Settings of ``config/live.yaml``: what is traded, by which strategy, and how it fills."""

from collections.abc import Iterable
from typing import Annotated, Literal

from pydantic import AfterValidator, BeforeValidator, Field

from core.settings_problem import SettingsProblem
from core.settings_section import Allowed, PathText, PlainText, SettingsSection
from execution.execution_settings import ExecutionSettings
from market_data.data_settings import DataSettings
from market_data.instruments.symbols import symbol_key
from metrics.metrics_section import MetricsSection
from strategies.strategy_settings import StrategySettings
from validation.order_timing import detail_at_odds, latency_at_odds
from validation.session_settings import SessionSettings
from validation.symbol_rules import (
    configured_leverages,
    contracts_at_odds,
    currencies_at_odds,
    repeated_symbols,
    watched_and_traded,
)

_SYMBOL_SIGNS = "/:-_.$"
_MOST_SYMBOLS = 1000

Exchange = Annotated[PlainText, Allowed("practice, an exchange of ccxt, or a set in the candle store")]
Timeframe = Annotated[PlainText, Allowed("a timeframe that the exchange serves, such as 1m, 15m or 1h")]
DetailInterval = Annotated[PlainText, Allowed("a timeframe that the exchange serves and that divides timeframe")]


class LoggingSettings(SettingsSection):
    """How much is logged and where outputs go."""

    level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field("INFO", description="Least severity that is logged")
    directory: PathText = Field("logs", description="Folder of trade logs, reports and sessions")


class RiskSource(SettingsSection):
    """Where the risk settings are."""

    config_file: PathText = Field(
        "config/risk.json",
        description="Risk settings; relative to the folder of live.yaml, the folder above it, or the working directory",
    )


def _as_tuple(value: object) -> object:
    return tuple(value) if isinstance(value, list) else value


def _symbol(spelling: str) -> str:
    signs = set(spelling) - set(_SYMBOL_SIGNS)
    if not symbol_key(spelling) or ".." in spelling or not all(sign.isalnum() for sign in signs) or len(spelling) > 64:
        raise ValueError("is not a symbol")
    return spelling


Symbol = Annotated[str, AfterValidator(_symbol), Allowed("a symbol such as BTC/USDT or BTCUSDT")]
Symbols = Annotated[
    tuple[Symbol, ...],
    BeforeValidator(_as_tuple),
    Field(min_length=1, max_length=_MOST_SYMBOLS),
    Allowed("a list of one or more symbols such as BTC/USDT or BTCUSDT"),
]


WatchedSymbols = Annotated[
    tuple[Symbol, ...],
    BeforeValidator(_as_tuple),
    Field(max_length=_MOST_SYMBOLS),
    Allowed("a list of symbols such as BTC/USDT or BTCUSDT"),
]


def _is_empty(value: object) -> bool:
    """Return whether a key says nothing; documents of configurations without it stay as they are."""
    return not value


def _is_usual(section: MetricsSection) -> bool:
    """Return whether a section says nothing but its defaults; documents of configurations without it stay."""
    return section == MetricsSection()


class LiveSettings(SettingsSection):
    """Everything ``config/live.yaml`` holds. Symbols keep the spelling and the order of the file."""

    exchange: Exchange = Field(
        "binanceus", description="Where candles and trading rules come from; any spelling, binance_us is binanceus"
    )
    symbols: Symbols = Field(description="What is traded; the order decides who takes the last free slot")
    watch: WatchedSymbols = Field(
        (),
        exclude_if=_is_empty,
        description="Symbols whose candles the strategy sees and that are never traded",
    )
    timeframe: Timeframe = Field("15m", description="Length of the candles that decide")
    detail_interval: DetailInterval | None = Field(
        None,
        description="Shorter candles by which orders are matched, positions marked and limits judged; null is none",
    )
    strategy: StrategySettings = Field(default_factory=StrategySettings)
    risk: RiskSource = Field(default_factory=RiskSource)
    execution: ExecutionSettings = Field(default_factory=ExecutionSettings)
    session: SessionSettings = Field(
        default_factory=SessionSettings, description="How a paper-trading session waits, stops and goes on"
    )
    data: DataSettings = Field(default_factory=DataSettings)
    logging: LoggingSettings = Field(default_factory=LoggingSettings)
    metrics: MetricsSection = Field(
        default_factory=MetricsSection, exclude_if=_is_usual, description="Conventions of the figures of a run"
    )

    def broken_rules(self) -> Iterable[SettingsProblem]:
        """Yield symbols that stand twice, of several currencies, or not tradable so, and settings at odds."""
        yield from repeated_symbols(self.symbols)
        yield from watched_and_traded(self.watch, self.symbols)
        yield from currencies_at_odds({symbol: symbol for symbol in self.symbols})
        yield from contracts_at_odds(self.symbols, self.execution.perpetual)
        yield from detail_at_odds(self.timeframe, self.detail_interval, self.execution)
        yield from latency_at_odds(self.timeframe, self.detail_interval, self.execution)
        if self.execution.perpetual is not None:
            yield from configured_leverages(self.execution.perpetual.leverages, self.symbols)[1]
