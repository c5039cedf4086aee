"""A run that nobody wants the result of: it loads what runs by the compiled rules need, loops of indicators too."""

import numpy as np

from backtests.many.worker import Answer, Task, Worker, answer_of
from backtests.market_input import MarketInput
from backtests.run_plan import RunPlan
from core.candle_columns import CandleColumns
from core.exact import received
from core.instrument import Instrument
from core.timeframe import MINUTE_MS
from execution.execution_settings import TradingModeSettings
from indicators.forms.column_form import node_columns
from market_data.history.loaded_candles import LoadedCandles
from risk_management.risk_config import RiskConfig
from strategies.scalping_ema_rsi import ScalpingEMARSI
from validation.composed_settings import Settings, SettingsFiles
from validation.live_settings import LiveSettings

_ROWS = 512
_SYMBOL = "A/B"


def make_short_run() -> Answer:
    """Make a run of the shipped strategy by the compiled rules; what fails here, fails in the runs that are wanted."""
    opens = MINUTE_MS * np.arange(_ROWS, dtype=np.int64)
    price, volume = np.full(_ROWS, 1.0), np.ones(_ROWS)
    candles = CandleColumns(opens, price, price, price, price, volume)
    rules = Instrument(_SYMBOL, received(0.01), received(0.01), received(1), source="a short run")
    market = MarketInput({_SYMBOL: LoadedCandles(_SYMBOL, CandleColumns.empty(), candles, rules, {})}, "1m")
    live = LiveSettings(symbols=(_SYMBOL,), timeframe="1m")
    settings = Settings(live, RiskConfig(), TradingModeSettings(), SettingsFiles("", "", ""))
    # A run of so few candles computes its indicators without them.
    node_columns([node for feature in ScalpingEMARSI().declared.values() for node in feature.nodes()], candles)
    end_ms = _ROWS * MINUTE_MS
    plan = RunPlan(settings=settings, start_ms=0, end_ms=end_ms, output_dir=None, engine="compiled", outputs="none")
    return answer_of(Worker(), Task(plan, None, market, 0, 1, compiled=True))
