"""Reading a settings file: YAML or JSON text to plain values, with every fault as one line that names the file."""

import json
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Protocol

import yaml

from core.errors import ConfigurationError
from core.settings_problem import SettingsProblem

Plain = dict[str, "Plain"] | list["Plain"] | str | int | float | bool | None
"""What a settings file holds."""

LARGEST_FILE = 1_000_000
"""Bytes; a settings file is some kilobytes, anything above is not one."""
DEEPEST = 20
"""Levels of nesting; deeper text is not a settings file, and would exhaust a recursive reader."""

_ALLOWED = "allowed: keys with values, see docs/configuration.md"
_Parser = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_NULL = re.compile(r"|~|null|Null|NULL")
_TRUE = re.compile(r"true|True|TRUE")
_FALSE = re.compile(r"false|False|FALSE")
_DIGITS = "[0-9]+(?:_[0-9]+)*"
_WHOLE = re.compile(rf"[-+]?{_DIGITS}")
_NUMBER = re.compile(rf"[-+]?(?:\.[0-9]+|{_DIGITS}(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?")
_LONGEST_NUMBER = 400
_SPECIAL = re.compile(r"[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)")


def read_settings_file(path: str | Path) -> dict[str, Plain]:
    """Return the mapping that a settings file holds; ``.json`` is read as JSON, everything else as YAML.

    Raises
    ------
    ConfigurationError
        If the file is missing, unreadable, empty, too large or not UTF-8, cannot be parsed, has a key twice or no keys.
    """
    path = Path(path)
    text = _read_text(path)
    values = parse_json(text, str(path)) if path.suffix.lower() == ".json" else parse_yaml(text, str(path))
    if values is None:
        raise _fault(path, "the file is empty", _ALLOWED)
    if not isinstance(values, dict):
        raise _fault(path, "holds no keys", _ALLOWED)
    return values


def _fault(source: str | Path, wrong: str, allowed: str = "") -> ConfigurationError:
    return ConfigurationError.of(SettingsProblem("", wrong, allowed, file=str(source)))


def _read_text(path: Path) -> str:
    try:
        if path.exists() and not path.is_file():
            raise _fault(path, "is not a file")
        with path.open("rb") as file:
            content = file.read(LARGEST_FILE + 1)
    except ConfigurationError:
        raise
    except FileNotFoundError:
        raise _fault(path, "there is no such file") from None
    except (OSError, ValueError) as error:
        reason = (error.strerror or str(error)) if isinstance(error, OSError) else str(error)
        name = str(path) if str(path).isprintable() else ascii(str(path))
        raise _fault(name, f"cannot be read ({reason})") from None
    if len(content) > LARGEST_FILE:
        raise _fault(path, f"is larger than {LARGEST_FILE:,} bytes and no settings file")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise _fault(path, f"line {line} is not UTF-8 text") from None


def parse_json(text: str, source: str) -> Plain:
    """Return what JSON text holds, None for blank text; a key that stands twice, NaN and Infinity are refused."""
    if not text.strip():
        return None
    _refuse_deep_json(text, source)

    def mapping(pairs: list[tuple[str, Plain]]) -> dict[str, Plain]:
        values = dict(pairs)
        if len(values) < len(pairs):
            keys = [key for key, _ in pairs]
            twice = next(key for key in keys if keys.count(key) > 1)
            raise _fault(source, f"the key {twice!a} stands twice")
        return values

    def refuse(constant: str) -> float:
        raise _fault(source, f"{constant} is not a finite number")

    try:
        values: Plain = json.loads(text, object_pairs_hook=mapping, parse_constant=refuse)
    except json.JSONDecodeError as error:
        raise _fault(source, f"line {error.lineno}, column {error.colno}: {error.msg}") from None
    except ConfigurationError:
        raise
    except ValueError:
        raise _fault(source, "holds a number of thousands of digits") from None
    return values


def _refuse_deep_json(text: str, source: str) -> None:
    depth = 0
    for token in re.finditer(r'"(?:[^"\\]|\\.)*"|[][{}]', text):
        if token[0] in "[{":
            depth += 1
            if depth > DEEPEST:
                raise _fault(source, f"is nested deeper than {DEEPEST} levels")
        elif token[0] in "]}":
            depth -= 1


def parse_yaml(text: str, source: str) -> Plain:
    """Return what YAML text holds, None for text without a value.

    Scalars are read by the YAML 1.2 core schema (``yes`` and ``2024-01-01`` are text, ``5e-4`` is a number), and
    ``1_000`` is a number too. A key that stands twice, aliases, tags, and a second document are refused.
    """
    try:
        return _YamlValues(source).read(yaml.parse(text, Loader=_Parser))
    except yaml.MarkedYAMLError as error:
        what = error.problem or error.context or "is not YAML"
        raise _fault(source, f"{_place(error.problem_mark)}{what}") from None
    except yaml.YAMLError as error:
        what = getattr(error, "reason", None) or str(error).splitlines()[0]
        raise _fault(source, f"is not YAML text ({what})") from None


def _place(mark: "_Mark | None") -> str:
    return f"line {mark.line + 1}, column {mark.column + 1}: " if mark is not None else ""


class _Mark(Protocol):
    line: int
    column: int


class _YamlValues:
    """Builds plain values from parser events without recursion, so that no text can exhaust the stack."""

    def __init__(self, source: str) -> None:
        self.source = source
        self.root: Plain = None
        self.open: list[dict[str, Plain] | list[Plain]] = []
        self.keys: list[str | None] = []
        """The key that waits for its value, one entry per open container."""

    def read(self, events: Iterable[yaml.Event]) -> Plain:
        documents = 0
        for event in events:
            if isinstance(event, yaml.DocumentStartEvent):
                documents += 1
                if documents > 1:
                    raise self.wrong(event, "a second document begins here; a settings file is one document")
            elif isinstance(event, yaml.NodeEvent):
                self.take(event)
            elif isinstance(event, yaml.CollectionEndEvent):
                self.open.pop()
                self.keys.pop()
        return self.root

    def take(self, event: yaml.NodeEvent) -> None:
        if isinstance(event, yaml.AliasEvent):
            raise self.wrong(event, "an alias (*name) is not understood here; write the value out")
        if getattr(event, "tag", None) is not None:
            raise self.wrong(event, "a tag (!name) is not understood here; write the plain value")
        if self.open and isinstance(self.open[-1], dict) and self.keys[-1] is None:
            self.take_key(event, self.open[-1])
        elif isinstance(event, yaml.ScalarEvent):
            self.place(event.value if not event.implicit[0] else _scalar(event.value))
        else:
            container: dict[str, Plain] | list[Plain] = {} if isinstance(event, yaml.MappingStartEvent) else []
            self.place(container)
            self.open.append(container)
            self.keys.append(None)
            if len(self.open) > DEEPEST:
                raise self.wrong(event, f"is nested deeper than {DEEPEST} levels")

    def take_key(self, event: yaml.NodeEvent, mapping: dict[str, Plain]) -> None:
        if not isinstance(event, yaml.ScalarEvent):
            raise self.wrong(event, "a list or section cannot be a key")
        if event.value in mapping:
            raise self.wrong(event, f"the key {event.value!a} stands twice")
        self.keys[-1] = event.value

    def place(self, value: Plain) -> None:
        if not self.open:
            self.root = value
            return
        container, key = self.open[-1], self.keys[-1]
        if isinstance(container, list):
            container.append(value)
        elif key is not None:
            container[key] = value
            self.keys[-1] = None

    def wrong(self, event: yaml.Event, what: str) -> ConfigurationError:
        return _fault(self.source, f"{_place(event.start_mark)}{what}")


def _scalar(text: str) -> Plain:
    if _NULL.fullmatch(text):
        return None
    if _TRUE.fullmatch(text):
        return True
    if _FALSE.fullmatch(text):
        return False
    if len(text) > _LONGEST_NUMBER:
        return text
    if _WHOLE.fullmatch(text):
        return int(text.replace("_", ""))
    if _NUMBER.fullmatch(text):
        return float(text.replace("_", ""))
    if _SPECIAL.fullmatch(text):
        return float(text.replace(".", ""))
    return text
