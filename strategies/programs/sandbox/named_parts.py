"""Of what a call is given, the parts that a program's text names: of the others it cannot know whether they are there.

Every way to an attribute of an object names it: the text has the name as a word, in ``account.equity`` as in a
``case Account(equity=x)``. Where a text could make the name of other texts (with ``hasattr`` or in a ``format``), or is
not all ASCII, so that two spellings may be one name, all parts are shown.
"""

import re
from collections.abc import Mapping
from typing import Any

from strategies.programs.sandbox.given_names import MAKE_NAMES

_KLINES = "klines"
_READ_BY = {
    _KLINES: "get_klines",
    "prices": "get_current_prices",
    "indicators": "get_indicator",
    "flows": "get_flow",
    "regimes": "get_regime",
    "data": "get_market_data",
}
"""The parts of a market that are read by a method; the others are attributes."""


class NamedParts:
    """What of a call's market, account and trigger the text of a program names."""

    def __init__(self, text: str) -> None:
        self._words = frozenset(re.findall(r"\w+", text))
        self._all = not text.isascii() or "__" in text or not self._words.isdisjoint(MAKE_NAMES)

    def market(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """Return what is sent of a market beside its candles."""
        words, everything = self._words, self._all
        return {
            key: value
            for key, value in given.items()
            if (everything or _READ_BY.get(key, key) in words) and key != _KLINES
        }

    def candles(self, given: Mapping[str, Any]) -> Mapping[str, Any]:
        """Return what is sent of its candles."""
        found: Mapping[str, Any] = given.get(_KLINES, {}) if self._all or _READ_BY[_KLINES] in self._words else {}
        return found

    def attributes(self, given: Mapping[str, Any]) -> Mapping[str, Any]:
        """Return what is sent of an account or a trigger."""
        if self._all:
            return given
        words = self._words
        return {key: value for key, value in given.items() if key in words}
