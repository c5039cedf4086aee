"""One synchronous ccxt object: it sends a request and waits for the answer; ``ccxt_core`` reads both."""

from collections.abc import Callable
from typing import Any, TypeVar

import ccxt

from market_data.exchanges.bounded_answers import BoundedTransport
from market_data.exchanges.ccxt_core import FAILURES, CcxtRequest, WatchedAnswers, ccxt_object

T = TypeVar("T")


class CcxtClient:
    """A ccxt exchange object for one thread at a time.

    ``exchange`` is the object itself, ``answers`` are those it gets.
    """

    def __init__(self, name: str, base_url: str | None) -> None:
        self.exchange: Any = ccxt_object(ccxt, name, rest_url=base_url, stream_url=base_url)
        for scheme in ("http://", "https://"):
            self.exchange.session.mount(scheme, BoundedTransport())
        self.answers = WatchedAnswers(self.exchange)
        self._fetch = self.exchange.fetch
        self.exchange.fetch = self._watched_fetch

    def attempt(self, request: CcxtRequest, read: Callable[[WatchedAnswers, Any], T]) -> T:
        """Make one request and return what ``read`` makes of its answer; FeedError where it fails."""
        self.answers.forget()
        try:
            return read(self.answers, getattr(self.exchange, request.method)(*request.arguments))
        except FAILURES as error:
            raise self.answers.failure(error, request.what) from error

    def close(self) -> None:
        """Close the connections."""
        self.exchange.session.close()

    def _watched_fetch(self, *request: object) -> object:
        self.answers.forget()
        return self.answers.taken(self._fetch(*request))
