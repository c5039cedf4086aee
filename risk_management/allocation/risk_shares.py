"""Weights from volatilities and correlations. Each takes covariances of systems that all vary.

Square roots and the four operations alone, in a fixed order: the same bits on every machine.
"""

import math

from risk_management.allocation.return_moments import Matrix, correlations, normalised, volatilities

_SWEEPS = 10_000
_CLOSE = 1e-13


def inverse_volatility(covariance: Matrix) -> list[float]:
    """Return weights in proportion to 1 / volatility."""
    return normalised([1.0 / sigma for sigma in volatilities(covariance)])


def risk_parity(covariance: Matrix) -> list[float]:
    """Return the weights with which every system contributes the same to the variance of the whole.

    The one minimum of ½ w'Σw − Σ ln w, found system by system, in which each step is the root of a quadratic
    equation; of correlations first, so that volatilities of any size do not slow it down.

    References
    ----------
    S. Maillard, T. Roncalli and J. Teïletche, The Properties of Equally Weighted Risk Contribution Portfolios, Journal
    of Portfolio Management (2010).
    T. Griveau-Billion, J.-C. Richard and T. Roncalli, A Fast Algorithm for Computing High-dimensional Risk Parity
    Portfolios (2013).
    """
    linked = correlations(covariance)
    parts = [1.0] * len(linked)
    for _ in range(_SWEEPS):
        moved = 0.0
        for place, row in enumerate(linked):
            others = math.fsum(value * parts[j] for j, value in enumerate(row) if j != place)
            part = (math.sqrt(others * others + 4.0) - others) / 2.0
            moved = max(moved, abs(part - parts[place]))
            parts[place] = part
        if moved <= _CLOSE:
            break
    return normalised([part / sigma for part, sigma in zip(parts, volatilities(covariance), strict=True)])


def minimum_correlation(covariance: Matrix) -> list[float]:
    """Return the weights, none below 0, of systems that go together least: the most diversified portfolio.

    Were all equally volatile, the mixture with the least variance: min w'Cw over correlations C, Σw = 1; each share is
    then divided by its system's volatility. It has the largest ratio of Σ wσ to the volatility of the whole. Where two
    systems do exactly the same they share alike.

    References
    ----------
    Y. Choueifaty and Y. Coignard, Toward Maximum Diversification, Journal of Portfolio Management (2008).
    P. Christoffersen, V. Errunza, K. Jacobs and X. Jin, Is the Potential for International Diversification
    Disappearing?, Review of Financial Studies (2012).
    """
    linked = correlations(covariance)
    parts = [1.0 / len(linked)] * len(linked)
    for _ in range(_SWEEPS):
        moved = 0.0
        for place, row in enumerate(linked):
            others = math.fsum(value * parts[j] for j, value in enumerate(row) if j != place)
            part = max(0.0, 1.0 - others)
            moved = max(moved, abs(part - parts[place]))
            parts[place] = part
        if moved <= _CLOSE:
            break
    return normalised([part / sigma for part, sigma in zip(parts, volatilities(covariance), strict=True)])
