"""The strategy section of a program: its files read, once, into parameters that decide by themselves."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path, PurePath
from typing import TYPE_CHECKING, Any, NamedTuple

from core.errors import ConfigurationError
from core.settings_file import Plain
from core.settings_problem import SettingsProblem, shown
from core.settings_section import section_or_problems
from core.timeframe import timeframe_ms
from strategies.strategy_registry import PROGRAM
from strategies.strategy_settings import PROGRAM_KEYS, StrategySettings

if TYPE_CHECKING:
    from strategies.programs.program_params import ProgramParams

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
    from strategies.programs.program_params import ProgramParams

    params = section.get("params", {})
    given: dict[str, Any] = dict(params) if isinstance(params, Mapping) else {}
    files = _taken_files(given)
    problems = _read_files(section, around, given)
    if not _are_texts(section.get("pools", ())):
        # The section itself says what is wrong with them.
        return None, problems
    problems += _read_pools(section, around, given, files)
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
        problems = _on_candles(checked, around, around.timeframe, files)
    if problems:
        return None, problems
    return StrategySettings(type=PROGRAM, params=checked.model_dump(mode="json")), []


def _on_candles(
    checked: "ProgramParams", around: Surroundings, timeframe: str, files: Mapping[str, str]
) -> list[SettingsProblem]:
    """Return what cannot be on the candles of a session: reads, pools, the schedule."""
    from strategies.programs.program_reads import ProgramReads
    from strategies.programs.program_strategy import ProgramStrategy

    try:
        own_ms = timeframe_ms(timeframe)
    except ConfigurationError:
        return []  # It is told where it stands.
    problems: list[SettingsProblem] = []

    def look(made: Callable[[], object]) -> None:
        try:
            made()
        except ConfigurationError as error:
            problems.extend(_told(error, files))

    look(lambda: ProgramReads(checked.text(), own_ms))
    look(lambda: checked.watch(around.symbols, around.watched, own_ms))
    if not problems:
        look(lambda: ProgramStrategy(checked).prepare_features(timeframe, (*around.symbols, *around.watched)))
    return problems


def _told(error: ConfigurationError, files: Mapping[str, str]) -> list[SettingsProblem]:
    """Return problems of a program as those of its section; of a pool with the file in which it stands."""
    from strategies.programs.program_params import problems_of
    from strategies.programs.triggers.pool_files import placed

    found: list[SettingsProblem] = []
    for fact in error.facts:
        key = "strategy.pools" if fact.key else "strategy.file"
        if not fact.file:
            found.append(fact._replace(key=f"strategy.{fact.key}"))
        elif fact.file in files:
            found += problems_of(ConfigurationError.of(placed(fact, files[fact.file])), key)
        else:
            found += problems_of(ConfigurationError.of(fact), key)
    return found or list(problems_of(error, "strategy"))


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


def _taken_files(given: dict[str, Any]) -> dict[str, str]:
    """Take out of the parameters in which file each pool was read, and return it by what problems call the pool."""
    from strategies.programs.triggers.trigger_watch import named_pool

    pools, files = given.get("pools"), {}
    if isinstance(pools, list) and all(isinstance(one, dict) for one in pools):
        files = {named_pool(one.get("id")): str(one["file"]) for one in pools if isinstance(one.get("file"), str)}
        given["pools"] = [{key: value for key, value in one.items() if key != "file"} for one in pools]
    return files


def _read_pools(
    section: Mapping[str, Plain], around: Surroundings, given: dict[str, Any], files: dict[str, str]
) -> list[SettingsProblem]:
    """Put the pools that are named among the parameters, and their files beside those that are known."""
    from strategies.programs.program_params import problems_of
    from strategies.programs.triggers.pool_files import FOLDER, SHIPPED, files_of, read_pool
    from strategies.programs.triggers.trigger_watch import named_pool

    ids = section.get("pools")
    if not isinstance(ids, list | tuple) or not ids:
        return []
    file = section.get("file")
    beside = [base / PurePath(file).parent / "pools" for base in around.bases] if isinstance(file, str) else []
    folders = list(dict.fromkeys([*beside, *(base / FOLDER for base in around.bases), SHIPPED]))
    try:
        found = files_of(list(map(str, ids)), [one for one in folders if one.is_dir()])
        pools = [read_pool(path) for path in found.values()]
    except ConfigurationError as error:
        return list(problems_of(error, "strategy.pools"))
    files.update({named_pool(id_): path.as_posix() for id_, path in found.items()})
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
