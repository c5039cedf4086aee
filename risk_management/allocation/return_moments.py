"""Variances, covariances and correlations of daily returns; sums are ``math.fsum``, alike on every machine."""

import math
from collections.abc import Sequence

Returns = Sequence[Sequence[float]]
"""Of each system its daily returns, all of the same days; fractions."""
Matrix = list[list[float]]


def covariances(returns: Returns) -> Matrix:
    """Return the covariance of every two systems, with n - 1 in the denominator; at least two days are needed."""
    days = len(returns[0])
    centred = []
    for one in returns:
        mean = math.fsum(one) / days
        centred.append([value - mean for value in one])
    return [
        [math.fsum(a * b for a, b in zip(left, right, strict=True)) / (days - 1) for right in centred]
        for left in centred
    ]


def volatilities(covariance: Matrix) -> list[float]:
    """Return the standard deviation of each system's daily returns."""
    return [math.sqrt(covariance[place][place]) for place in range(len(covariance))]


def correlations(covariance: Matrix) -> Matrix:
    """Return the correlation of every two systems, each of which must vary."""
    sigma = volatilities(covariance)
    return [
        [1.0 if i == j else value / (sigma[i] * sigma[j]) for j, value in enumerate(row)]
        for i, row in enumerate(covariance)
    ]


def normalised(parts: Sequence[float]) -> list[float]:
    """Return shares that add up to 1 from parts of any size."""
    whole = math.fsum(parts)
    return [part / whole for part in parts]
