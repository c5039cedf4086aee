"""Strategies: the protocol, the registry and the shipped strategy."""

from typing import TYPE_CHECKING

from core.lazy_names import lazy_names

if TYPE_CHECKING:
    from indicators.features.feature import Feature
    from strategies.features.feature_strategy import FeatureStrategy
    from strategies.features.said import row_by_row
    from strategies.scalping_ema_rsi import (
        ScalpingEMARSI,
        add_indicators,
        generate_signal,
        generate_signal_with_metadata,
    )

__all__ = [
    "Feature",
    "FeatureStrategy",
    "ScalpingEMARSI",
    "add_indicators",
    "generate_signal",
    "generate_signal_with_metadata",
    "row_by_row",
]

_HOMES = {
    "indicators.features.feature": "Feature",
    "strategies.features.feature_strategy": "FeatureStrategy",
    "strategies.features.said": "row_by_row",
    "strategies.scalping_ema_rsi": "ScalpingEMARSI add_indicators generate_signal generate_signal_with_metadata",
}

__getattr__ = lazy_names(__name__, _HOMES)
