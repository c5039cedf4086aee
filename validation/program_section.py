"""The strategy section of a program: its files read, once, into parameters that decide by themselves."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path, PurePath
from typing import Any, NamedTuple

from core.errors import ConfigurationError
from core.settings_file import Plain
from core.settings_problem import SettingsProblem, shown
from core.settings_section import section_or_problems
from strategies.strategy_registry import PROGRAM
from strategies.strategy_settings import PROGRAM_KEYS, StrategySettings

_A_FILE = "allowed: the path of a file"
_BESIDE_PROGRAM = f"allowed: beside strategy.type {PROGRAM}, or leave this key out"


class Surroundings(NamedTuple):
    """What a program's section is read with: folders in which its files may be, and what is traded on which candles."""

    bases: Sequence[Path] = (Path(),)
    timeframe: str | None = None
    symbols: Sequence[str] = ()
    watched: Sequence[str] = ()

    @classmethod
    def of(cls, bases: Sequence[Path], values: Mapping[str, Plain], timeframe: str) -> "Surroundings":
        """Return the surroundings in a main configuration's values; ``timeframe`` is what it has where it says none."""
        given = values.get("timeframe", timeframe)
        traded, watched = (_texts(values.get(key)) for key in ("symbols", "watch"))
        return cls(bases, given if isinstance(given, str) else None, traded, watched)


def _texts(names: object) -> list[str]:
    return [one for one in names if isinstance(one, str)] if isinstance(names, list | tuple) else []


def without_program(section: Mapping[str, Plain], kind: str) -> list[SettingsProblem]:
    """Return the keys of a program that stand beside another type of strategy."""
    return [
        SettingsProblem(f"strategy.{key}", f"{shown(section[key])} means nothing beside type {kind}", _BESIDE_PROGRAM)
        for key in PROGRAM_KEYS
        if section.get(key) not in (None, [], ())
    ]


def with_program(
    section: Mapping[str, Plain], around: Surroundings
) -> tuple[StrategySettings | None, list[SettingsProblem]]:
    """Return the strategy whose parameters hold a program's text, pools and schedule, and what is wrong with them.

    What stands under ``params`` gives way to the keys of the section.
    """
    # Loaded where there is a program: what checks one is much.
    from strategies.programs.program_params import ProgramParams, problems_of
    from strategies.programs.program_strategy import ProgramStrategy

    params = section.get("params", {})
    given: dict[str, Any] = dict(params) if isinstance(params, Mapping) else {}
    problems = _read_files(section, around, given)
    if not _are_texts(section.get("pools", ())):
        # The section itself says what is wrong with them.
        return None, problems
    problems += _read_pools(section, around, given)
    for key in ("schedule", "halt_after", "call_seconds"):
        if section.get(key) is not None:
            given[key] = section[key]
    if "code" not in given and "answers" not in given:
        if not problems:
            problems.append(SettingsProblem("strategy.file", "is missing", "allowed: the path of a program's file"))
        return None, problems
    if problems:
        return None, problems
    checked, problems = section_or_problems(ProgramParams, given, "strategy.")
    if checked is None:
        return None, problems
    problems = [] if checked.answers is not None else _found_in(checked.text(), section.get("file"))
    if not problems and around.timeframe is not None and around.symbols:
        try:
            strategy = ProgramStrategy(checked)
            strategy.prepare_features(around.timeframe, (*around.symbols, *around.watched))
            strategy.watch_of(around.symbols)
        except ConfigurationError as error:
            facts = [f"strategy.{one.key}" for one in error.facts if one.key]
            problems = list(problems_of(error, facts[0] if facts else "strategy"))
    if problems:
        return None, problems
    return StrategySettings(type=PROGRAM, params=checked.model_dump(mode="json")), []


def _read_files(section: Mapping[str, Plain], around: Surroundings, given: dict[str, Any]) -> list[SettingsProblem]:
    """Put a program's text, or the decisions on record in its place, and their name among the parameters."""
    from strategies.programs.recorded_decisions import RecordedDecisions, text_of
    from strategies.programs.sandbox.program_text import ProgramText

    named = [key for key in ("file", "decisions") if isinstance(section.get(key), str)]
    if len(named) > 1:
        return [SettingsProblem("strategy.decisions", "stands beside a file", "allowed: one of the two")]
    for key in named:
        written = str(section[key])
        found = _found_file(key, written, around)
        if isinstance(found, SettingsProblem):
            return [found]
        try:
            text = ProgramText.read(found).text if key == "file" else text_of(found)
        except ConfigurationError as error:
            return [SettingsProblem(f"strategy.{key}", str(error))]
        if key == "file" and not text.strip():
            return [SettingsProblem("strategy.file", f"{shown(written)} is empty", "allowed: a file of Python")]
        given["name"] = PurePath(written).stem
        given["code"], given["answers"] = (text, None) if key == "file" else ("", text)
        if key == "decisions":
            try:
                head = RecordedDecisions.of(text, written).head
            except ConfigurationError as error:
                return [SettingsProblem("strategy.decisions", str(error))]
            given["name"] = given["name"] if head is None else head.program
    return []


def _found_file(key: str, written: str, around: Surroundings) -> Path | SettingsProblem:
    """Return the file that a key names."""
    if PurePath(written).is_absolute():
        allowed = "allowed: a path from the configuration's folder, the folder above it, or the working directory"
        return SettingsProblem(f"strategy.{key}", f"{shown(written)} begins at the root of this machine", allowed)
    candidates = list(dict.fromkeys(base / written for base in around.bases))
    try:
        found = next((path for path in candidates if path.is_file()), None)
    except OSError as error:
        return SettingsProblem(f"strategy.{key}", f"{shown(written)} cannot be looked for ({error.strerror})", _A_FILE)
    if found is None:
        looked = ", ".join(ascii(str(path))[1:-1] for path in candidates)
        return SettingsProblem(f"strategy.{key}", f"{shown(written)} names no file", f"looked for {looked}")
    return found


def _are_texts(ids: object) -> bool:
    """Whether a list of ids holds nothing but the printable texts that a section takes."""
    return not isinstance(ids, list | tuple) or all(
        isinstance(one, str) and one and one.isprintable() and one == one.strip() for one in ids
    )


def _read_pools(section: Mapping[str, Plain], around: Surroundings, given: dict[str, Any]) -> list[SettingsProblem]:
    """Put the pools that are named among the parameters."""
    from strategies.programs.program_params import problems_of
    from strategies.programs.triggers.pool_files import FOLDER, SHIPPED, pools_of

    ids = section.get("pools")
    if not isinstance(ids, list | tuple) or not ids:
        return []
    file = section.get("file")
    beside = [base / PurePath(file).parent / "pools" for base in around.bases] if isinstance(file, str) else []
    folders = list(dict.fromkeys([*beside, *(base / FOLDER for base in around.bases), SHIPPED]))
    try:
        pools = pools_of(list(map(str, ids)), [one for one in folders if one.is_dir()])
    except ConfigurationError as error:
        return list(problems_of(error, "strategy.pools"))
    given["pools"] = [{"id": one.id, **one.to_dict()} for one in pools]
    return []


def _found_in(text: Any, file: object) -> list[SettingsProblem]:
    """Return what keeps a program from running as it is written."""
    from strategies.programs.sandbox.program_check import check_program

    name = file if isinstance(file, str) else text.name
    findings: Iterable[Any] = check_program(text.text)
    return [
        SettingsProblem("strategy.file", f"{name}:{one.line}: {one.what}", one.allowed)
        for one in findings
        if one.level == "error"
    ]
