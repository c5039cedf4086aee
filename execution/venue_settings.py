"""Settings of the paper venue beyond plain market orders: exits, fills, costs and perpetual contracts."""

import itertools
from collections.abc import Iterable, Iterator, Sequence
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field

from core.exact import ONE, ZERO, plain, received
from core.instrument import MarginTier, tier_faults
from core.settings_problem import SettingsProblem, shown, shown_key
from core.settings_section import Allowed, PlainText, SettingsSection

Intrabar = Literal["pessimistic", "optimistic", "ohlc", "olhc", "detail"]
LimitFill = Literal["through", "touch", "probability"]


def _as_tuple(value: object) -> object:
    return tuple(value) if isinstance(value, list) else value


def _not_rising(rows: str, key: str, values: Sequence[float]) -> Iterator[SettingsProblem]:
    """Yield each row of a table whose value is not above that of the row before."""
    for at, (before, value) in enumerate(itertools.pairwise(values), start=1):
        if value <= before:
            yield SettingsProblem(
                f"{rows}[{at}].{key}", shown(value), f"allowed: above the one before ({shown(before)})"
            )


class LadderRung(SettingsSection):
    """One rung of the take-profit ladder."""

    fraction: float = Field(gt=0, le=1, description="Share of the entered quantity that this rung closes")
    distance: float = Field(gt=0, le=1000, description="Distance from the entry in multiples of the stop distance")


Ladder = Annotated[
    tuple[LadderRung, ...],
    BeforeValidator(_as_tuple),
    Field(max_length=10),
    Allowed("a list of at most 10 rungs, each with fraction and distance"),
]


class ExitSettings(SettingsSection):
    """How a position is left beyond its stop and its target."""

    ladder: Ladder = Field((), description="Take-profit rungs, nearest first; they stand instead of the one target")
    break_even_after: int | None = Field(
        None, ge=1, le=10, description="Number of the rung whose fill moves the stop to the average entry"
    )
    max_holding: int | None = Field(
        None, ge=1, le=1_000_000, description="Candles, by the clock, after which a position is closed at the next open"
    )

    def broken_rules(self) -> Iterable[SettingsProblem]:
        """Yield fractions above 1 in all, rungs out of order, and a break-even that no rung brings about."""
        total = sum((received(rung.fraction) for rung in self.ladder), ZERO)
        if total > ONE:
            yield SettingsProblem("ladder", f"fractions add up to {plain(total)}", "allowed: at most 1 in all")
        yield from _not_rising("ladder", "distance", [rung.distance for rung in self.ladder])
        if self.break_even_after is None:
            return
        rungs = len(self.ladder)
        if self.break_even_after > rungs:
            allowed = f"allowed: the number of a rung of ladder, which has {rungs}, or null"
            yield SettingsProblem("break_even_after", str(self.break_even_after), allowed)
        elif self.break_even_after == rungs and total == ONE:
            wrong = f"{rungs} is the rung that closes all"
            yield SettingsProblem("break_even_after", wrong, "allowed: a rung that leaves a part open, or null")


class SpreadSettings(SettingsSection):
    """The bid-ask spread that market and stop fills cross half of, beside slippage."""

    model: Literal["none", "fixed", "corwin_schultz"] = Field(
        "none", description="No spread, a fixed one, or the high-low estimate of Corwin and Schultz (2012)"
    )
    fraction: float = Field(
        0.0,
        ge=0,
        lt=0.1,
        description="The fixed spread as a fraction of the price, and the one until an estimate exists",
    )
    candles: int = Field(20, ge=2, le=10_000, description="Pairs of closed candles that the estimate averages over")

    def broken_rules(self) -> Iterable[SettingsProblem]:
        """Yield a fixed spread of 0, and what the model does not read."""
        if self.model == "none":
            yield from self.without_effect(("fraction", "candles"), "with model none", "model fixed or corwin_schultz")
        elif self.model == "fixed":
            yield from self.without_effect(("candles",), "with model fixed", "model corwin_schultz")
            if self.fraction == 0:
                yield SettingsProblem("fraction", shown(self.fraction), "allowed: above 0 with model fixed")


class SlippageSettings(SettingsSection):
    """How the slippage of market and stop fills is found; ``execution.slippage`` is the fixed fraction."""

    model: Literal["fixed", "volatility", "square_root"] = Field(
        "fixed",
        description="What is added to slippage: nothing, coefficient × volatility, or that × √(quantity ÷ volume)",
    )
    coefficient: float = Field(0.1, gt=0, le=100, description="Factor of the two models that scale")
    candles: int = Field(20, ge=2, le=10_000, description="Closed candles whose mean range and volume count")

    def broken_rules(self) -> Iterable[SettingsProblem]:
        """Yield what the fixed model does not read."""
        if self.model == "fixed":
            yield from self.without_effect(
                ("coefficient", "candles"), "with model fixed", "model volatility or square_root"
            )


class FeeTier(SettingsSection):
    """Commission from a 30-day volume on."""

    volume: float = Field(gt=0, le=1e15, description="Notional of the 30 UTC days before, from which the tier holds")
    maker: float = Field(gt=-0.1, lt=0.1, description="Fraction of the notional for fills of resting limit orders")
    taker: float = Field(ge=0, lt=0.1, description="Fraction of the notional for all other fills")


FeeTiers = Annotated[
    tuple[FeeTier, ...],
    BeforeValidator(_as_tuple),
    Field(max_length=50),
    Allowed("a list of at most 50 tiers, each with volume, maker and taker"),
]


class CommissionSettings(SettingsSection):
    """Commission by liquidity and volume; what is null is ``execution.commission_rate``."""

    maker: float | None = Field(
        None, gt=-0.1, lt=0.1, description="Fraction for fills of resting limit orders; negative is a rebate"
    )
    taker: float | None = Field(None, ge=0, lt=0.1, description="Fraction for all other fills")
    tiers: FeeTiers = Field((), description="Tiers by rising volume; below the first the rates above hold")

    def broken_rules(self) -> Iterable[SettingsProblem]:
        """Yield tiers that are not in order of volume."""
        yield from _not_rising("tiers", "volume", [tier.volume for tier in self.tiers])


class TierSettings(SettingsSection):
    """One tier of a margin table."""

    notional_cap: float = Field(gt=0, le=1e15, description="Largest notional of a position in this tier")
    maintenance_rate: float = Field(gt=0, lt=1, description="Maintenance margin as a fraction of the notional")
    maintenance_amount: float = Field(0.0, ge=0, le=1e15, description="Subtracted from it, in quote currency")
    max_leverage: float = Field(125.0, ge=1, le=1000, description="Highest leverage in this tier")

    def exact(self) -> MarginTier:
        """Return the tier in exact decimals."""
        fields = (self.notional_cap, self.maintenance_rate, self.maintenance_amount, self.max_leverage)
        return MarginTier(*map(received, fields))


MarginTiers = Annotated[
    tuple[TierSettings, ...],
    BeforeValidator(_as_tuple),
    Field(max_length=100),
    Allowed("a list of at most 100 tiers, each with notional_cap and maintenance_rate"),
]
Leverage = Annotated[float, Field(ge=1, le=1000)]
Leverages = Annotated[
    dict[Annotated[PlainText, Allowed("a configured symbol")], Leverage],
    Allowed("a section of configured symbols, each with its leverage"),
]


class PerpetualSettings(SettingsSection):
    """Perpetual contracts with isolated margin, in one quote currency."""

    leverage: Leverage = Field(1.0, description="Leverage of every symbol that leverages does not name")
    leverages: Leverages = Field(
        default_factory=dict, description="Leverage by symbol; any spelling of a configured symbol"
    )
    maintenance_rate: float = Field(
        0.005, gt=0, lt=1, description="Maintenance margin as a fraction of the notional, where no tiers are known"
    )
    tiers: MarginTiers = Field((), description="Margin table of every symbol instead of the stored ones")
    liquidation_fee: float = Field(
        0.0, ge=0, lt=0.1, description="Fraction of the notional that a liquidation costs, taken out of the margin"
    )
    missing_funding: Literal["error", "warning", "zero"] = Field(
        "error",
        description="What funding rates that are not stored do to a run over them: stop it, warn and count as none, "
        "or count as none",
    )
    funding: bool = Field(True, description="Whether positions pay and receive funding")
    mark_price: bool = Field(True, description="Whether liquidation is judged on the mark price where it is known")
    stop_trigger: Literal["last", "mark"] = Field(
        "last", description="The price that triggers stops: the last traded one, or the mark price where it is known"
    )

    def broken_rules(self) -> Iterable[SettingsProblem]:
        """Yield margin tables out of order, leverages that no position would survive, and what is not read."""
        yield from self._broken_tiers()
        yield from self._broken_leverages()
        if self.tiers:
            yield from self.without_effect(("maintenance_rate",), "beside tiers", "no tiers")
        if not self.funding:
            yield from self.without_effect(("missing_funding",), "with funding false", "funding true")
        if self.stop_trigger == "mark" and not self.mark_price:
            yield SettingsProblem("stop_trigger", "mark", "allowed: last with mark_price false")

    def _broken_tiers(self) -> Iterator[SettingsProblem]:
        yield from _not_rising("tiers", "notional_cap", [tier.notional_cap for tier in self.tiers])
        for fault in tier_faults(tier.exact() for tier in self.tiers):
            value = getattr(self.tiers[fault.position], fault.field)
            if fault.field == "maintenance_amount":
                allowed = f"allowed: at most {float(fault.most or 0):g}, the tier's least notional × maintenance_rate"
            else:
                word, bound = ("least", fault.least) if fault.most is None else ("most", fault.most)
                allowed = f"allowed: at {word} that of the tier before ({shown(float(bound or 0))})"
            yield SettingsProblem(f"tiers[{fault.position}].{fault.field}", shown(value), allowed)

    def _broken_leverages(self) -> Iterator[SettingsProblem]:
        """Yield leverages whose initial margin (1 ÷ leverage) is used up at the entry price already."""
        rate = self.tiers[0].maintenance_rate if self.tiers else self.maintenance_rate
        name = "tiers[0].maintenance_rate" if self.tiers else "maintenance_rate"
        written = {"leverage": self.leverage}
        written.update({f"leverages.{shown_key(symbol)}": leverage for symbol, leverage in self.leverages.items()})
        for key, leverage in written.items():
            if leverage * rate >= 1:
                yield SettingsProblem(key, shown(leverage), f"allowed: below {1 / rate:g} (1 ÷ {name} {shown(rate)})")
            elif leverage * self.liquidation_fee >= 1:
                limit = f"{1 / self.liquidation_fee:g} (1 ÷ liquidation_fee {shown(self.liquidation_fee)})"
                yield SettingsProblem(key, shown(leverage), f"allowed: below {limit}")
            elif self.tiers and leverage > self.tiers[0].max_leverage:
                limit = f"{shown(self.tiers[0].max_leverage)}, max_leverage of tiers[0]"
                yield SettingsProblem(key, shown(leverage), f"allowed: at most {limit}")

    def leverage_of(self, symbol: str) -> float:
        """Return a symbol's leverage."""
        return self.leverages.get(symbol, self.leverage)
