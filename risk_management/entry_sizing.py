"""How large an entry is and how far its levels stand, or why there is none."""

from decimal import Decimal

import msgspec

from core.exact import computed, floor_to
from core.instrument import Instrument
from core.reasons import RiskRefusal
from core.tolerance import TOLERANCE
from core.trading_signal import Signal
from risk_management.position_size import position_size
from risk_management.risk_config import RiskConfig


class SizedEntry(msgspec.Struct, frozen=True):
    """An approved size: exact quantity on the lot, distances of stop and target in price."""

    quantity: Decimal
    stop_distance: float
    target_distance: float | None


class Refusal(msgspec.Struct, frozen=True):
    """A refused entry: the reason in one word."""

    reason: RiskRefusal


class EntrySizer:
    """Turns a signal into a sized entry, by the fractions and multiples of a :class:`RiskConfig`."""

    def __init__(self, config: RiskConfig) -> None:
        self.config = config

    def distances(self, signal: Signal) -> tuple[float | None, float | None]:
        """Return a signal's stop and target distances: its own, else ATR multiples of the settings, else None."""
        config, atr = self.config, signal.atr
        stop = signal.sl_distance
        if stop is None and atr is not None:
            stop = atr * config.default_sl_atr_mult
        target = signal.tp_distance
        if target is None and atr is not None:
            target = atr * config.default_tp_atr_mult
        return stop, target

    def size_entry(
        self, signal: Signal, equity: float, price: float, room: float, instrument: Instrument
    ) -> SizedEntry | Refusal:
        """Size an entry at a decision price, on the instrument's lot, or refuse it.

        Parameters
        ----------
        equity, room
            Equity at the last marks and what is left under the exposure limit, in quote currency.
        price
            The decision candle's close.
        """
        stop, target = self.distances(signal)
        if stop is None or not computed(stop) > 0:
            return Refusal("stop_distance")
        if target is not None and not computed(target) > 0:
            return Refusal("target_distance")
        if room <= 0.0:
            return Refusal("no_exposure_room")
        config = self.config
        size = position_size(equity, price, stop, config.default_risk_per_trade, config.max_exposure, room)
        quantity = floor_to(computed(size), instrument.lot_size)
        shortfall = self._shortfall(quantity, price, instrument)
        return Refusal(shortfall) if shortfall else SizedEntry(quantity, stop, target)

    def _shortfall(self, quantity: Decimal, price: float, instrument: Instrument) -> RiskRefusal | None:
        """Return which bound of the venue or the settings the rounded quantity breaks."""
        if quantity <= 0:
            return "below_lot_size"
        if float(quantity) * TOLERANCE < float(instrument.min_quantity):
            return "below_min_quantity"
        if instrument.max_quantity and float(quantity) > float(instrument.max_quantity) * TOLERANCE:
            return "above_max_quantity"
        value = float(quantity) * price
        if value * TOLERANCE < self.config.min_position_size_usd:
            return "below_min_position_size"
        if value * TOLERANCE < float(instrument.min_notional):
            return "below_min_notional"
        return None
