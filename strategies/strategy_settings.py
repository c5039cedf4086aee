"""Settings of the strategy section: which strategy, and its parameters."""

from typing import Annotated

from pydantic import Field

from core.settings_section import Allowed, PlainText, SettingsSection

DEFAULT_STRATEGY = "scalping_ema_rsi"

StrategyName = Annotated[
    PlainText,
    Allowed("a registered name, or package.module:ClassName or path/to/file.py:ClassName of a class of your own"),
]
Params = Annotated[dict[str, object], Allowed("a section with the parameters of the strategy")]


class StrategySettings(SettingsSection):
    """Which strategy trades and with which parameters; the parameters are checked by the model of their strategy."""

    type: StrategyName = Field(DEFAULT_STRATEGY, description="The strategy that trades")
    params: Params = Field(
        default_factory=dict, description="Parameters of the strategy; what is left out has its default"
    )
