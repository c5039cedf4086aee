"""Which claims stand: each is tested on days that it was not chosen by, and all of them share one chance to err."""

from collections.abc import Sequence

import msgspec

from metrics.figures.undefined import Undefined
from research.recommendations.change import Claim, Pair, joined
from research.recommendations.mean_change import MeanChange, mean_change

ERROR = 0.05
"""How probable it is at most that anything stands where nothing is worth anything."""
LEAST_WINDOWS = 2
_BETTER_SHARE = 2.0 / 3.0
_ELSEWHERE_SHARE = 0.5


class Evidence(msgspec.Struct, frozen=True, eq=False, kw_only=True):
    """A claim and what was seen of it: ``own`` on the market of the system, ``elsewhere`` on others."""

    claim: Claim
    own: list[Pair]
    elsewhere: list[Pair] = []


class Finding(msgspec.Struct, frozen=True, eq=False, kw_only=True):
    """A claim that was tested, one of ``tested``.

    ``pairs`` are those of the ranges that do not overlap, and ``change`` is of all their days; the interval from
    ``low`` to ``high`` has the probability ``level``. ``better`` counts the ranges in which the change earned more,
    ``markets`` the other markets with evidence, and ``markets_better`` those in which it did there. ``probability`` is
    that the change is worth something, after all that was tested.
    """

    claim: Claim
    change: MeanChange
    pairs: list[Pair]
    elsewhere: list[Pair]
    low: float
    high: float
    level: float
    tested: int
    probability: float
    better: int
    markets: int
    markets_better: int

    @property
    def fails(self) -> str | None:
        """Why nothing is recommended; None where it stands."""
        if not self.low > 0.0:
            return "the interval reaches 0"
        if self.better < _BETTER_SHARE * len(self.pairs):
            return f"better in {self.better} of {len(self.pairs)} windows only"
        if self.markets_better < _ELSEWHERE_SHARE * self.markets:
            return f"better on {self.markets_better} of {self.markets} other markets only"
        return None


class Judged(msgspec.Struct, frozen=True, eq=False, kw_only=True):
    """All claims: ``findings`` are those that were tested, the surest first; ``untested`` the others, and why."""

    findings: list[Finding]
    untested: list[tuple[Claim, str]]

    @property
    def standing(self) -> list[Finding]:
        """Those that stand."""
        return [one for one in self.findings if one.fails is None]


def judged(evidence: Sequence[Evidence]) -> Judged:
    """Return what stands of claims.

    Each mean is given an interval that holds it with 1 − 0.05 / m, m the number of all claims that are tested together
    (Bonferroni): with 95 % all of them hold at once, so that where nothing is worth anything one or more stand in at
    most 5 of 100 histories, by as much as the days are not what the interval takes them for. A claim that lacks
    evidence is not tested, and takes nothing from the others.

    A claim stands where its interval is above 0, the change earned more in two thirds of at least two ranges of time
    that do not overlap, and in the mean on half of the other markets on which it was seen.
    """
    tested: list[tuple[Evidence, list[Pair], MeanChange]] = []
    untested: list[tuple[Claim, str]] = []
    for one in evidence:
        pairs, differences = joined(one.own)
        change = mean_change(differences)
        if len(pairs) < LEAST_WINDOWS:
            untested.append((one.claim, f"seen in {len(pairs)} windows out of sample; it needs {LEAST_WINDOWS}"))
        elif isinstance(change, Undefined):
            untested.append((one.claim, change.reason))
        else:
            tested.append((one, pairs, change))
    found = [_finding(*one, len(tested)) for one in tested]
    return Judged(findings=sorted(found, key=lambda one: one.change.p_value), untested=untested)


def _finding(evidence: Evidence, pairs: list[Pair], change: MeanChange, tested: int) -> Finding:
    level = 1.0 - ERROR / tested
    low, high = change.interval(level)
    means: dict[str, list[float]] = {}
    elsewhere = _by_market(evidence.elsewhere)
    for one in elsewhere:
        means.setdefault(one.market, []).extend(one.differences.tolist())
    return Finding(
        claim=evidence.claim,
        change=change,
        pairs=pairs,
        elsewhere=elsewhere,
        low=low,
        high=high,
        level=level,
        tested=tested,
        probability=1.0 - min(1.0, tested * change.p_value),
        better=sum(one.mean > 0.0 for one in pairs),
        markets=len(means),
        markets_better=sum(sum(one) > 0.0 for one in means.values()),
    )


def _by_market(pairs: Sequence[Pair]) -> list[Pair]:
    """Return, market by market, the pairs of ranges that do not overlap."""
    markets = sorted({one.market for one in pairs})
    return [pair for market in markets for pair in joined([one for one in pairs if one.market == market])[0]]
