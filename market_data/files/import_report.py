"""What became of imported files, as lines of text."""

from core.instants import format_ms
from market_data.files.candle_import import Imported
from market_data.quality.candle_quality import REASON_TEXT, QualityReport

ROWS = {"candles": "candles", "mark": "mark candles", "funding": "payments", "open-interest": "rows"}
"""What the rows of each kind of series are called."""


def describe(imported: Imported) -> list[str]:
    """Return what became of one file as lines of text."""
    series, file, report, holes, result, instrument, intervals = imported
    missing = f"{len(holes):,} holes ({sum(hole.missing for hole in holes):,} {ROWS[series.kind]} missing)"
    taken = f"{series}: {report.accepted:,} of {report.rows:,} rows taken, {report.refused_rows:,} refused, "
    if series.kind in ("candles", "mark"):
        taken += f"{report.snapped:,} snapped, {missing}, {report.outliers:,} outliers flagged"
    else:
        taken += f"{missing}{f', interval {intervals}' if intervals else ''}"
    lines = [taken, f"  from {file.path}: {file.time_format}"]
    if file.cut_times:
        lines.append(f"  {file.cut_times:,} times lost parts of a millisecond")
    if file.ignored_columns:
        lines.append(f"  columns ignored: {', '.join(file.ignored_columns)}")
    lines += describe_findings(report)
    lines.append(f"  stored: {result.added:,} added, {result.known:,} known already, {result.revised:,} revised")
    if result.revised:
        times = ", ".join(format_ms(time_ms) for time_ms in result.revised_ms)
        lines.append(f"  revised: stored with other values before, which stand; first at {times}")
    if instrument is not None:
        lines.append(f"  rules: tick {instrument.tick_size:f}, lot {instrument.lot_size:f} ({instrument.source})")
    return lines


def describe_findings(report: QualityReport) -> list[str]:
    """Return one line for each kind of finding, with its first examples."""
    counts = {f"refused, {REASON_TEXT[reason]}": (reason, count) for reason, count in report.refused.items()}
    counts["snapped to the grid"] = ("snapped", report.snapped)
    counts["flagged as outliers"] = ("outlier", report.outliers)
    lines = []
    for text, (kind, count) in counts.items():
        if count:
            examples = report.examples.get(kind, ())
            shown = "; ".join(
                f"{format_ms(example[1])} {','.join(repr(value) for value in example[2:])}" for example in examples
            )
            lines.append(f"  {text}: {count:,}, first {shown}")
    return lines
