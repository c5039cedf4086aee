"""Recommendations as they are shown: a table of them, one with its evidence, and what came of those followed."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from core.instants import format_ms
from research.recommendations.change import Claim, changed_text
from research.recommendations.confidence import KindRecord
from research.recommendations.judged_claims import Finding
from research.recommendations.reviewing import Reviewed
from runs.commands.text_blocks import UNDEFINED, Facts, Grid, number
from runs.store.store_rows import Recommendation

_SHOWN = 10


def listed(rows: Sequence[Recommendation]) -> Grid:
    """Return recommendations as a table."""
    header = ("id", "status", "type", "system", "current", "recommended", "change % a day", "interval", "confidence")
    return Grid(header, [[*_words(one), *_numbers(one)] for one in rows], 6)


def told(row: Recommendation, records: Mapping[str, KindRecord]) -> list[Facts | Grid]:
    """Return a recommendation with all that speaks for it."""
    evidence: dict[str, Any] = row.evidence or {}
    change, interval, confidence = _numbers(row)
    record = records[str(row.kind)]
    method = f"blocks of {evidence['block']:.1f} days" if evidence["method"] == "blocks" else "independent days"
    facts = [
        ("status", row.status + (f" ({row.note})" if row.note else "")),
        ("type", str(row.kind)),
        ("current", changed_text(row.current or {})),
        ("recommended", changed_text(row.params or {})),
        ("because", str(evidence["because"])),
        ("expected change", f"{change} % of equity a day, {interval} with {number(100.0 * (row.level or 0.0))} %"),
        ("method", f"{evidence['days']} days out of sample, {evidence['differing']} of them differ; {method}"),
        (
            "confidence",
            f"{confidence} ({number(row.probability, 3)} by its evidence; others of its type: {record.text})",
        ),
        ("tested", f"one of {evidence['tested']} claims"),
        (
            "other markets",
            f"better on {evidence['markets_better']} of {evidence['markets']}" if evidence["markets"] else "-",
        ),
    ]
    if row.version:
        facts.append(("version", row.version))
    if row.outcome is not None:
        facts.append(("outcome", _outcome(row.outcome)))
    seen = [*evidence["windows"], *evidence["elsewhere"]]
    header = ("window", "market", "change % a day", "days", "trades", "risk ×", "study", "trials", "runs")
    rows = [
        (
            f"{format_ms(one['window']['start_ms'])[:10]} to {format_ms(one['window']['end_ms'])[:10]}",
            one["market"],
            _per_day(one["change"]),
            number(one["days"]),
            number(one["trades"]),
            number(one["risk"]),
            str(one["study"] or "-"),
            " ".join("base" if trial is None else str(trial) for trial in one["trials"]) or "-",
            " ".join(one["runs"]) or "-",
        )
        for one in seen
    ]
    return [Facts(f"Recommendation {row.id}: {row.system}", facts), Grid(header, rows, 2)]


def claims(tested: Sequence[Finding], untested: Sequence[tuple[Claim, str]]) -> Iterator[Facts | Grid]:
    """Yield the claims that do not stand, the surest first, and those that were not tested."""
    fallen = [one for one in tested if one.fails is not None]
    if fallen:
        header = ("claim", "system", "why not", "change % a day", "interval", "p")
        rows = [
            (
                _claim(one.claim),
                one.claim.system,
                str(one.fails),
                _per_day(one.change.mean),
                f"{_per_day(one.low)} to {_per_day(one.high)}",
                number(one.change.p_value, 3),
            )
            for one in fallen[:_SHOWN]
        ]
        yield Grid(header, rows, 3)
    lacking = [(one, why) for one, why in untested if one.kind in ("parameters", "setting")]
    if lacking:
        yield Grid(
            ("not tested", "system", "why"), [(_claim(one), one.system, why) for one, why in lacking[:_SHOWN]], 3
        )


def reviewed(rows: Sequence[Reviewed]) -> Grid:
    """Return what became of recommendations that were followed."""
    header = ("id", "status", "type", "version", "expected % a day", "interval", "outcome")
    cells = []
    for one in rows:
        change, interval, _ = _numbers(one.row)
        outcome = _outcome(one.row.outcome) if one.row.outcome is not None else f"waits: {one.waits}"
        cells.append(
            (str(one.row.id), one.row.status, str(one.row.kind), one.row.version or "-", change, interval, outcome)
        )
    return Grid(header, cells, 4)


def kinds(records: Sequence[KindRecord]) -> Grid:
    """Return the record of every kind; ``confidence`` is that of a recommendation that is sure by its evidence."""
    rows = [(one.kind, str(one.held), str(one.failed), number(one.confidence(1.0), 3)) for one in records]
    return Grid(("type", "held", "did not", "confidence at most"), rows, 1)


def _claim(one: Claim) -> str:
    if one.kind == "symbols":
        return one.because
    return f"{changed_text(one.recommended)} (now {changed_text(one.current)})"


def _words(row: Recommendation) -> list[str]:
    values = (changed_text(row.current or {}), changed_text(row.params or {}))
    return [str(row.id), row.status, str(row.kind), str(row.system), *values]


def _numbers(row: Recommendation) -> tuple[str, str, str]:
    interval = f"{_per_day(row.expected_low)} to {_per_day(row.expected_high)}"
    return _per_day(row.expected_change), interval, number(row.confidence, 3)


def _per_day(value: float | None) -> str:
    """Return a fraction of equity a day in per cent, with its sign."""
    return UNDEFINED if value is None else f"{100.0 * value:+.4f}"


def _outcome(outcome: Mapping[str, Any]) -> str:
    interval = "" if outcome["low"] is None else f" ({_per_day(outcome['low'])} to {_per_day(outcome['high'])})"
    held = "held" if outcome["held"] else "did not hold"
    unlike = "" if outcome["as_expected"] in (None, True) else ", unlike what was expected"
    return f"{held}: {_per_day(outcome['change'])} in {outcome['days']} days{interval}{unlike}"
