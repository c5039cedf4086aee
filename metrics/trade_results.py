"""Figures of closed trades' results: profit factor, expectancy, win rate, average win and loss.

A result is one closed trade's profit net of all costs, in quote currency, finite. A win is a result above 0, a loss one
below 0; a result of exactly 0 is neither, and counts as a trade. Results are added one after the other in the
order given: the built-in ``sum`` compensates from Python 3.12 on, and its last digits would differ between versions.
"""

from collections.abc import Iterable
from typing import Protocol, SupportsFloat


class _Statistic(Protocol):
    @property
    def value(self) -> float | None: ...

    def update(self, result: SupportsFloat) -> float | None: ...


class ProfitFactor:
    """Gross profit over gross loss; ``value`` is None while nothing was lost, however much was won."""

    __slots__ = ("gross_loss", "gross_profit")

    def __init__(self) -> None:
        self.gross_profit = 0.0
        self.gross_loss = 0.0

    @property
    def value(self) -> float | None:
        """Profit factor, at least 0; None without a loss."""
        return self.gross_profit / self.gross_loss if self.gross_loss else None

    def add(self, amount: float) -> None:
        """Take the next result."""
        if amount > 0.0:
            self.gross_profit += amount
        else:
            self.gross_loss -= amount

    def update(self, result: SupportsFloat) -> float | None:
        """Take the next result and return the profit factor."""
        self.add(float(result))
        return self.value


class _RunningMean:
    __slots__ = ("count", "total")

    def __init__(self) -> None:
        self.count = 0
        self.total = 0.0

    @property
    def value(self) -> float | None:
        """Mean in quote currency; None before the first value."""
        return self.total / self.count if self.count else None

    def add(self, amount: float) -> None:
        """Take the next value."""
        self.count += 1
        self.total += amount


class Expectancy(_RunningMean):
    """Mean result per trade, in quote currency; ``value`` is None without a trade."""

    __slots__ = ()

    def update(self, result: SupportsFloat) -> float | None:
        """Take the next result and return the expectancy."""
        self.add(float(result))
        return self.value


class AverageWin(_RunningMean):
    """Mean of the results above 0, in quote currency; ``value`` is None without a win."""

    __slots__ = ()

    def update(self, result: SupportsFloat) -> float | None:
        """Take the next result and return the average win."""
        amount = float(result)
        if amount > 0.0:
            self.add(amount)
        return self.value


class AverageLoss(_RunningMean):
    """Mean of the results below 0, in quote currency; ``value`` is None without a loss."""

    __slots__ = ()

    def update(self, result: SupportsFloat) -> float | None:
        """Take the next result and return the average loss."""
        amount = float(result)
        if amount < 0.0:
            self.add(amount)
        return self.value


class WinRate:
    """Share of wins in per cent; ``value`` is 0.0 without a trade, as the public ``performance`` has it."""

    __slots__ = ("trades", "wins")

    def __init__(self) -> None:
        self.trades = 0
        self.wins = 0

    @property
    def value(self) -> float:
        """Win rate in [0, 100] per cent."""
        return 100.0 * self.wins / self.trades if self.trades else 0.0

    def update(self, result: SupportsFloat) -> float:
        """Take the next result and return the win rate."""
        self.trades += 1
        self.wins += float(result) > 0.0
        return self.value


def profit_factor(results: Iterable[SupportsFloat]) -> float | None:
    """Return gross profit over gross loss; None where nothing was lost.

    Examples
    --------
    >>> profit_factor([30.0, -10.0, -5.0])
    2.0
    """
    return _over(ProfitFactor(), results)


def expectancy(results: Iterable[SupportsFloat]) -> float | None:
    """Return the mean result per trade, in quote currency; None without a trade."""
    return _over(Expectancy(), results)


def average_win(results: Iterable[SupportsFloat]) -> float | None:
    """Return the mean of the results above 0, in quote currency; None without a win."""
    return _over(AverageWin(), results)


def average_loss(results: Iterable[SupportsFloat]) -> float | None:
    """Return the mean of the results not above 0, in quote currency; None without a loss."""
    return _over(AverageLoss(), results)


def win_rate_pct(results: Iterable[SupportsFloat]) -> float:
    """Return the share of results above 0, in per cent; 0.0 without a trade."""
    rate = WinRate()
    for result in results:
        rate.update(result)
    return rate.value


def _over(statistic: _Statistic, results: Iterable[SupportsFloat]) -> float | None:
    for result in results:
        statistic.update(result)
    return statistic.value
