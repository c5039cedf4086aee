"""The typed form of a section of the settings, shared by every package that owns one."""

import functools
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any, Self, TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict, ValidationError, model_validator
from pydantic_core import ErrorDetails, PydanticCustomError

from core.errors import ConfigurationError
from core.settings_allowed import (
    KEY_ITSELF,
    Allowed,
    Location,
    Place,
    path_of_key,
    place_at,
    section_at,
    section_words,
)
from core.settings_file import read_settings_file
from core.settings_problem import SettingsProblem, did_you_mean, shown, shown_key

__all__ = [
    "Allowed",
    "PathText",
    "PlainText",
    "Section",
    "SettingsSection",
    "section_or_problems",
    "written",
]

_BROKEN_RULES = "broken_rules"
_BESIDE = ("_comment", "_documentation")


def _printable(text: str) -> str:
    if not text or text != text.strip() or not text.isprintable():
        raise ValueError("must be printable text without spaces around it")
    return text


PlainText = Annotated[str, AfterValidator(_printable), Allowed("printable text")]
PathText = Annotated[str, AfterValidator(_printable), Allowed("the path of a file or folder")]


class SettingsSection(BaseModel):
    """A frozen section of the settings.

    Unknown keys, ``"1"`` or ``true`` for a number, 1 for ``true``, NaN and infinity are refused; whole numbers are
    accepted where a float is meant. Keyword construction raises ``pydantic.ValidationError`` (a ValueError),
    ``from_dict`` and ``from_file`` raise ConfigurationError (a ValueError too) with one line for each problem.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)

    def broken_rules(self) -> Iterable[SettingsProblem]:
        """Yield the rules between fields that the values break; each field alone is valid already."""
        return ()

    def without_effect(self, names: Iterable[str], when: str, allowed: str) -> Iterator[SettingsProblem]:
        """Yield those of the fields that were changed from their default although nothing reads them.

        A default written out is no problem: a section that was written with all its keys stays valid.

        Parameters
        ----------
        names
            The fields that have no effect.
        when
            What takes their effect, such as ``with entry_order market``.
        allowed
            What would give it back.
        """
        for name in names:
            value = getattr(self, name)
            if value != type(self).model_fields[name].get_default(call_default_factory=True):
                yield SettingsProblem(
                    name, f"{shown(value)} has no effect {when}", f"allowed: {allowed}, or leave this key out"
                )

    @model_validator(mode="after")
    def _keeps_its_rules(self) -> Self:
        broken = list(self.broken_rules())
        if broken:
            words = "; ".join(problem.line(type(self).__name__) for problem in broken)
            raise PydanticCustomError(_BROKEN_RULES, "{words}", {"words": words, "problems": broken})
        return self

    @classmethod
    def from_dict(cls, values: Mapping[str, object]) -> Self:
        """Return the section that plain values describe; what is left out has its default.

        Raises
        ------
        ConfigurationError
            If a key is unknown or a value is wrong; all problems are named.
        """
        return cls._checked(values, cls.__name__)

    @classmethod
    def from_file(cls, path: str | Path) -> Self:
        """Return the section that a YAML (``.yaml``, ``.yml``) or JSON file holds.

        Raises
        ------
        ConfigurationError
            If the file cannot be read or parsed, a key is unknown or a value is wrong; all problems are named.
        """
        return cls._checked(read_settings_file(path), str(path))

    @classmethod
    def _checked(cls, values: Mapping[str, object], source: str) -> Self:
        section, problems = section_or_problems(cls, values)
        if section is None:
            raise ConfigurationError.of(*(problem.of(source) for problem in problems))
        return section


Section = TypeVar("Section", bound=BaseModel)


def section_or_problems(
    model: type[Section], values: Mapping[str, object], prefix: str = ""
) -> tuple[Section | None, list[SettingsProblem]]:
    """Return the valid section and no problem, or None and every problem; ``prefix`` goes before each key."""
    try:
        return model.model_validate(written(model, values)), []
    except ValidationError as error:
        return None, [
            problem._replace(key=prefix + problem.key)
            for details in error.errors(include_url=False)
            for problem in _problems(model, details)
        ]


def written(model: type[BaseModel], values: Any) -> Any:
    """Return plain values without what a file may hold beside its settings, for the model that they are held against.

    Keys that begin with ``_comment`` or ``_documentation`` are left out, since JSON has no comments; a section with
    nothing below its key (``params:``) is an empty one.
    """
    if not isinstance(values, Mapping):
        return values
    kept: dict[Any, Any] = {}
    for key, value in values.items():
        if isinstance(key, str) and key.startswith(_BESIDE):
            continue
        section, empties = _inner(model, key) if isinstance(key, str) else (None, False)
        if empties and value is None:
            kept[key] = {}
        else:
            kept[key] = value if section is None else written(section, value)
    return kept


@functools.lru_cache(maxsize=4096)
def _inner(model: type[BaseModel], key: str) -> tuple[type[BaseModel] | None, bool]:
    """Return the section that a key has, if it has one, and whether nothing below the key is an empty one."""
    field = model.model_fields.get(key)
    place = None if field is None else Place.of(field)
    return (None, False) if place is None else (place.section(), bool(place.empties))


def _problems(model: type[BaseModel], details: ErrorDetails) -> list[SettingsProblem]:
    location, value = details["loc"], details["input"]
    key = _dotted(location)
    if details["type"] == _BROKEN_RULES:
        inner: list[SettingsProblem] = details["ctx"]["problems"]
        return [problem._replace(key=f"{key}.{problem.key}" if key else problem.key) for problem in inner]
    if details["type"] in ("extra_forbidden", "invalid_key"):
        return [_unknown_key(model, section_at(model, location[:-1]), key, location[-1])]
    if details["type"] in ("model_type", "dict_type") and not location:
        return [SettingsProblem("", f"holds {shown(value)}", f"allowed: {section_words(model)}")]
    place = place_at(model, location)
    allowed = place.words() if place is not None else details["msg"]
    if details["type"] == "missing":
        return [SettingsProblem(key, "is missing", f"allowed: {allowed}")]
    hint = did_you_mean(value, place.choices()) if place is not None else ""
    return [SettingsProblem(key, shown(value) + hint, f"allowed: {allowed}{_number_hint(value, details)}")]


def _unknown_key(model: type[BaseModel], section: type[BaseModel], key: str, name: int | str) -> SettingsProblem:
    """Name the keys that stand beside; a key that belongs in another section, or outside all, is told where."""
    keys = list(section.model_fields)
    deeper = path_of_key(section, name) if isinstance(name, str) else None
    if deeper is None and isinstance(name, str) and name in model.model_fields:
        hint = f" (did you mean {name} outside of all sections?)"
    else:
        elsewhere = deeper or (path_of_key(model, name) if isinstance(name, str) else None)
        hint = f" (did you mean {elsewhere}?)" if elsewhere is not None else did_you_mean(name, keys)
    return SettingsProblem(key, f"unknown key{hint}", "allowed keys: " + ", ".join(keys))


def _number_hint(value: object, details: ErrorDetails) -> str:
    if isinstance(value, int | float) and details["type"] in ("less_than", "less_than_equal"):
        limit = min(details["ctx"].values())
        return f" (a fraction: {value / 100:g} is {value:g} %)" if limit <= 1 and value <= 100 else ""
    if not isinstance(value, str) or details["type"] not in ("float_type", "int_type"):
        return ""
    try:
        float(value)
    except ValueError:
        return " (a percentage is written as a fraction: 0.01 for 1%)" if value.endswith("%") else ""
    return ", without quotes"


def _dotted(location: Location) -> str:
    path = ""
    for at, part in enumerate(location):
        if isinstance(part, int):
            path += f"[{part}]"
        elif part != KEY_ITSELF or at == 0 or at < len(location) - 1:
            path += ("." if path else "") + shown_key(part)
    return path
