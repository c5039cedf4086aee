"""A strategy that says what was written down, whatever the market does."""

from collections.abc import Mapping
from typing import Any

import msgspec
import numpy as np
from pydantic import Field

from core.settings_section import SettingsSection
from core.trading_signal import Signal
from strategies.features.feature_columns import FeatureColumns
from strategies.features.feature_strategy import FeatureStrategy
from strategies.features.moment import Now

Said = dict[str, dict[int, Signal]]
"""What is said of each symbol, by the open of the candle at whose close it is said."""

PLACE = "research.luck.said_again:SaidAgain"
"""The strategy's name, as settings have it."""


class SaidAgainParams(SettingsSection):
    """Parameters of :class:`SaidAgain`."""

    said: str = Field("{}", description="What is said, as :func:`written_down` writes it.")
    warmup: int = Field(0, ge=0, description="Candles that must come before the first entry.")


_decode = msgspec.json.Decoder(Said).decode
"""Made before there are threads: docs/developing.md says why."""


class SaidAgain(FeatureStrategy):
    """Says at each candle what is written down of it, and nothing elsewhere."""

    Params = SaidAgainParams
    name = "said_again"
    lookback = 0

    def __init__(self, params: Mapping[str, Any] | SaidAgainParams | None = None) -> None:
        super().__init__(params)
        self._said = _decode(self.params.said)

    @property
    def warmup_candles(self) -> int:
        """As many as are asked for: it computes nothing."""
        warmup: int = self.params.warmup
        return warmup

    def candidates(self, columns: FeatureColumns) -> Any:
        """Return the candles of which something is written down."""
        return np.isin(columns.open_time_ms, list(self._said.get(columns.symbol, {})))

    def decide(self, now: Now) -> Signal | None:
        """Return what is written down of the candle."""
        return self._said.get(now.symbol, {}).get(round(now.time.open.timestamp() * 1000))


def written_down(said: Said) -> str:
    """Return what is said as the text that :class:`SaidAgain` takes."""
    return msgspec.json.encode(said).decode()
