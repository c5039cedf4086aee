"""What a strategy in the streaming form has answered, so that several runs may ask it and each candle is asked once.

It may remember what it likes, in places that no copy would reach. The runs ask in one order, so that what was answered
before is what it would answer now.
"""

from collections.abc import Callable
from typing import Any, NoReturn

from core.candle import Candle
from core.trading_signal import Signal
from strategies.strategy import SignalStream, StreamingStrategy


class KeptAnswers:
    """A strategy as one run sees it; ``begin`` lets another begin.

    Parameters
    ----------
    strategy
        In the streaming form; hears of nothing but candles.
    """

    def __init__(self, strategy: StreamingStrategy) -> None:
        self._strategy = strategy
        # Spelled out: from Python 3.12 on the form of a strategy is not found by ``__getattr__``.
        self.name = strategy.name
        self._opened: dict[tuple[str, int], _Asked] = {}
        self._times: dict[str, int] = {}

    @property
    def warmup_candles(self) -> int:
        """How many candles the strategy needs before the first that may order."""
        return self._strategy.warmup_candles

    def begin(self) -> "KeptAnswers":
        """Return the strategy for another run, which is told first what was answered already."""
        another = KeptAnswers(self._strategy)
        another._opened = self._opened
        return another

    def __getattr__(self, name: str) -> Any:
        return getattr(self._strategy, name)

    def stream(self, symbol: str) -> SignalStream:
        """Return the symbol's stream that is opened so many times in a run."""
        key = symbol, self._times.get(symbol, 0)
        self._times[symbol] = key[1] + 1
        asked = self._opened.get(key)
        if asked is None:
            asked = self._opened[key] = _Asked(self._strategy.stream(symbol))
        warms = hasattr(asked.stream, "warm")
        return _WarmedReplies(asked) if warms else _Replies(asked)


class _Asked:
    """A stream, and what it has answered so far: a signal, or what it raised."""

    def __init__(self, stream: Any) -> None:
        self.stream = stream
        self.answers: list[Any] = []


class _Replies:
    def __init__(self, asked: _Asked) -> None:
        self._asked = asked
        self._place = 0

    def update(self, candle: Candle) -> Signal:
        """Return the opinion at the candle's close."""
        answer: Signal = self._next(self._asked.stream.update, candle)
        return answer

    def _next(self, ask: Callable[[Candle], Any], candle: Candle) -> Any:
        place, answers = self._place, self._asked.answers
        self._place = place + 1
        if place == len(answers):
            try:
                answers.append(ask(candle))
            except (Exception, SystemExit) as error:
                answers.append(_Raised(error))
                raise
        answer = answers[place]
        if isinstance(answer, _Raised):
            answer.again()
        return answer


class _WarmedReplies(_Replies):
    def warm(self, candle: Candle) -> None:
        """Take a candle from before the session's window."""
        self._next(self._asked.stream.warm, candle)


class _Raised:
    def __init__(self, error: BaseException) -> None:
        self._error = error

    def again(self) -> NoReturn:
        raise self._error
