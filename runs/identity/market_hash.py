"""The hash of what was loaded, found beside the run: nothing of the run needs it before its result."""

import contextlib
import threading
from collections.abc import Mapping
from typing import Any

from runs.identity.data_hash import MarketInput, data_sha256

CANDLES_WORTH_IT = 200_000
"""Candles from which hashing takes longer than beginning a thread."""


class MarketHash:
    """The hash of a market, which a thread finds."""

    def __init__(self, market: MarketInput) -> None:
        self._of = _parts(market)
        self._found: str | None = None
        self._thread = threading.Thread(target=self._find, args=(market,), daemon=True)
        self._thread.start()

    def of(self, market: MarketInput) -> str | None:
        """Return the hash of a market; None where that is not the one that was loaded, or none was found."""
        if any(one is not other for one, other in zip(_parts(market), self._of, strict=True)):
            return None
        self._thread.join()
        return self._found

    def _find(self, market: MarketInput) -> None:
        # Who asks then looks for it himself, and tells what is in the way; a thread could only print it.
        with contextlib.suppress(Exception):
            self._found = data_sha256(market)


def hash_beside(market: MarketInput) -> MarketHash | None:
    """Begin to hash a market where that takes a while."""
    series = (*market.candles.values(), *market.detail.values(), *market.watched.values())
    return MarketHash(market) if sum(one.window.rows for one in series) >= CANDLES_WORTH_IT else None


def _parts(market: MarketInput) -> tuple[Mapping[Any, Any], ...]:
    return market.candles, market.detail, market.perpetual, market.watched, market.open_interest
