"""Strategies: the protocol, the registry and the shipped strategy."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from strategies.scalping_ema_rsi import ScalpingEMARSI, add_indicators

__all__ = ["ScalpingEMARSI", "add_indicators"]


def __getattr__(name: str) -> object:
    if name in __all__:
        from strategies import scalping_ema_rsi

        return getattr(scalping_ema_rsi, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
