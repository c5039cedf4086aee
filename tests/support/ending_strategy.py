"""A strategy for tests of processes: under some parameters it fails, waits, or ends the process that runs it."""

import os
import time
from typing import Any, Literal

from core.settings_section import SettingsSection
from core.trading_signal import Signal
from strategies.features.feature_strategy import FeatureStrategy
from strategies.features.moment import Now


class Ending(FeatureStrategy):
    """Long every fifth minute, until something happens."""

    class Params(SettingsSection):
        what: Literal["nothing", "raise", "exit"] = "nothing"
        every: int = 5
        seconds: float = 0.0

    def decide(self, now: Now) -> Signal | None:
        minute = now.time.close.minute
        if minute == 50:
            self._happen(self.params)
        if minute % self.params.every:
            return None
        return self.long(stop_distance=0.002 * now.close, target_distance=0.002 * now.close)

    def _happen(self, params: Any) -> None:
        time.sleep(params.seconds)
        if params.what == "raise":
            raise ValueError("it was asked to")
        if params.what == "exit":
            os._exit(7)
