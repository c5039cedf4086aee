"""Several systems on one account: how a portfolio is written, and what it comes to."""

import functools
import hashlib
import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Annotated, Any

from pydantic import AfterValidator, Field

from core.errors import ConfigurationError
from core.exact import EXACT, ZERO, add, computed, floor_to, received, subtract
from core.settings_file import Plain
from core.settings_problem import SettingsProblem, shown
from core.settings_section import Allowed, SettingsSection
from execution.safety.shared_limits import PortfolioLimits
from risk_management.allocation.allocation import FEWEST_DAYS, Allocation, learns
from risk_management.allocation.return_moments import normalised
from validation.composed_settings import Settings
from validation.config_error import ConfigValidationError
from validation.live_settings import LiveSettings
from validation.varied_settings import varied_settings

_REBALANCE = re.compile(r"never|monthly|[1-9][0-9]{0,2}d")
_MEMBER = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")
_CENT, _MOST_DIGITS = Decimal("0.01"), Decimal(10_000_000)
_FINEST = Decimal("0.00000001")


def _rebalance(text: str) -> str:
    if _REBALANCE.fullmatch(text) is None:
        raise ValueError("is no time")
    return text


class PortfolioTerms(SettingsSection):
    """How one account is divided among systems, and what they may do in all."""

    capital: float | None = Field(
        None, gt=0, description="Quote currency of the whole account; null adds up what the members start with alone"
    )
    allocation: Allocation = Field("equal", description="The rule by which the account is divided")
    weights: Annotated[
        dict[str, Annotated[float, Field(gt=0)]],
        Allowed("a number above 0 for each member, of any sum; with allocation fixed alone"),
    ] = Field(default_factory=dict, description="The shares of the members")
    lookback: int = Field(
        90,
        ge=FEWEST_DAYS,
        le=3_650,
        description="Days of returns that inverse_volatility, risk_parity and minimum_correlation look at",
    )
    rebalance: Annotated[
        str,
        AfterValidator(_rebalance),
        Allowed("never, monthly, or a number of days such as 7d"),
    ] = Field("never", description="The UTC midnights at which cash moves between members")
    limits: PortfolioLimits = Field(default_factory=PortfolioLimits, description="Limits on all members together")

    def broken_rules(self) -> Iterable[SettingsProblem]:
        """Yield weights that nothing reads, or that are lacking, and rules that are never applied."""
        if self.allocation == "fixed" and not self.weights:
            yield SettingsProblem("weights", "is missing", "allowed: a number above 0 for each member")
        if self.allocation != "fixed":
            yield from self.without_effect(("weights",), f"with allocation {self.allocation}", "allocation fixed")
        if not learns(self.allocation):
            yield from self.without_effect(
                ("lookback",),
                f"with allocation {self.allocation}",
                "an allocation that looks at returns",
            )
        elif self.rebalance == "never":
            wrong = f"{shown(self.allocation)} has no effect with rebalance never"
            yield SettingsProblem("allocation", wrong, "allowed: rebalance monthly or a number of days")


@dataclass(frozen=True)
class PortfolioSettings:
    """A portfolio with everything resolved: each member's settings have its share of the capital as their balance.

    ``weights`` are the shares at the start, in the order of the members. ``capital`` is exact.
    """

    name: str
    terms: PortfolioTerms
    members: Mapping[str, Settings]
    weights: tuple[float, ...]
    capital: Decimal

    @property
    def first(self) -> LiveSettings:
        """The live settings of the first member: exchange, timeframe and data are the same of all."""
        return next(iter(self.members.values())).live

    @property
    def symbols(self) -> list[str]:
        """The traded symbols of all members, each once."""
        return list(dict.fromkeys(symbol for one in self.members.values() for symbol in one.live.symbols))

    @property
    def settings_sha256(self) -> str:
        """Hash of all that can change a result: how the account is divided, and every member's own."""
        text = json.dumps(
            {**self._divided(), "members": {name: one.settings_sha256 for name, one in self.members.items()}},
            sort_keys=True,
            separators=(",", ":"),
            allow_nan=False,
        )
        return hashlib.sha256(text.encode()).hexdigest()

    def resolved(self) -> dict[str, Plain]:
        """Return plain values that JSON can hold; the members' under ``members``."""
        members: dict[str, Plain] = {name: one.resolved() for name, one in self.members.items()}
        return {"name": self.name, **self._divided(), "members": members}

    def feed(self) -> "PortfolioFeed":
        """Return the settings by which candles of all members come in."""
        first = next(iter(self.members.values()))
        watch = dict.fromkeys(symbol for one in self.members.values() for symbol in one.live.watch)
        live = first.live.model_copy(update={"symbols": tuple(self.symbols), "watch": tuple(watch)})
        return PortfolioFeed(live, first.risk, first.mode, first.files, self)

    def _divided(self) -> dict[str, Any]:
        return {
            "terms": self.terms.model_dump(mode="json"),
            "capital": float(self.capital),
            "shares": list(self.weights),
            "order": list(self.members),
        }


@dataclass(frozen=True)
class PortfolioFeed(Settings):
    """The settings by which the candles of a portfolio come in: those of its first member, with the symbols of all.

    What trades, and the hash, are those of ``portfolio``.
    """

    portfolio: PortfolioSettings

    @functools.cached_property
    def settings_sha256(self) -> str:
        """Hash of all that can change a result of the portfolio."""
        return self.portfolio.settings_sha256

    def resolved(self) -> dict[str, Plain]:
        """Return the sections of all settings, and the portfolio's."""
        return {**super().resolved(), "portfolio": self.portfolio.resolved()}


def portfolio_of_resolved(
    values: Mapping[str, Any], settings_of: Callable[[Any], Settings], source: str
) -> PortfolioSettings:
    """Return the portfolio that :meth:`PortfolioSettings.resolved` made plain.

    Parameters
    ----------
    values
        The plain values.
    settings_of
        Gives the settings of a member's plain values.
    source
        What problems are said to be of.

    Raises
    ------
    ConfigurationError
        If they are not those of a portfolio.
    """
    try:
        terms = PortfolioTerms.from_dict(values["terms"])
        members = {str(name): settings_of(values["members"][name]) for name in values["order"]}
        shares, capital = tuple(float(one) for one in values["shares"]), received(float(values["capital"]))
        return PortfolioSettings(str(values["name"]), terms, members, shares, capital)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise ConfigurationError(f"{source}: portfolio: cannot be read: {error}") from error


def compose_portfolio(
    name: str, terms: PortfolioTerms, members: Mapping[str, Settings], file: str = ""
) -> PortfolioSettings:
    """Return a portfolio of checked settings.

    Parameters
    ----------
    name
        What it is called.
    terms
        How the account is divided.
    members
        The settings of each, as it would run alone.
    file
        What problems are said to be of.

    Raises
    ------
    ConfigValidationError
        If a name cannot be, weights are not of the members, or these cannot share an account; all problems are named.
    """
    problems = [*_names(terms, members), *_apart(members)]
    if problems:
        raise ConfigValidationError.of(*(one.of(file) for one in problems))
    weights = tuple(normalised([terms.weights.get(one, 1.0) for one in members]))
    own = [received(one.live.execution.starting_balance) for one in members.values()]
    capital = received(terms.capital) if terms.capital is not None else _sum(own)
    balances = [capital] if len(members) == 1 else _divided(capital, weights)
    shared = {
        member: _with_balance(settings, float(balance), f"{file}: members.{member}")
        for (member, settings), balance in zip(members.items(), balances, strict=True)
    }
    return PortfolioSettings(name, terms, shared, weights, capital)


def _sum(amounts: Iterable[Decimal]) -> Decimal:
    whole = ZERO
    for one in amounts:
        whole = add(whole, one)
    return whole


def _divided(capital: Decimal, weights: Iterable[float]) -> list[Decimal]:
    """Return shares of the capital that add up to it exactly, each with no more digits than a setting can hold."""
    step = _FINEST if capital < _MOST_DIGITS else _CENT
    shares = [floor_to(EXACT.multiply(capital, computed(weight)), step) for weight in weights]
    shares[-1] = subtract(capital, _sum(shares[:-1]))
    return shares


def _with_balance(settings: Settings, balance: float, called: str) -> Settings:
    if settings.live.execution.starting_balance == balance:
        return settings
    return varied_settings(settings, {"execution.starting_balance": balance}, called)


def _names(terms: PortfolioTerms, members: Mapping[str, Settings]) -> Iterator[SettingsProblem]:
    if not members:
        yield SettingsProblem("members", "names none", "allowed: a section with a system for each member")
    for name in members:
        if _MEMBER.fullmatch(name) is None:
            words = "allowed: small letters, digits, - and _: outputs lie in a folder of the name"
            yield SettingsProblem(f"members.{name}", "cannot be the name of a member", words)
    if terms.allocation == "fixed" and set(terms.weights) != set(members):
        allowed = f"allowed: a number above 0 for each of {', '.join(members)}, and no other"
        yield SettingsProblem("weights", f"names {', '.join(terms.weights)}", allowed)


def _apart(members: Mapping[str, Settings]) -> Iterator[SettingsProblem]:
    """Yield what members have differently although one account at one exchange cannot."""
    named = list(members.items())
    for name, settings in named[1:]:
        first = _shared_by(named[0][1])
        for key, value in _shared_by(settings).items():
            if value != first[key]:
                wrong = f"{key} is {shown(value)}, that of {named[0][0]} is {shown(first[key])}"
                yield SettingsProblem(f"members.{name}", wrong, "allowed: members that share it")


def _shared_by(settings: Settings) -> dict[str, object]:
    live, mode = settings.live, settings.mode
    perpetual = live.execution.perpetual
    return {
        "exchange": live.exchange,
        "timeframe": live.timeframe,
        "detail_interval": live.detail_interval,
        "data.cache_dir": live.data.cache_dir,
        "data.off_grid": live.data.off_grid,
        "execution.perpetual": "none" if perpetual is None else "there",
        "execution.perpetual.funding": None if perpetual is None else perpetual.funding,
        "execution.perpetual.mark_price": None if perpetual is None else perpetual.mark_price,
        "mode": mode.mode,
        "kill_switch_env_var": mode.kill_switch_env_var,
        "kill_switch_file": mode.kill_switch_file,
    }
