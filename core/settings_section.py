"""The typed form of a section of the settings, shared by every package that owns one."""

import types
import typing
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal, Self

import annotated_types as bounds
from pydantic import AfterValidator, BaseModel, ConfigDict, ValidationError, model_validator
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails, PydanticCustomError

from core.errors import ConfigurationError
from core.settings_problem import SettingsProblem, did_you_mean, shown, shown_key
from core.settings_text import read_settings_file

_BROKEN_RULES = "broken_rules"


@dataclass(frozen=True)
class Allowed:
    """Says in words what a field accepts, where its type and bounds do not."""

    words: str


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
            raise ConfigurationError("\n".join(problem.line(source) for problem in problems))
        return section


Section = typing.TypeVar("Section", bound=BaseModel)


def section_or_problems(
    model: type[Section], values: Mapping[str, object], prefix: str = ""
) -> tuple[Section | None, list[SettingsProblem]]:
    """Return the valid section and no problem, or None and every problem; ``prefix`` goes before each key."""
    try:
        return model.model_validate(values), []
    except ValidationError as error:
        return None, [
            problem._replace(key=prefix + problem.key)
            for details in error.errors(include_url=False)
            for problem in _problems(model, details)
        ]


def _problems(model: type[BaseModel], details: ErrorDetails) -> list[SettingsProblem]:
    location, value = details["loc"], details["input"]
    key = _dotted(location)
    if details["type"] == _BROKEN_RULES:
        inner: list[SettingsProblem] = details["ctx"]["problems"]
        return [problem._replace(key=f"{key}.{problem.key}" if key else problem.key) for problem in inner]
    if details["type"] in ("extra_forbidden", "invalid_key"):
        keys = _keys_beside(model, location)
        wrong = f"unknown key{did_you_mean(location[-1], keys)}"
        return [SettingsProblem(key, wrong, "allowed keys: " + ", ".join(keys))]
    if details["type"] in ("model_type", "dict_type") and not location:
        return [SettingsProblem("", f"holds {shown(value)}", f"allowed: {_section_words(model)}")]
    field = _field_at(model, location)
    allowed = allowed_words(field) if field is not None else details["msg"]
    if details["type"] == "missing":
        return [SettingsProblem(key, "is missing", f"allowed: {allowed}")]
    hint = did_you_mean(value, literal_names(field)) if field is not None else ""
    return [SettingsProblem(key, shown(value) + hint, f"allowed: {allowed}{_number_hint(value, details)}")]


def _number_hint(value: object, details: ErrorDetails) -> str:
    if not isinstance(value, str) or details["type"] not in ("float_type", "int_type"):
        return ""
    try:
        float(value)
    except ValueError:
        return " (a percentage is written as a fraction: 0.01 for 1%)" if value.endswith("%") else ""
    return ", without quotes"


def _dotted(location: tuple[int | str, ...]) -> str:
    path = ""
    for part in location:
        if isinstance(part, int):
            path += f"[{part}]"
        else:
            path += ("." if path else "") + shown_key(part)
    return path


def _field_at(model: type[BaseModel], location: tuple[int | str, ...]) -> FieldInfo | None:
    """Return the deepest field on a path; positions inside lists belong to their field."""
    field: FieldInfo | None = None
    section: type[BaseModel] | None = model
    for part in location:
        if not isinstance(part, str) or section is None or part not in section.model_fields:
            break
        field = section.model_fields[part]
        section = _section_of(field.annotation)
    return field


def _keys_beside(model: type[BaseModel], location: tuple[int | str, ...]) -> list[str]:
    parent = _field_at(model, location[:-1])
    section = _section_of(parent.annotation) if parent is not None else model
    return list((section or model).model_fields)


def _section_of(annotation: object) -> type[BaseModel] | None:
    return annotation if isinstance(annotation, type) and issubclass(annotation, BaseModel) else None


def _section_words(model: type[BaseModel]) -> str:
    return "a section with the keys " + ", ".join(model.model_fields)


def literal_names(field: FieldInfo) -> list[str]:
    """Return the words a field accepts, empty if it is not a choice of words."""
    if typing.get_origin(field.annotation) is not Literal:
        return []
    return [choice for choice in typing.get_args(field.annotation) if isinstance(choice, str)]


def allowed_words(field: FieldInfo) -> str:
    """Return in words what a field accepts: its type and bounds, or its ``Allowed`` mark."""
    return _type_words(field.annotation, field.metadata)


def _type_words(annotation: object, metadata: Iterable[object]) -> str:
    metadata = list(metadata)
    for mark in reversed(metadata):  # the outermost mark says most
        if isinstance(mark, Allowed):
            return mark.words
    origin = typing.get_origin(annotation)
    if origin is Annotated:
        inner, *marks = typing.get_args(annotation)
        return _type_words(inner, [*marks, *metadata])
    if origin in (typing.Union, types.UnionType):
        kinds = [kind for kind in typing.get_args(annotation) if kind is not type(None)]
        return " or ".join(_type_words(kind, metadata) for kind in kinds) + " or null"
    if origin is Literal:
        return " or ".join(
            str(choice).lower() if isinstance(choice, bool) else str(choice) for choice in typing.get_args(annotation)
        )
    section = _section_of(annotation)
    if section is not None:
        return _section_words(section)
    kinds_in_words = {float: "a number", int: "a whole number", bool: "true or false", str: "text", dict: "a section"}
    kind = origin if isinstance(origin, type) else annotation
    return kinds_in_words.get(kind, str(annotation)) + _bound_words(metadata)  # type: ignore[call-overload, no-any-return]


def _bound_words(metadata: Iterable[object]) -> str:
    words = []
    for mark in metadata:
        if isinstance(mark, bounds.Ge):
            words.append(f"at least {_number(mark.ge)}")
        elif isinstance(mark, bounds.Gt):
            words.append(f"above {_number(mark.gt)}")
        elif isinstance(mark, bounds.Le):
            words.append(f"at most {_number(mark.le)}")
        elif isinstance(mark, bounds.Lt):
            words.append(f"below {_number(mark.lt)}")
    return " " + " and ".join(words) if words else ""


def _number(bound: object) -> str:
    return f"{bound:g}" if isinstance(bound, float) else str(bound)
