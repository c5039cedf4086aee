"""What became of imported files, as lines of text."""

from core.candle_move import DEFAULT_MAX_CANDLE_MOVE
from core.instants import format_ms
from core.instrument import Instrument
from market_data.files.candle_import import Imported, RulesFound
from market_data.quality.candle_quality import REASON_TEXT, QualityReport
from market_data.store.rows_change import WriteResult

ROWS = {"candles": "candles", "mark": "mark candles", "funding": "payments", "open-interest": "rows"}
"""What the rows of each kind of series are called."""


def describe(imported: Imported) -> list[str]:
    """Return what became of one file as lines of text."""
    series, file, report, holes, result, rules, intervals = imported
    missing = f"{len(holes):,} holes ({sum(hole.missing for hole in holes):,} {ROWS[series.kind]} missing)"
    taken = f"{series}: {report.accepted:,} of {report.rows:,} rows taken, {report.refused_rows:,} refused, "
    if series.kind in ("candles", "mark"):
        taken += f"{report.snapped:,} snapped, {missing}, {report.outliers:,} outliers flagged"
    else:
        taken += f"{missing}{f', interval {intervals}' if intervals else ''}"
    lines = [taken, f"  from {file.path}", f"  read as: {', '.join(file.read_as)}"]
    lines += [f"  {note}" for note in file.notes]
    if file.cut_times:
        lines.append(f"  {file.cut_times:,} times lost parts of a millisecond")
    if file.ignored_columns:
        lines.append(f"  columns ignored: {', '.join(file.ignored_columns)}")
    return [*lines, *describe_findings(report), *_describe_result(result), *(_describe_rules(rules) if rules else ())]


def describe_findings(report: QualityReport) -> list[str]:
    """Return one line for each kind of finding, with its first examples."""
    counts = {f"refused, {REASON_TEXT[reason]}": (reason, count) for reason, count in report.refused.items()}
    counts["snapped to the grid"] = ("snapped", report.snapped)
    counts["flagged as outliers"] = ("outlier", report.outliers)
    moved = f"kept, though they move by more than a factor of {DEFAULT_MAX_CANDLE_MOVE:g}, as a redenomination does"
    counts[moved] = ("move", report.moves)
    lines = []
    for text, (kind, count) in counts.items():
        if count:
            examples = report.examples.get(kind, ())
            shown = "; ".join(
                f"row {example[0]:,} {format_ms(example[1])} {','.join(repr(value) for value in example[2:])}"
                for example in examples
            )
            lines.append(f"  {text}: {count:,}, first {shown}")
    return lines


def _describe_result(result: WriteResult) -> list[str]:
    changed = f", {result.replaced:,} replaced" if result.replaced else ""
    changed += f", {result.completed:,} completed" if result.completed else ""
    lines = [f"  stored: {result.added:,} added, {result.known:,} known already, {result.revised:,} revised{changed}"]
    if result.revised:
        times = ", ".join(format_ms(time_ms) for time_ms in result.revised_ms)
        lines.append(
            f"  revised: stored with other values before, which stand; first at {times}; --replace takes the file's"
        )
    if result.completed:
        times = ", ".join(format_ms(time_ms) for time_ms in result.completed_ms)
        lines.append(f"  completed: the last candle of an earlier import, which was not closed then; at {times}")
    if result.replaced or result.completed:
        lines.append("  what was stored before is kept as a revision")
    return lines


def _describe_rules(rules: RulesFound) -> list[str]:
    stands, found, before = rules.instrument, rules.found, rules.before
    line = f"  rules: {_steps(stands)} ({stands.source})"
    if before is None:
        return [line]
    if not rules.kept:
        return [f"{line}, inferred anew; before: {_steps(before)}" if _steps(before) != _steps(stands) else line]
    if before.source != found.source or _steps(found) == _steps(before):
        return [f"{line}, as before"]
    return [f"{line}, as before; these candles alone show {_steps(found)}, which --infer-rules would take"]


def _steps(rules: Instrument) -> str:
    return f"tick {rules.tick_size:f}, lot {rules.lot_size:f}"
