"""Earlier values."""

from collections.abc import Sequence

from indicators.forms.arithmetic import Values
from indicators.forms.nodes import Node, Windowed
from indicators.indicator import Indicator, Source, checked_period, node_of


def oldest(window: Sequence[Values]) -> Values:
    """Return the value that entered first."""
    return window[0] + 0.0


class Shift(Indicator, frozen=True):
    """The value ``rows`` rows ago, in the input's unit; nan where there is none. Later values cannot be asked for.

    References
    ----------
    By definition.
    """

    rows: int
    of: Source = "close"

    def __post_init__(self) -> None:
        checked_period(self.rows, name="rows")

    def nodes(self) -> tuple[Node, ...]:
        """Return the window."""
        return (Windowed(oldest, (node_of(self.of),), self.rows + 1),)
