"""Settings of the data section."""

from typing import Literal

from pydantic import Field

from core.settings_section import PathText, SettingsSection


class DataSettings(SettingsSection):
    """Where candles are stored and what happens to those that open between two grid times."""

    cache_dir: PathText = Field("data/backtest_cache", description="Folder of the candle store")
    off_grid: Literal["snap", "refuse"] = Field(
        "snap",
        description="A candle that opens off the timeframe's grid is moved down to it, or refused; both are counted",
    )
