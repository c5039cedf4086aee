"""Risk settings: the typed form of ``config/risk.json``."""

from collections.abc import Iterable

from pydantic import Field

from core.settings_problem import SettingsProblem, shown
from core.settings_section import SettingsSection


class RiskConfig(SettingsSection):
    """How large a position may be and where its protective levels stand. Every share is a fraction: 0.01 is 1 %.

    Raises
    ------
    ValueError
        For a value that is impossible: a fraction outside its bounds, a multiple that is not above 0, no number at all.
    """

    base_account_size: float = Field(
        10_000.0,
        gt=0,
        le=1e15,
        description="Account size in quote currency, for direct use; sessions use execution.starting_balance",
    )
    default_risk_per_trade: float = Field(
        0.01, gt=0, le=1, description="Fraction of equity lost when the stop is hit, costs aside"
    )
    max_exposure: float | None = Field(
        None,
        gt=0,
        le=1000,
        description="Largest value of one position as a fraction of equity; above 1 with leverage; null is no cap",
    )
    default_slippage: float = Field(
        0.0005,
        ge=0,
        lt=0.1,
        description="Fraction of the price, for direct use; sessions use execution.slippage",
    )
    default_sl_atr_mult: float = Field(
        1.5, gt=0, le=1000, description="Stop distance in ATR where the strategy names none"
    )
    default_tp_atr_mult: float | None = Field(
        3.0, gt=0, le=1000, description="Target distance in ATR where the strategy names none; null is no target"
    )
    min_position_size_usd: float = Field(
        10.0,
        ge=0,
        le=1e15,
        description="Smallest value of a position in quote currency; below it the signal is refused",
    )
    enable_trailing_stop: bool = Field(False, description="Whether a stop follows the close of each candle, both sides")
    trailing_stop_pct: float = Field(
        0.02, gt=0, lt=1, description="Distance of the trailing stop from the close, a fraction of the close"
    )
    trailing_stop_atr: float | None = Field(
        None,
        gt=0,
        le=1000,
        description="Distance of the trailing stop in ATR of the decision candle, instead of trailing_stop_pct",
    )

    def broken_rules(self) -> Iterable[SettingsProblem]:
        """Yield an ATR distance without a trailing stop, or beside another distance of it."""
        if self.trailing_stop_atr is None:
            return
        if not self.enable_trailing_stop:
            allowed = "allowed: with enable_trailing_stop true, or null"
            yield SettingsProblem("trailing_stop_atr", shown(self.trailing_stop_atr), allowed)
        yield from self.without_effect(("trailing_stop_pct",), "beside trailing_stop_atr", "trailing_stop_atr null")
