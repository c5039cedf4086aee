"""The risk engine as scripts use it: sizes positions and places their protective levels."""

import math
from collections.abc import Mapping
from typing import Any

from core.errors import ConfigurationError
from core.settings_problem import shown
from core.tolerance import TOLERANCE
from risk_management.position_size import bounded_size
from risk_management.risk_config import RiskConfig


class RiskEngine:
    """Sizes and levels by the fractions and multiples of a :class:`RiskConfig`, in float64 and without an instrument.

    Parameters
    ----------
    config
        The risk settings; None for the defaults.

    Raises
    ------
    ValueError
        If they are none.
    """

    def __init__(self, config: RiskConfig | None = None) -> None:
        given: object = config
        if given is not None and not isinstance(given, RiskConfig):
            raise ConfigurationError(
                f"RiskEngine: config: {shown(given)} — allowed: a RiskConfig; RiskConfig.from_dict makes one of a dict"
            )
        self.config = config or RiskConfig()

    def compute_position_size(
        self, equity: float, entry_price: float, stop_loss_price: float, risk_per_trade: float | None = None
    ) -> float:
        """Return the size in base units that risks a fraction of equity to the stop: equity × risk ÷ |entry − stop|.

        No cap is in it; ``max_exposure`` comes with :meth:`apply_risk_to_signal`.

        Raises
        ------
        ValueError
            If equity or a price is not positive and finite, the stop equals the entry, or the risk is not in (0, 1].
        """
        _require_positive(equity=equity, entry_price=entry_price, stop_loss_price=stop_loss_price)
        risk = self.config.default_risk_per_trade if risk_per_trade is None else risk_per_trade
        if not 0.0 < risk <= 1.0:
            raise ValueError(f"risk_per_trade is a fraction in (0, 1], got {risk!r}")
        distance = abs(entry_price - stop_loss_price)
        if distance == 0.0:
            raise ValueError(f"the stop {stop_loss_price!r} is at the entry price: there is no distance to size by")
        return bounded_size(equity, entry_price, distance, risk)[0]

    def compute_sl_tp_from_atr(
        self,
        entry_price: float,
        atr: float,
        signal: str,
        sl_mult: float | None = None,
        tp_mult: float | None = None,
    ) -> tuple[float, float | None]:
        """Return the stop and target prices at ATR multiples from the entry; the target None without a multiple.

        Raises
        ------
        ValueError
            If the signal is not LONG or SHORT, or a number is not positive and finite.
        """
        stop_multiple = self.config.default_sl_atr_mult if sl_mult is None else sl_mult
        target_multiple = self.config.default_tp_atr_mult if tp_mult is None else tp_mult
        _require_positive(entry_price=entry_price, atr=atr, sl_mult=stop_multiple)
        sign = _sign(signal)
        stop = entry_price - sign * atr * stop_multiple
        if target_multiple is None:
            return stop, None
        _require_positive(tp_mult=target_multiple)
        return stop, entry_price + sign * atr * target_multiple

    def apply_risk_to_signal(  # noqa: PLR0913 - scripts pass these names
        self,
        signal: str | Mapping[str, Any],
        equity: float,
        entry_price: float,
        atr: float | None = None,
        stop_loss_price: float | None = None,
        take_profit_price: float | None = None,
        risk_per_trade: float | None = None,
        sl_mult: float | None = None,
        tp_mult: float | None = None,
        metadata: Mapping[str, Any] | None = None,
    ) -> dict[str, Any] | None:
        """Return levels and size for a signal, or None when it is FLAT or the position would be below the minimum.

        Levels that are not given come from ``atr``; the size is capped by ``max_exposure``, if there is one.

        Returns
        -------
        dict or None
            ``signal, side, entry_price, stop_loss, take_profit, position_size, risk_usd, position_value_usd`` and
            ``metadata``.

        Raises
        ------
        ValueError
            If neither a stop nor an ATR is given, a level lies on the wrong side of the entry, or a number is
            impossible.
        """
        direction = signal if isinstance(signal, str) else str(signal.get("signal"))
        if direction.upper() == "FLAT":
            return None
        sign = _sign(direction)
        if stop_loss_price is None or (take_profit_price is None and atr is not None):
            if atr is None:
                raise ValueError("a signal needs a stop_loss_price or an atr to place one")
            stop, target = self.compute_sl_tp_from_atr(entry_price, atr, direction, sl_mult, tp_mult)
            stop_loss_price = stop if stop_loss_price is None else stop_loss_price
            take_profit_price = target if take_profit_price is None else take_profit_price
        _require_sides(direction, entry_price, stop_loss_price, take_profit_price)
        size = self.compute_position_size(equity, entry_price, stop_loss_price, risk_per_trade)
        if self.config.max_exposure is not None:
            size = min(size, equity * self.config.max_exposure / entry_price)
        value = size * entry_price
        if value * TOLERANCE < self.config.min_position_size_usd:
            return None
        side = "LONG" if sign > 0 else "SHORT"
        return {
            "signal": side,
            "side": side,
            "entry_price": entry_price,
            "stop_loss": stop_loss_price,
            "take_profit": take_profit_price,
            "position_size": size,
            "risk_usd": size * abs(entry_price - stop_loss_price),
            "position_value_usd": value,
            "metadata": dict(metadata or {}),
        }

    def validate_trade(
        self, position_size: float, entry_price: float, equity: float, stop_loss_price: float | None = None
    ) -> tuple[bool, str]:
        """Return whether a trade keeps to the settings, and why not in words ("" when it does).

        Raises
        ------
        ValueError
            If equity, a price or the size is not positive and finite.
        """
        _require_positive(position_size=position_size, entry_price=entry_price, equity=equity)
        value = position_size * entry_price
        if value * TOLERANCE < self.config.min_position_size_usd:
            return False, f"value {value:.2f} is below the minimum {self.config.min_position_size_usd:g}"
        cap = self.config.max_exposure
        if cap is not None and value > cap * equity * TOLERANCE:
            return False, f"value {value:.2f} is above {cap:g} of equity {equity:.2f}"
        if stop_loss_price is not None:
            _require_positive(stop_loss_price=stop_loss_price)
            risk = position_size * abs(entry_price - stop_loss_price)
            if risk > self.config.default_risk_per_trade * equity * TOLERANCE:
                return False, f"risk {risk:.2f} is above {self.config.default_risk_per_trade:g} of equity {equity:.2f}"
        return True, ""


def _sign(signal: str) -> int:
    directions = {"LONG": 1, "BUY": 1, "SHORT": -1, "SELL": -1}
    if signal.upper() not in directions:
        raise ValueError(f"signal {signal!r}: allowed are LONG and SHORT")
    return directions[signal.upper()]


def _require_sides(direction: str, entry_price: float, stop_price: float, target_price: float | None) -> None:
    sign = _sign(direction)
    if not sign * (entry_price - stop_price) > 0:
        raise ValueError(f"the stop {stop_price!r} of a {direction} lies on the wrong side of {entry_price!r}")
    if target_price is not None and not 0 < sign * (target_price - entry_price) < math.inf:
        raise ValueError(f"the target {target_price!r} of a {direction} lies on the wrong side of {entry_price!r}")


def _require_positive(**numbers: float) -> None:
    for name, value in numbers.items():
        if not math.isfinite(value) or value <= 0.0:
            raise ValueError(f"{name}: a positive finite number is needed, got {value!r}")
