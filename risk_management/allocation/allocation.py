"""The shares of capital that systems are to have, from what is known at a moment."""

from collections.abc import Callable, Sequence
from typing import Literal, NamedTuple

from risk_management.allocation.return_moments import Matrix, covariances
from risk_management.allocation.risk_shares import inverse_volatility, minimum_correlation, risk_parity

Allocation = Literal["equal", "fixed", "inverse_volatility", "risk_parity", "minimum_correlation"]
Basis = Literal["fixed", "returns", "few_days", "no_variation"]
"""What shares rest on: on the configuration, on returns, or on the configuration because returns were too few, or a
system had none."""

FEWEST_DAYS = 20
"""Daily returns below which nothing is said about how systems vary."""

_FROM_RETURNS: dict[str, Callable[[Matrix], list[float]]] = {
    "inverse_volatility": inverse_volatility,
    "risk_parity": risk_parity,
    "minimum_correlation": minimum_correlation,
}


class Shares(NamedTuple):
    """Shares of capital in the order of the systems, adding up to 1, and what they rest on."""

    weights: tuple[float, ...]
    basis: Basis


def learns(allocation: Allocation) -> bool:
    """Whether shares follow from what systems have earned."""
    return allocation in _FROM_RETURNS


def shares_of(allocation: Allocation, at_start: Sequence[float], returns: Sequence[Sequence[float]]) -> Shares:
    """Return the shares by which capital is to be divided.

    Parameters
    ----------
    allocation
        The rule.
    at_start
        The shares that hold where the rule needs no returns, or there is too little to learn from.
    returns
        Of each system its daily returns of the same whole days, oldest first: those known at the moment, and no more.
    """
    weights = _FROM_RETURNS.get(allocation)
    if weights is None:
        return Shares(tuple(at_start), "fixed")
    if len(returns[0]) < FEWEST_DAYS:
        return Shares(tuple(at_start), "few_days")
    covariance = covariances(returns)
    if not all(covariance[place][place] > 0.0 for place in range(len(covariance))):
        return Shares(tuple(at_start), "no_variation")
    return Shares(tuple(weights(covariance)), "returns")
