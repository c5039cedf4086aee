"""What the routes of backtests take and give."""

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from runs.store.store_rows import Status


class Costs(BaseModel):
    """What fills cost, as fractions."""

    model_config = ConfigDict(extra="forbid")

    commission: float | None = Field(
        None, ge=-0.1, lt=0.1, description="Of the notional of each fill.", examples=[0.0005]
    )
    slippage: float | None = Field(
        None, ge=0, lt=0.1, description="Of the price of market and stop fills.", examples=[0.0005]
    )


class RunRequest(BaseModel):
    """A backtest: of a system on one of its windows, or of a configuration with values in the place of its own."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {"system": "practice-scalping", "window": "january"},
                {
                    "name": "faster averages",
                    "config": "practice.yaml",
                    "symbols": ["BTC/USDT"],
                    "timeframe": "15m",
                    "start_date": "2024-01-01",
                    "end_date": "2024-02-01",
                    "strategy_params": {"ema_fast": 7},
                    "initial_capital": "10000",
                    "position_size": 0.05,
                },
            ]
        },
    )

    name: str | None = Field(None, max_length=200, description="What the run is called.")
    system: str | None = Field(None, description="The id of a system; then nothing below but `window` is given.")
    window: str | None = Field(None, description="The name of a window of the system.")
    config: str | None = Field(None, description="A file of the folder of configurations; default: `live.yaml`.")
    exchange: str | None = None
    symbols: list[str] | None = Field(None, min_length=1, max_length=200)
    timeframe: str | None = Field(None, examples=["15m"])
    start_date: str | None = Field(None, description="The first candle's open, UTC.", examples=["2024-01-01"])
    end_date: str | None = Field(None, description="The end, exclusive.", examples=["2024-02-01"])
    strategy: str | None = Field(None, description="A registered name, see `/api/strategies`.")
    strategy_params: dict[str, Any] | None = None
    initial_capital: str | float | None = Field(None, description="In quote currency.", examples=["10000"])
    position_size: float | None = Field(
        None, gt=0, le=1_000, description="Largest value of one position, as a fraction of equity.", examples=[0.05]
    )
    risk_per_trade: float | None = Field(
        None, gt=0, le=1, description="Fraction of equity that is lost at the stop, costs aside.", examples=[0.01]
    )
    costs: Costs | None = None
    overrides: dict[str, Any] = Field(
        {}, description="Any other keys of the configuration, as sections; `risk` and `trading_mode` among them."
    )
    offline: bool = Field(False, description="Use what is stored and never the network.")


class Started(BaseModel):
    """Work that was asked for."""

    backtest_id: str = Field(description="Names the run for ever, before it is made and after.", examples=["b12"])
    job: int = Field(examples=[12])
    status: Status = Field(examples=["PENDING"])
    message: str = Field(examples=["job 12: practice-scalping, january"])


class Progress(BaseModel):
    """How far work is."""

    done: int | None = Field(description="Candles, or trials.")
    total: int | None
    percent: float | None
    ends: str | None = Field(description="When it may be through.")


class Headlines(BaseModel):
    """The figures that lists show; null where undefined."""

    total_trades: int | None
    win_rate: float | None = Field(description="In per cent.")
    roi: float | None = Field(description="Return on the starting balance, in per cent.")
    total_profit_loss: str | None
    max_drawdown_percentage: float | None
    sharpe_ratio: float | None
    sortino_ratio: float | None
    calmar_ratio: float | None
    profit_factor: float | None


class ResultRow(BaseModel):
    """A run in a list."""

    id: str
    name: str = Field(description="As a user calls it; one that nobody has named, as its folder is called.")
    stored_as: str | None = Field(
        description="The name of its folder, or of its range of time.",
        examples=["config_backtest_20240101_20240201"],
    )
    kind: Literal["backtest", "live"]
    status: Status
    exchange: str | None
    symbols: list[str]
    timeframe: str | None
    strategy: str | None
    start: str | None
    end: str | None
    initial_capital: str | None
    created: str | None
    duration_ms: int | None
    tags: list[str]
    note: str | None
    failure: str | None
    metrics: Headlines


class ResultsQuery(BaseModel):
    """Which runs are listed, and in which order."""

    status: Status | None = None
    kind: Literal["backtest", "live"] | None = None
    symbol: str | None = Field(None, max_length=50)
    strategy: str | None = Field(None, max_length=200)
    tag: str | None = Field(None, max_length=60)
    text: str | None = Field(None, max_length=100, description="Stands in name, id, strategy, symbols, tags or note.")
    since: str | None = Field(None, description="Made since then, UTC.", examples=["2024-01-01"])
    until: str | None = Field(None, description="Made before then, UTC.")
    min_trades: int | None = Field(None, ge=0, le=2**53)
    sort: str = Field(
        "started", max_length=80, description="A column or any figure; with `-` before it the other way round."
    )


class CurveColumns(BaseModel):
    """The account over time, decimated so that its extremes are kept."""

    time: list[str]
    equity: list[float]
    drawdown_percentage: list[float]
    points: int = Field(description="How many steps there are in all.")


class TradeView(BaseModel):
    """A position that was closed entirely."""

    symbol: str
    side: str
    entry_time: str
    exit_time: str
    entry_price: str
    exit_price: str
    quantity: str
    profit_loss: str
    commission: str
    slippage: str
    funding: str
    reason: str | None
    tag: str | None
    ambiguous: bool = Field(description="A candle held both target and stop, and the stop was taken.")


class ResultDetail(ResultRow):
    """A run, or a backtest that is still to become one: then there are only its progress and what was asked for."""

    backtest_id: str | None = None
    progress: Progress | None = None
    all_metrics: dict[str, Any] | None = Field(
        None, description="Every figure, in groups; `undefined` says why one is."
    )
    equity_curve: CurveColumns | None = None
    trades: list[TradeView] = []
    trade_pages: int = 1
    warnings: list[str] = []
    params: dict[str, Any] | None = None
    hashes: dict[str, str | None] = {}
    request: dict[str, Any] | None = None


class Changes(BaseModel):
    """What a user says of a run; what is left out stays."""

    model_config = ConfigDict(extra="forbid")

    tags: list[str] | None = Field(None, max_length=50)
    note: str | None = Field(None, description="Empty takes the note away.")
    name: str | None = Field(None, description="Empty takes the name away; the run is called as its folder then.")


class Done(BaseModel):
    """What became of a request."""

    message: str
