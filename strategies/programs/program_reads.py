"""What a program reads, resolved for the candles of a session: features to compute, candles to keep."""

from collections.abc import Mapping
from typing import NamedTuple

from core.candle import OPEN_INTEREST_PERIODS
from core.errors import ConfigurationError
from core.settings_problem import SettingsProblem, did_you_mean, in_two
from core.timeframe import timeframe_ms
from indicators.features.feature import Feature
from strategies.programs.known_interest import INTEREST_FLOWS, NO_INTEREST, interest_period
from strategies.programs.sandbox.problem import ProgramProblem
from strategies.programs.sandbox.program_text import ProgramText, parsed
from strategies.programs.sandbox.reads import Reads, line_of_read, read_key
from strategies.programs.triggers.feature_text import feature_of, with_text
from strategies.programs.triggers.regime import LONG, regime_features

FLOWS: Mapping[str, str] = {
    "funding": "no funding rate is known yet: a session has them where execution.perpetual.funding is on",
    **dict.fromkeys(INTEREST_FLOWS, NO_INTEREST),
    "taker_volume": "candles do not say which side took",
    "cvd": "candles do not say which side took",
    "depth_ratio": "no order books are stored",
}
"""The flows that may be asked for, each with why there is none."""


Asked = tuple[int, str, int]
"""How many of the session's candles a read asks for, what the read is, how long its own candles are."""


class ReadFeature(NamedTuple):
    """An indicator that a program reads: the name of its feature, the names of its values, the length of its candles.

    ``settles_after`` is how many of these it takes until its start is forgotten.
    """

    name: str
    outputs: tuple[str, ...]
    length_ms: int
    settles_after: int


class ProgramReads:
    """A program's reads on candles of one length.

    Parameters
    ----------
    text
        The program.
    own_ms
        Length of the session's candles.

    Attributes
    ----------
    asked
        What each read asks for before the first step.
    interest_periods
        The periods of open interest that are read, the shortest first.

    Raises
    ------
    ConfigurationError
        If an indicator, a flow or a period is none; says which call, and where in the text it is.
    """

    def __init__(self, text: ProgramText, own_ms: int) -> None:
        reads: Reads = text.reads
        self.own_ms = own_ms
        self.features: dict[str, Feature] = {}
        self.asked: list[Asked] = []
        self.indicators: dict[str, ReadFeature] = {}
        self.klines: dict[str, tuple[int, int]] = {}
        self.regimes: dict[str, Mapping[str, str]] = {}
        self.flows = reads.flows
        for indicator, period in reads.indicators:
            try:
                self._add_indicator(indicator, period)
            except ConfigurationError as error:
                place = _place(text, "get_indicator", indicator, period)
                wrong, allowed = in_two(str(error))
                raise _refused(place, f"get_indicator: {with_text(indicator, wrong)}", allowed) from error
        for call, periods in (("get_klines", reads.klines), ("get_regime", reads.regimes)):
            for period in periods:
                try:
                    self.length_of(period)
                except ConfigurationError as error:
                    wrong, allowed = in_two(str(error))
                    raise _refused(_place(text, call, "", period), f"{call}: {wrong}", allowed) from error
        for metric, period in reads.flows:
            if metric not in FLOWS:
                wrong = f"get_flow: {metric!r} is no flow{did_you_mean(metric, FLOWS)}"
                place = _place(text, "get_flow", metric, period)
                raise _refused(place, wrong, f"allowed: {', '.join(FLOWS)}")
        self.interest_periods = self._interest_periods(text)
        most: dict[int, int] = {}
        for period, count in reads.klines.items():
            most[self.length_of(period)] = max(count, most.get(self.length_of(period), 0))
        self.klines = {period: (self.length_of(period), most[self.length_of(period)]) for period in reads.klines}
        self.asked += [
            ((count + 1) * (length // own_ms), f"get_klines of {period}, {count:,}", length)
            for period, (length, count) in self.klines.items()
        ]
        for number, period in enumerate(reads.regimes):
            names = {}
            for measure, feature in regime_features(period).items():
                names[measure] = f"read_regime_{number}_{measure}"
                self.features[names[measure]] = feature
                self.asked.append((feature.rows_to_settle(own_ms), f"get_regime of {period}", self.length_of(period)))
            self.regimes[period] = names

    @property
    def kept(self) -> dict[int, int]:
        """Length of candles -> how many of the last are kept; 0 where they are only counted."""
        kept = {self.own_ms: 1}
        for feature in self.indicators.values():
            kept.setdefault(feature.length_ms, 0)
        for length, most in self.klines.values():
            kept[length] = max(most, kept.get(length, 0))
        return kept

    @property
    def candles_before(self) -> int:
        """How many of the session's candles it takes until all candles that are kept, and regimes, are there."""
        wanted = [(length, most) for length, most in self.klines.values()]
        wanted += [(self.length_of(period), LONG + 1) for period in self.regimes]
        return max(((most + 1) * (length // self.own_ms) for length, most in wanted), default=0)

    def klines_of(self, period: str) -> tuple[int, int]:
        """Return length and most of the candles of a period, however it is spelt; none are kept where the most is 0."""
        known = self.klines.get(period)
        if known is not None:
            return known
        try:
            length = self.length_of(period)
        except ConfigurationError:
            return self.own_ms, 0
        return length, next((most for other, most in self.klines.values() if other == length), 0)

    def _interest_periods(self, text: ProgramText) -> tuple[str, ...]:
        found = set()
        for metric, period in self.flows:
            if metric in INTEREST_FLOWS:
                try:
                    found.add(interest_period(period, self.own_ms))
                except ConfigurationError as error:
                    wrong, allowed = in_two(str(error))
                    place = _place(text, "get_flow", metric, period)
                    raise _refused(place, f"get_flow: {metric}: {wrong}", allowed) from error
        return tuple(one for one in OPEN_INTEREST_PERIODS if one in found)

    def _add_indicator(self, text: str, period: str) -> None:
        feature = feature_of(text, period)
        length, name = feature.length_ms(self.own_ms), f"read_{len(self.indicators)}"
        self.features[name] = feature
        self.asked.append((feature.rows_to_settle(self.own_ms), f"get_indicator {text} of {period}", length))
        self.indicators[read_key(text, period)] = ReadFeature(name, feature.outputs, length, feature.rows_of(length))

    def length_of(self, period: str) -> int:
        """Return the length of the candles of a period; raises where it is none, or no multiple of the session's."""
        length = timeframe_ms(period) if period else self.own_ms
        Feature("close", period or None).length_ms(self.own_ms)
        return length


def _place(text: ProgramText, name: str, what: str, period: str) -> str:
    """Return where a text reads something: ``my.py:12``, or its name alone."""
    tree = parsed(text.text)
    line = None if isinstance(tree, ProgramProblem) else line_of_read(tree, name, what, period)
    return text.name if line is None else f"{text.name}:{line}"


def _refused(place: str, wrong: str, allowed: str) -> ConfigurationError:
    return ConfigurationError.of(SettingsProblem("", wrong, allowed, file=place))
