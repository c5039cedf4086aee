"""How large an entry is and how far its levels stand, or why there is none."""

from decimal import Decimal
from typing import Literal

import msgspec

from core.exact import as_float, ceil_to, computed, floor_to, multiply, received, subtract
from core.instrument import Instrument
from core.orders import ExitTarget
from core.reasons import RiskRefusal
from core.tolerance import TOLERANCE
from core.trading_signal import At, Level, Signal, r_multiple
from core.verdicts import SizeBound
from risk_management.position_size import bounded_size
from risk_management.risk_config import RiskConfig


class SizingBasis(msgspec.Struct, frozen=True, gc=False):
    """What an entry is sized on, in quote currency.

    ``price`` is the decision candle's close, ``room`` what the limits leave, ``room_of`` which of the two exposures
    leaves no more. ``risk_limit`` is the most that an entry may lose at its stop. ``entry_price`` is where it is
    expected to fill, which absolute levels are measured from; None: at ``price``.
    """

    equity: float
    price: float
    room: float
    risk_limit: float
    room_of: Literal["position_cap", "exposure_room"] = "exposure_room"
    entry_price: Decimal | None = None


class SizedEntry(msgspec.Struct, frozen=True, gc=False):
    """An approved size: exact quantity on the lot, distances of stop and target in price, and what set the size.

    ``worst_distance`` is the most that rounding to the tick can make of the loss for each base unit. ``risk_taken`` is
    what the stop loses of the quantity, its distance up to the tick, costs aside.
    """

    quantity: Decimal
    stop_distance: float
    target_distance: float | None
    bound: SizeBound
    worst_distance: float
    risk_taken: float


class Refusal(msgspec.Struct, frozen=True, gc=False):
    """A refused entry: the reason in one word."""

    reason: RiskRefusal


class EntrySizer:
    """Turns a signal into a sized entry, by the fractions and multiples of a :class:`RiskConfig`."""

    def __init__(self, config: RiskConfig) -> None:
        self.config = config

    def distances(self, signal: Signal, entry_price: Decimal) -> tuple[float | None, float | None]:
        """Return a signal's stop and target distances: its own, else ATR multiples of the settings, else None.

        Absolute levels are measured from an entry price; a target that is one, or in distances of the stop, and a
        ladder have no distance here (:func:`exit_targets`).
        """
        config, atr = self.config, signal.atr
        stop = signal.sl_distance
        if signal.stop_price is not None:
            sign = 1 if signal.direction == "LONG" else -1
            stop = float(multiply(sign, subtract(entry_price, computed(signal.stop_price))))
        elif stop is None and atr is not None:
            stop = atr * config.default_sl_atr_mult
        if exit_targets(signal):
            return stop, None
        target = signal.tp_distance
        if target is None and atr is not None and config.default_tp_atr_mult is not None:
            target = atr * config.default_tp_atr_mult
        return stop, target

    def size_entry(self, signal: Signal, basis: SizingBasis, instrument: Instrument) -> SizedEntry | Refusal:
        """Size an entry at a decision price, on the instrument's lot, or refuse it.

        Where the worst that rounding can make of its loss is above the limit of risk, the size is reduced to it.
        """
        expected = received(basis.price) if basis.entry_price is None else basis.entry_price
        stop, target = self.distances(signal, expected)
        if stop is None or not computed(stop) > 0:
            return Refusal("stop_distance")
        distance, lot = computed(stop), instrument.lot_size
        if distance < instrument.tick_size:
            return Refusal("stop_within_tick")
        if target is not None and not computed(target) > 0:
            return Refusal("target_distance")
        for one in exit_targets(signal):
            if not _leads_away(one, signal.direction, expected):
                return Refusal("target_distance")
        if basis.room <= 0.0:
            return Refusal("no_exposure_room")
        config, price = self.config, basis.price
        size, bound = bounded_size(
            basis.equity, price, stop, config.default_risk_per_trade, config.max_exposure, basis.room, basis.room_of
        )
        if signal.size != 1.0:
            size *= signal.size
        if signal.notional is not None and signal.notional / price < size:
            size, bound = signal.notional / price, "notional"
        quantity, worst = floor_to(computed(size), lot), as_float(instrument.worst_stop_distance(distance))
        if as_float(quantity) * worst > basis.risk_limit * TOLERANCE:
            quantity, bound = floor_to(computed(basis.risk_limit / worst), lot), "rounding"
        shortfall = self._shortfall(quantity, price, instrument)
        if shortfall is not None:
            return Refusal(shortfall)
        taken = as_float(quantity) * as_float(ceil_to(distance, instrument.tick_size))
        return SizedEntry(quantity, stop, target, bound, worst, taken)

    def _shortfall(self, quantity: Decimal, price: float, instrument: Instrument) -> RiskRefusal | None:
        """Return which bound of the venue or the settings the rounded quantity breaks."""
        if quantity <= 0:
            return "below_lot_size"
        units = as_float(quantity)
        if units * TOLERANCE < as_float(instrument.min_quantity):
            return "below_min_quantity"
        if instrument.max_quantity and units > as_float(instrument.max_quantity) * TOLERANCE:
            return "above_max_quantity"
        value = units * price
        if value * TOLERANCE < self.config.min_position_size_usd:
            return "below_min_position_size"
        if value * TOLERANCE < as_float(instrument.min_notional):
            return "below_min_notional"
        return None


def exit_targets(signal: Signal) -> tuple[ExitTarget, ...]:
    """Return the targets that a signal names otherwise than by ``tp_distance``.

    The signal is a sound one.
    """
    if signal.target_price is not None:
        return (ExitTarget(1.0, "price", signal.target_price),)
    if signal.target_r is not None:
        return (ExitTarget(1.0, "r", signal.target_r),)
    return tuple(_target(fraction, level) for fraction, level in signal.targets) if signal.targets else ()


def _target(fraction: float, level: Level) -> ExitTarget:
    if isinstance(level, At):
        return ExitTarget(fraction, "price", level.price)
    if isinstance(level, str):
        return ExitTarget(fraction, "r", r_multiple(level) or 0.0)
    return ExitTarget(fraction, "distance", level)


def _leads_away(target: ExitTarget, direction: str, entry_price: Decimal) -> bool:
    """Return whether a target lies beyond an entry, in the direction of profit."""
    value = computed(target.value)
    if target.measure == "price":
        value = subtract(value, entry_price)
        return value > 0 if direction == "LONG" else value < 0
    return value > 0
