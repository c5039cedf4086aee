"""A feature: what a strategy wants to be computed, and on which candles."""

import math
from typing import Literal

import msgspec

from core.errors import ConfigurationError
from core.timeframe import grid_origin_ms, timeframe_ms, timeframe_name
from indicators.forms.nodes import NEVER, Node
from indicators.indicator import Indicator, Source, node_of


class Feature(msgspec.Struct, frozen=True):
    """An indicator, or a price by name, of the deciding symbol's candles or of others.

    Parameters
    ----------
    of
        What is computed: ``EMA(9)``, ``MACD(12, 26, 9)``, ``"close"``.
    timeframe
        The candles' length, a multiple of the strategy's own; None is the strategy's own.
    symbol
        Another symbol that is traded or watched; None is the one that is decided about.
    require_whole
        Whether a joined candle with missing parts is hidden: it is undefined (nan), and so is what is computed of it.
    source
        Whether longer candles are ``joined`` from the strategy's own, or the ``exchange``'s.
    """

    of: Source
    timeframe: str | None = None
    symbol: str | None = None
    require_whole: bool = False
    source: Literal["joined", "exchange"] = "joined"

    def __post_init__(self) -> None:
        if self.source not in ("joined", "exchange"):
            raise ValueError(f"source is {self.source!r} — allowed: 'joined' or 'exchange'")
        if self.source == "exchange" and self.timeframe is None:
            raise ValueError("source='exchange' needs a timeframe")
        if self.timeframe is not None:
            timeframe_ms(self.timeframe)

    @property
    def outputs(self) -> tuple[str, ...]:
        """Names of the values; one of several is read as ``feature.output``."""
        return self.of.outputs if isinstance(self.of, Indicator) else ("value",)

    def nodes(self) -> tuple[Node, ...]:
        """Return what computes each output."""
        return self.of.nodes() if isinstance(self.of, Indicator) else (node_of(self.of),)

    def length_ms(self, own_ms: int) -> int:
        """Return the length of its candles, where the strategy's own are ``own_ms`` long.

        Raises
        ------
        ConfigurationError
            If the timeframe is none, or no multiple of the strategy's own.
        """
        if self.timeframe is None:
            return own_ms
        length = timeframe_ms(self.timeframe)
        if length % own_ms or (grid_origin_ms(length) - grid_origin_ms(own_ms)) % own_ms:
            raise ConfigurationError(
                f"timeframe {self.timeframe!r} is no multiple of the strategy's own, {timeframe_name(own_ms)}; "
                f"allowed: {timeframe_name(own_ms)}, or a length that is made up of whole such candles"
            )
        return length

    def rows_to_settle(self, own_ms: int) -> int:
        """Return how many of the strategy's candles, the current one included, its value needs to forget the start.

        Raises
        ------
        ConfigurationError
            If it never forgets it, or as :meth:`length_ms` says.
        """
        length = self.length_ms(own_ms)
        if self.source == "exchange":
            return 1  # Its series has a warm-up of its own.
        parts = length // own_ms
        # At worst the last joined candle closed parts - 1 candles ago, and its whole ones lie before.
        return self.rows_of(length) * parts + parts - 1

    def rows_of(self, length_ms: int) -> int:
        """Return how many candles of its own, so long, its value needs to forget the start.

        Raises
        ------
        ConfigurationError
            If it never forgets it.
        """
        rows = 1
        for node in self.nodes():
            if node.forgets_after >= NEVER:
                raise ConfigurationError(
                    "never forgets the first candle that it saw, so that no warm-up is long enough; "
                    "allowed: an indicator with a period"
                )
            rows = max(rows, node.forgets_after, 1 + math.ceil(node.forgets_after_ms / length_ms))
        return rows
