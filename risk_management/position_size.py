"""Position size from risk, in float64."""

from typing import Literal

from core.verdicts import SizeBound


def bounded_size(
    equity: float,
    price: float,
    stop_distance: float,
    risk: float,
    max_exposure: float | None = None,
    room: float | None = None,
    room_of: Literal["position_cap", "exposure_room"] = "exposure_room",
) -> tuple[float, SizeBound]:
    """Return the quantity that risks ``risk`` of equity to its stop, capped by exposure and by room, and what set it.

    Parameters
    ----------
    equity, price, stop_distance
        Quote currency; price at which the size is judged; price distance to the stop, above 0.
    risk, max_exposure
        Fractions of equity: lost when the stop is hit (costs aside); largest value of the position, None for no cap.
    room
        Quote currency left for it; None for no such cap.
    room_of
        Which of the two exposures leaves no more room.

    Returns
    -------
    tuple
        The least of equity × risk / stop distance, equity × max_exposure / price and room / price, in base units, and
        the name of the first that is it.
    """
    bound: SizeBound = "risk"
    size = equity * risk / stop_distance
    if max_exposure is not None and equity * max_exposure / price < size:
        size, bound = equity * max_exposure / price, "position_cap"
    if room is not None and room / price < size:
        size, bound = room / price, room_of
    return size, bound
