"""Safety limits: what halts or refuses trading whatever the strategy says."""

from typing import Annotated

from pydantic import Field

from core.settings_section import Allowed, SettingsSection

EnvironmentName = Annotated[
    str,
    Field(pattern=r"^[A-Za-z_][A-Za-z0-9_]*$"),
    Allowed("the name of an environment variable: letters, digits and _"),
]


class SafetyLimits(SettingsSection):
    """Limits that SafetyMonitor enforces. Although the names end in ``_pct``, the values are fractions: 0.02 is 2 %.

    Raises
    ------
    ValueError
        For a fraction outside (0, 1], but for ``max_exposure_pct``, or a number of trades below 1.
    """

    max_daily_loss_pct: float = Field(
        0.02,
        gt=0,
        le=1,
        description="Loss of a UTC day, as a fraction of the day's first equity, above which the day's trading halts",
    )
    max_drawdown_pct: float = Field(
        0.10, gt=0, le=1, description="Fall of equity from its peak, as a fraction, above which trading halts for good"
    )
    max_risk_per_trade_pct: float = Field(
        0.02, gt=0, le=1, description="Largest risk of one trade (to its stop) as a fraction of equity"
    )
    max_exposure_pct: float = Field(
        0.20,
        gt=0,
        le=1000,
        description="Largest value of all positions and waiting entries as a fraction of equity; above 1 with leverage",
    )
    max_open_trades: int = Field(10, ge=1, le=10_000, description="Most positions and waiting entries at one time")
    kill_switch_env_var: EnvironmentName = Field(
        "TRADING_KILL_SWITCH", description="Environment variable that engages the kill switch"
    )
