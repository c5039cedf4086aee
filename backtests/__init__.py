"""Backtests of the live configuration: the command, the runner and the drivers around the kernel."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from backtests.config_backtest import run_config_backtest

__all__ = ["run_config_backtest"]


def __getattr__(name: str) -> object:
    # Lazy, so that ``python -m backtests.config_backtest`` neither warns nor starts slowly.
    if name in __all__:
        from backtests import config_backtest

        return getattr(config_backtest, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
