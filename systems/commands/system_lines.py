"""What the verbs print, as lines."""

import json
from collections.abc import Iterable, Sequence
from typing import Any

from systems.life_cycle.judgement import value_text


def listed(systems: Sequence[dict[str, Any]]) -> list[str]:
    """Return a line for each system, and below them what is wrong with those that cannot be read."""
    sound = [one for one in systems if "problem" not in one]
    rows = [
        (
            one["id"],
            one["epoch"],
            one["strategy"],
            one["exchange"],
            one["timeframe"],
            ",".join(one["windows"]) or "-",
            one["system_uid"],
            one["description"],
        )
        for one in sound
    ]
    broken = [f"broken: {line}" for one in systems if "problem" in one for line in one["problem"].split("\n")]
    if not systems:
        return ["no systems; python -m systems new NAME writes one"]
    head = ("id", "epoch", "strategy", "exchange", "candles", "windows", "uid", "description")
    return [*(_table([head, *rows]) if rows else []), *broken]


def shown(system: dict[str, Any]) -> list[str]:
    """Return a system in lines: what it is, its windows, its criteria, and what it says otherwise than its base."""
    facts = [
        ("uid", system["system_uid"]),
        ("epoch", system["epoch"]),
        ("file", system["file"]),
        ("base", " -> ".join(system["bases"])),
        ("strategy", system["strategy"]),
        ("market", f"{system['exchange']} {system['timeframe']}: {', '.join(system['symbols'])}"),
        ("tags", ", ".join(system["tags"]) or "-"),
    ]
    windows = [
        (f"  {name}", one["text"], one.get("problem") or f"{one['start']} to {one['end']}")
        for name, one in system["windows"].items()
    ]
    criteria = [f"  {gate}: {text}" for gate, texts in system["promotion"].items() for text in texts]
    overrides = [f"  {path}: {value}" for path, value in _flat(system["overrides"])]
    return [
        f"{system['id']}  {system['description']}",
        "",
        *_table(facts),
        *_section("Windows", _table(windows)),
        *_section("To be promoted from", criteria),
        *_section("Otherwise than its base", overrides),
    ]


def ran(run: dict[str, Any]) -> list[str]:
    """Return what is to say of a run below its report."""
    window = run.get("window")
    where = f", window {window['name']}: {window['start']} to {window['end']}" if window else ""
    lines = [f"System {run['strategy_id']} ({run['system_uid']}), {run['epoch']}{where}"]
    if "parity_verdict" in run:
        lines.append(f"Parity: {run['metrics']['parity']} ({run['parity_verdict']})")
    promotion = f"{run['promotion_reason']}; python -m systems promote {run['strategy_id']}"
    return [*lines, f"Promotion: {promotion}", f"Run: {run['folder']}", f"Record: {run['record']}"]


def promotion(found: dict[str, Any]) -> list[str]:
    """Return the ledger of a system's evidence, and each criterion with its value."""
    to = f" -> {found['next_epoch']}" if found["next_epoch"] is not None else ""
    evidence = [
        (
            f"  {one['epoch']}",
            "-" if one["window"] is None else one["window"].get("name", "-"),
            f"{one['covered'].get('start', '-')[:16]} to {one['covered'].get('end', '-')[:16]}",
            f"{_figure(one, 'trade_quality', 'trades')} trades",
            f"net {_figure(one, 'performance', 'net_profit')}",
            f"parity {one['metrics'].get('parity', '-')}",
            one["run_id"],
            one["folder"],
        )
        for one in found["evidence"]
    ]
    criteria = [
        (
            "  holds" if one["holds"] else "  fails",
            one["criterion"],
            "-" if one["value"] is None else value_text(one["value"]),
            one["reason"] or one["source"],
        )
        for one in found["criteria"]
    ]
    beside = [
        f"  {count} {words}"
        for count, words in (
            (found["failed_runs"], "of its runs failed"),
            (found["lost_runs"], "of its runs have lost their outputs, or these were changed: run them again"),
            (found["other_versions"], "of its other versions were run: the best of several is worth less than the one"),
        )
        if count
    ]
    return [
        f"{found['system']} ({found['system_uid']}), {found['epoch']}{to}",
        *_section("Evidence", [*(_table(evidence) or ["  none"]), *beside]),
        *_section("Criteria", _table(criteria) or ["  none"]),
        "",
        _verdict(found),
    ]


def _verdict(found: dict[str, Any]) -> str:
    """Return the last line of a ledger."""
    if found["promoted"]:
        return f"promoted to {found['next_epoch']}"
    failing = sum(not one["holds"] for one in found["criteria"])
    if failing:
        return f"not promoted: {failing} of {len(found['criteria'])} criteria not met"
    return f"not promoted{' (--dry)' if found['passed'] else ''}: {found['promotion_reason']}"


def smoked(row: dict[str, Any]) -> str:
    """Return the line of a system's short run."""
    if not row["ok"]:
        return f"FAILED  {row['id']}: {row['problem']}"
    stand_ins = ", ".join(f"{new} for {old}" for old, new in row.get("stand_ins", {}).items())
    beside = f", {stand_ins}" if stand_ins else ""
    return f"ok      {row['id']}: {row['candles']} candles, {row['trades']} trades, {row['seconds']:.2f} s{beside}"


def as_json(values: Any) -> str:
    """Return plain values as a JSON document."""
    return json.dumps(values, indent=1, sort_keys=True, allow_nan=False) + "\n"


def _section(title: str, lines: Sequence[str]) -> list[str]:
    return ["", title, *lines] if lines else []


def _table(rows: Iterable[Sequence[str]]) -> list[str]:
    """Return rows as lines, their columns below each other."""
    found = [[str(cell) for cell in row] for row in rows]
    if not found:
        return []
    widths = [max(map(len, column)) for column in zip(*found, strict=True)]
    return ["  ".join(f"{one:<{width}}" for one, width in zip(row, widths, strict=True)).rstrip() for row in found]


def _figure(evidence: dict[str, Any], group: str, name: str) -> str:
    value = evidence["metrics"].get(group, {}).get(name)
    return "-" if value is None else f"{value:.2f}" if isinstance(value, float) else str(value)


def _flat(values: dict[str, Any], path: str = "") -> Iterable[tuple[str, str]]:
    for key, value in values.items():
        if isinstance(value, dict):
            yield from _flat(value, f"{path}{key}.")
        else:
            yield f"{path}{key}", json.dumps(value)
