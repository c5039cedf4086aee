"""Recommendations from all that the store knows: claims are collected, tested together, and those that stand kept."""

from collections.abc import Sequence
from typing import Any, NamedTuple, Unpack

import msgspec
from sqlalchemy.exc import IntegrityError

from core.errors import ConfigurationError, HarnessError
from core.settings_problem import shown
from research.recommendations.binding_settings import binding_claims
from research.recommendations.change import Claim, Pair
from research.recommendations.compared_runs import can_be_compared, compare, ranges_to_compare
from research.recommendations.confidence import KindRecord, kind_records
from research.recommendations.judged_claims import Evidence, Finding, Judged, judged
from research.recommendations.point_claims import point_claims, point_evidence
from research.recommendations.run_claims import symbol_evidence, timeframe_evidence, together
from research.recommendations.searched_windows import SearchedWindow, searched_windows
from research.recommendations.system_now import SystemNow
from research.recommendations.unsearched_runs import unsearched_runs
from research.studies.surroundings import OpenedSurroundings, Surroundings, require_known
from runs.store.run_store import RunStore
from runs.store.store_rows import Recommendation
from systems.catalogue import all_systems, read_system
from systems.life_cycle.epoch_tracker import wall_clock_ms

WITHDRAWN = "withdrawn: "
"""How the note of a recommendation begins that its evidence no longer speaks for."""
CONFIRMED = 5
"""Claims for which runs are made where no number is said."""


class Recommendations(msgspec.Struct, frozen=True, eq=False, kw_only=True):
    """What was found: ``rows`` are the recommendations that stand, as they are kept, with those of them
    that were decided before; ``withdrawn`` no longer stand, and ``losing`` systems lose on every symbol. ``tested`` has
    every claim that was tested, ``untested`` the others with what they lack; ``unsound`` are systems that cannot be
    run, and why."""

    rows: list[Recommendation]
    withdrawn: list[Recommendation]
    tested: list[Finding]
    untested: list[tuple[Claim, str]]
    systems: list[str]
    losing: list[str]
    unsound: dict[str, str] = {}


class RecommendOptions(Surroundings, total=False):
    """What else :func:`recommend` may be told."""

    confirm: int


class _Known(NamedTuple):
    """A system, and what the store has of its strategy."""

    system: SystemNow
    windows: list[SearchedWindow]


def recommend(system: str | None = None, **options: Unpack[RecommendOptions]) -> Recommendations:
    """Collect what studies and runs in the store speak for, test it out of sample, and keep what stands.

    Parameters
    ----------
    system
        The id of one; None are all of the folder.
    **options
        ``confirm``: for so many claims that were seen in too few windows the runs are made that they lack, with the
        change and without it; none where nothing is said. All others as of :func:`research.optimise`.

    Raises
    ------
    ConfigurationError
        If there is no such system.
    HarnessError
        As of a study, where runs are made.
    """
    require_known(options, RecommendOptions, "recommend")
    confirm = options.get("confirm", 0)
    if not isinstance(confirm, int) or isinstance(confirm, bool) or confirm < 0:
        raise ConfigurationError(f"confirm: {shown(confirm)} — allowed: a whole number from 0")
    given: Any = {name: one for name, one in options.items() if name != "confirm"}
    with OpenedSurroundings(given) as opened:
        unsound: dict[str, str] = {}
        systems = _systems(system, opened, unsound)
        evidence = [one for known in systems for one in evidence_of(known.system, known.windows, opened.store)]
        if confirm and _confirmed(evidence, {one.system.id: one for one in systems}, confirm, opened):
            systems = [_Known(one.system, searched_windows(opened.store, one.system.strategy)) for one in systems]
            evidence = [one for known in systems for one in evidence_of(known.system, known.windows, opened.store)]
        found = _kept(judged(evidence), [one.system for one in systems], opened.store)
        return msgspec.structs.replace(found, unsound=unsound)


def evidence_of(system: SystemNow, windows: Sequence[SearchedWindow], store: RunStore) -> list[Evidence]:
    """Return every claim about a system with what the store has seen of it."""
    ids = {int(row.id or 0): row.run_id for row in store.runs()}
    claims = {one.key: one for one in binding_claims(system, unsearched_runs(system, windows, store))}
    # A change that a search chose is judged without the window of the search, whatever else speaks for it.
    claims |= {one.key: one for one in point_claims(system, windows)}
    of_points = [point_evidence(one, system, windows, ids) for one in claims.values()]
    return [*of_points, *symbol_evidence(system, windows, store), *timeframe_evidence(system, windows, store)]


def _systems(wanted: str | None, opened: OpenedSurroundings, unsound: dict[str, str]) -> list[_Known]:
    """Return the systems that are asked for; of all of a folder those that cannot be run are told in ``unsound``."""
    folder = opened.places.systems
    if wanted is not None:
        systems = [SystemNow(read_system(wanted, folder), opened.places)]
    else:
        systems = []
        for id_, one in all_systems(folder).items():
            try:
                if isinstance(one, HarnessError):
                    raise one
                systems.append(SystemNow(one, opened.places))
            except HarnessError as error:
                unsound[id_] = str(error).split("\n")[0]
    by_strategy = {name: searched_windows(opened.store, name) for name in {one.strategy for one in systems}}
    return [_Known(one, by_strategy[one.strategy]) for one in systems]


def _confirmed(evidence: Sequence[Evidence], systems: dict[str, _Known], most: int, opened: OpenedSurroundings) -> bool:
    """Make the runs that claims lack; whether there were any. What was searched last comes first."""
    lacking = [one for one in evidence if can_be_compared(one.claim) and _lacks(one)]
    now_ms = wall_clock_ms()
    made = False
    for one in lacking[::-1][:most]:
        system = systems[one.claim.system].system
        for window in ranges_to_compare(one.claim, one.own, system, opened.store, now_ms):
            compare(one.claim, system, window, opened)
            made = True
    return made


def _lacks(one: Evidence) -> bool:
    return bool(judged([one]).untested)


def _kept(found: Judged, systems: Sequence[SystemNow], store: RunStore) -> Recommendations:
    """Keep what stands, and withdraw what no longer does."""
    before = store.records(Recommendation)
    records = kind_records(before)
    known = {(one.settings_sha256, one.claim): one for one in before}
    by_id = {one.id: one for one in systems}
    rows: list[Recommendation] = []
    of_symbols = [one for one in found.standing if one.claim.kind == "symbols"]
    for one in together(found.standing):
        row = _row(one, by_id[one.claim.system], records)
        old = known.get((row.settings_sha256, row.claim))
        if old is not None and (old.status != "pending" and not _withdrawn(old)):
            rows.append(old)
            continue
        if old is not None:
            row = msgspec.structs.replace(row, id=old.id, created_ms=old.created_ms)
        rows.append(_recorded(row, store))
    stand = {one.id for one in rows}
    return Recommendations(
        rows=rows,
        withdrawn=_withdraw([one for one in before if one.id not in stand], by_id, store),
        tested=found.findings,
        untested=found.untested,
        systems=list(by_id),
        losing=sorted({one.claim.system for one in of_symbols} - {one.system for one in rows if one.kind == "symbols"}),
    )


def _withdraw(fallen: Sequence[Recommendation], systems: dict[str, SystemNow], store: RunStore) -> list[Recommendation]:
    """Withdraw what is pending of these systems, and return it."""
    withdrawn = []
    for one in fallen:
        system = systems.get(str(one.system))
        if one.status == "pending" and system is not None:
            same = one.settings_sha256 == system.settings_sha256
            why = "it no longer stands" if same else "the system is another now"
            gone = msgspec.structs.replace(one, status="rejected", note=f"{WITHDRAWN}{why}")
            store.record(gone)
            withdrawn.append(gone)
    return withdrawn


def _withdrawn(row: Recommendation) -> bool:
    return row.status == "rejected" and (row.note or "").startswith(WITHDRAWN)


def _recorded(row: Recommendation, store: RunStore) -> Recommendation:
    try:
        return msgspec.structs.replace(row, id=store.record(row))
    except IntegrityError:
        raise ConfigurationError(
            f"{row.system}: another process recommends the same at this moment — allowed: wait for it"
        ) from None


def _row(one: Finding, system: SystemNow, records: dict[str, KindRecord]) -> Recommendation:
    claim = one.claim
    return Recommendation(
        status="pending",
        system=claim.system,
        strategy=system.strategy,
        params=claim.recommended,
        evidence=_evidence(one),
        created_ms=wall_clock_ms(),
        kind=claim.kind,
        claim=claim.key,
        settings_sha256=system.settings_sha256,
        current=claim.current,
        expected_change=one.change.mean,
        expected_low=one.low,
        expected_high=one.high,
        level=one.level,
        probability=one.probability,
        confidence=records[claim.kind].confidence(one.probability),
    )


def _evidence(one: Finding) -> dict[str, Any]:
    return {
        "because": one.claim.because,
        "searched": None if one.claim.searched is None else msgspec.to_builtins(one.claim.searched),
        "tested": one.tested,
        "p_value": one.change.p_value,
        "error": one.change.error,
        "method": one.change.method,
        "block": one.change.block,
        "days": one.change.days,
        "differing": one.change.differing,
        "better": one.better,
        "markets": one.markets,
        "markets_better": one.markets_better,
        "windows": [_seen(pair) for pair in one.pairs],
        "elsewhere": [_seen(pair) for pair in one.elsewhere],
    }


def _seen(pair: Pair) -> dict[str, Any]:
    return {
        "window": msgspec.to_builtins(pair.window),
        "market": pair.market,
        "change": pair.mean,
        "days": len(pair.differences),
        "trades": pair.trades,
        "risk": pair.risk,
        "study": pair.study,
        "trials": list(pair.trials),
        "runs": list(pair.runs),
    }
