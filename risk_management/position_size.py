"""Position size from risk, in float64."""


def position_size(
    equity: float, price: float, stop_distance: float, risk: float, max_exposure: float, room: float | None = None
) -> float:
    """Return the quantity that risks ``risk`` of equity to its stop, capped by exposure and by room.

    Parameters
    ----------
    equity, price, stop_distance
        Quote currency; price at which the size is judged; price distance to the stop, above 0.
    risk, max_exposure
        Fractions of equity: lost when the stop is hit (costs aside); largest value of the position.
    room
        Quote currency left for positions in all; None for no such cap.

    Returns
    -------
    float
        The least of equity × risk / stop distance, equity × max_exposure / price and room / price, in base units.
    """
    size = min(equity * risk / stop_distance, equity * max_exposure / price)
    return size if room is None else min(size, room / price)
