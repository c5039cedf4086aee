"""Claims about points: what searches chose, and what it was worth in the windows that they did not see."""

from collections.abc import Mapping, Sequence

import numpy as np

from core.candle_columns import Float64Array
from research.recommendations.change import Claim, Pair, kind_of
from research.recommendations.judged_claims import Evidence
from research.recommendations.searched_windows import PointRun, SearchedWindow
from research.recommendations.system_now import SystemNow


def point_claims(system: SystemNow, windows: Sequence[SearchedWindow]) -> list[Claim]:
    """Return what searches of the system as it stands chose otherwise than it is.

    Each point is one claim, whatever number of searches chose it: of the first of them. That the others chose it too is
    then evidence as any other, since nothing of theirs made it a claim.
    """
    found: dict[str, Claim] = {}
    for one in windows:
        if one.best is None or one.hashes.settings != system.settings_sha256:
            continue
        chosen = dict(one.best)
        changed = {key: chosen[key] for key in one.keys if chosen[key] != system.values.get(key)}
        if not changed:
            continue
        claim = Claim(
            kind=kind_of(list(changed)),
            system=system.id,
            current={key: system.values.get(key) for key in changed},
            recommended=changed,
            searched=one.window,
            because=f"the best of study {one.study}",
        )
        found.setdefault(claim.key, claim)
    return list(found.values())


def point_evidence(
    claim: Claim, system: SystemNow, windows: Sequence[SearchedWindow], runs: Mapping[int, str]
) -> Evidence:
    """Return what studies saw of a claim in windows other than the one it was chosen in.

    On the market of the system both are runs of the system as it stands, but for the change. Elsewhere they are trials
    of another market, or of other settings, that differ in nothing but the change and are as the system is in all else
    that was varied.

    Parameters
    ----------
    runs
        Ids of runs by their rows in the store.
    """
    own: list[Pair] = []
    elsewhere: list[Pair] = []
    for one in windows:
        if not claim.admits(one.window) or not set(claim.recommended) <= set(one.keys):
            continue
        at_home = one.hashes.settings == system.settings_sha256
        changed = one.at({**system.values, **claim.recommended})
        now = one.at({**system.values, **claim.current}) or (one.base if at_home else None)
        if changed is None or now is None:
            continue
        if at_home:
            varied = {key: {**system.values, **claim.recommended}[key] for key in one.keys}
            if changed.fingerprint == system.mark(varied, one.window, one.hashes):
                own.append(_pair(one, changed, now, runs))
        elif one.market != system.market:
            elsewhere.append(_pair(one, changed, now, runs))
    return Evidence(claim=claim, own=own, elsewhere=elsewhere)


def _pair(one: SearchedWindow, changed: PointRun, now: PointRun, runs: Mapping[int, str]) -> Pair:
    days, differences = changed.returns.less(now.returns)
    before = _deviation(now.returns.returns)
    return Pair(
        window=one.window,
        days=days,
        differences=differences,
        trades=changed.trades,
        market=one.called,
        study=one.study,
        trials=(changed.trial, now.trial),
        runs=tuple(runs[run] for run in (changed.run, now.run) if run is not None and run in runs),
        risk=_deviation(changed.returns.returns) / before if before > 0.0 else None,
    )


def _deviation(returns: Float64Array) -> float:
    return float(np.std(returns)) if len(returns) else 0.0
