"""A pool as its file has it: checked key by key, every problem named."""

import re
import sys
from collections.abc import Iterable, Mapping
from typing import Annotated, Literal

from pydantic import Field

from core.errors import ConfigurationError
from core.settings_problem import SettingsProblem, in_two, shown
from core.settings_section import Allowed, PlainText, SettingsSection, section_or_problems
from core.timeframe import DAY_MS, UNIT_MS
from indicators.features.feature import Feature
from strategies.programs.triggers.feature_text import feature_of
from strategies.programs.triggers.signal_pool import Comparison, Condition, Mode, SignalPool

MOST_CONDITIONS = 50
LONGEST_COOLDOWN_MS = 366 * DAY_MS
MOST_COOLDOWN_CANDLES = 100_000
_ID = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")
_COOLDOWN = re.compile(r"([1-9][0-9]{0,7})([smhdw])")
_NUMBER = re.compile(r"[-+]?[0-9.]+%?")
_COOLDOWN_ALLOWED = "allowed: a length such as 30m, 4h or 2d (up to 366d), or a number of candles up to 100000"

Operation = Annotated[Comparison, Allowed("<, <=, >, >=, crosses_above or crosses_below")]
FeatureText = Annotated[PlainText, Allowed("an indicator such as rsi(14), or a price such as close")]
Period = Annotated[PlainText, Allowed("a length such as 4h")]
Symbols = Annotated[list[PlainText], Allowed("a list of symbols")]


class ConditionSettings(SettingsSection):
    """One condition of a pool."""

    feature: FeatureText = Field(description="What is looked at: rsi(14), macd(12, 26, 9).signal, close")
    op: Operation = Field(description="How it is compared")
    value: Annotated[object, Allowed("a number, or another feature")] = Field(description="What it is compared with")
    period: Period | None = Field(None, description="Length of the candles; null is the session's own")
    symbol: PlainText | None = Field(None, description="Whose candles are read; null is the symbol that is looked at")

    def broken_rules(self) -> Iterable[SettingsProblem]:
        """Yield what is wrong with the features."""
        if self.period is not None:
            try:
                Feature("close", self.period)
            except ConfigurationError as error:
                yield SettingsProblem("period", *in_two(str(error)))
                return
        yield from _problems_of("feature", self.feature, self.period)
        if isinstance(self.value, str):
            yield from _problems_of("value", self.value, self.period)
        elif isinstance(self.value, bool) or not isinstance(self.value, int | float):
            yield SettingsProblem("value", shown(self.value), "allowed: a number, or a feature such as ema(50)")
        elif not abs(self.value) <= sys.float_info.max:
            yield SettingsProblem("value", shown(self.value), "allowed: a finite number")

    def condition(self) -> Condition:
        """Return the condition."""
        value = float(self.value) if isinstance(self.value, int | float) else str(self.value)
        return Condition(self.feature, self.op, value, self.period or "", self.symbol or "")


Conditions = Annotated[
    list[ConditionSettings], Field(min_length=1, max_length=MOST_CONDITIONS), Allowed("a list of conditions, 1 to 50")
]


class PoolSettings(SettingsSection):
    """A signal pool."""

    name: PlainText = Field(description="What people call it")
    all: Conditions | None = Field(None, description="Conditions of which every one has to be met")
    any: Conditions | None = Field(None, description="Conditions of which one has to be met")
    symbols: Symbols = Field(
        default_factory=list, description="The traded symbols that are looked at; none is all of them"
    )
    mode: Literal["edge", "level"] = Field(
        "edge", description="Wakes when the conditions become met, or at every candle at which they are"
    )
    cooldown: Annotated[object, Allowed("a length of time, or a number of candles")] = Field(
        None, description="How long after a trigger the same symbol wakes nobody"
    )

    def broken_rules(self) -> Iterable[SettingsProblem]:
        """Yield what is wrong between the keys."""
        if (self.all is None) == (self.any is None):
            wrong = "neither all nor any is there" if self.all is None else "all and any stand beside each other"
            yield SettingsProblem("all", wrong, "allowed: one of the two, a list of conditions")
        twice = [one for one in self.symbols if self.symbols.count(one) > 1]
        if twice:
            yield SettingsProblem("symbols", f"{shown(twice[0])} stands twice", "allowed: each symbol once")
        if self.cooldown is not None and _cooldown(self.cooldown) is None:
            yield SettingsProblem("cooldown", shown(self.cooldown), _COOLDOWN_ALLOWED)

    def pool(self, id_: str) -> SignalPool:
        """Return the pool, under an id."""
        mode: Mode = self.mode
        length_ms, candles = _cooldown(self.cooldown) or (0, 0)
        return SignalPool(
            id_,
            self.name,
            "any" if self.all is None else "all",
            tuple(one.condition() for one in self.all or self.any or ()),
            tuple(self.symbols),
            mode,
            length_ms,
            candles,
        )


def pool_of(values: Mapping[str, object], id_: str, source: str) -> SignalPool:
    """Return the pool that plain values describe.

    Parameters
    ----------
    values
        As a pool's file has them.
    id_
        What the pool is called by: small letters, digits, ``_`` and ``-``.
    source
        Where the values come from, which begins every line of an error.

    Raises
    ------
    ConfigurationError
        If a key is unknown or a value is wrong; every problem is a line.
    """
    require_id(id_, source)
    settings, problems = section_or_problems(PoolSettings, values)
    if settings is None:
        raise ConfigurationError.of(*(problem.of(source) for problem in problems))
    return settings.pool(id_)


def require_id(id_: object, source: str = "pool") -> None:
    """Refuse what is no id of a pool; an id is never a path."""
    if not isinstance(id_, str) or not _ID.fullmatch(id_):
        allowed = "allowed: the name of its file without .yaml, of small letters, digits, _ and -, up to 64"
        raise ConfigurationError.of(SettingsProblem("", f"{shown(id_)} is no id of a pool", allowed, source))


def _problems_of(key: str, text: str, period: str | None) -> Iterable[SettingsProblem]:
    try:
        feature = feature_of(text, period or "")
    except ConfigurationError as error:
        for problem in error.facts:
            as_number = "allowed: a number without quotes" if key == "value" and _NUMBER.fullmatch(text.strip()) else ""
            yield problem._replace(key=key, allowed=as_number or problem.allowed)
        return
    if len(feature.outputs) > 1:
        allowed = " or ".join(f"{text}.{output}" for output in feature.outputs)
        yield SettingsProblem(key, f"{text} has several values", f"allowed: {allowed}")
        return
    try:
        feature.rows_of(feature.length_ms(1_000))
    except ConfigurationError as error:
        wrong, allowed = in_two(str(error))
        yield SettingsProblem(key, f"{text} {wrong}", allowed)


def _cooldown(value: object) -> tuple[int, int] | None:
    """Return a cool-down in milliseconds and in candles, one of them 0; None where it is none."""
    if value is None:
        return 0, 0
    if isinstance(value, int) and not isinstance(value, bool):
        return (0, value) if 0 <= value <= MOST_COOLDOWN_CANDLES else None
    found = _COOLDOWN.fullmatch(value) if isinstance(value, str) else None
    length_ms = 0 if found is None else int(found[1]) * UNIT_MS[found[2]]
    return (length_ms, 0) if 0 < length_ms <= LONGEST_COOLDOWN_MS else None
