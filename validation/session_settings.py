"""Settings of a live session that a replay does not need: waiting, shutting down and catching up."""

from typing import Literal

from pydantic import Field

from core.settings_section import SettingsSection


class SessionSettings(SettingsSection):
    """How a live session waits for candles, ends and goes on after a stop."""

    barrier_grace_seconds: float = Field(
        5.0, ge=0, le=3600, description="Wall seconds a step waits for missing candles before REST is asked for them"
    )
    early_final_seconds: float = Field(
        2.0,
        ge=0,
        le=60,
        description="How far before its close, by the exchange's clock, a final candle is believed; one that comes "
        "earlier is held until it is due",
    )
    missed_steps: Literal["trade", "exits_only"] = Field(
        "trade", description="What a resumed session does with steps it missed: trade them, or refuse their entries"
    )
    on_shutdown: Literal["flatten", "keep"] = Field(
        "flatten", description="What stopping does with open positions: close them at their last marks, or keep them"
    )
