"""What is allowed at one place of the settings, found in the models and said in words."""

import collections.abc
import types
import typing
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Annotated, Literal, Self

import annotated_types as bounds
from pydantic import BaseModel
from pydantic.fields import FieldInfo

Location = tuple[int | str, ...]
"""A path through sections, lists (by position) and mappings (by key)."""

KEY_ITSELF = "[key]"
"""Last part of a location that means the key before it, not the value under that key."""

_SEQUENCES = (list, set, frozenset, collections.abc.Sequence, collections.abc.Iterable)
_MAPPINGS = (dict, collections.abc.Mapping)
_KINDS_IN_WORDS = {
    float: "a number",
    int: "a whole number",
    bool: "true or false",
    str: "text",
    dict: "a section",
    list: "a list",
    tuple: "a list",
}


@dataclass(frozen=True)
class Allowed:
    """Says in words what a field accepts, where its type and bounds do not."""

    words: str


@dataclass(frozen=True)
class Place:
    """A type and its marks (bounds, words), as they stand at one place of the settings."""

    annotation: object
    marks: tuple[object, ...] = ()

    @classmethod
    def of(cls, field: FieldInfo) -> Self:
        """Return the place of a field."""
        return cls(field.annotation, tuple(field.metadata))

    def words(self) -> str:
        """Return in words what the place accepts: its type and bounds, or its ``Allowed`` mark."""
        return _type_words(self.annotation, self.marks)

    def choices(self) -> list[str]:
        """Return the words the place accepts, empty if it is not a choice of words."""
        kind = self._kind()
        if typing.get_origin(kind) is not Literal:
            return []
        return [choice for choice in typing.get_args(kind) if isinstance(choice, str)]

    def section(self) -> type[BaseModel] | None:
        """Return the section that stands here (also where null may stand instead), None for any other type."""
        return _section_of(self._kind())

    @property
    def empties(self) -> bool:
        """Whether nothing at all stands for an empty section here: for sections and mappings that may not be null."""
        kind = self.annotation
        while typing.get_origin(kind) is Annotated:
            kind = typing.get_args(kind)[0]
        return _section_of(kind) is not None or kind in _MAPPINGS or typing.get_origin(kind) in _MAPPINGS

    def inside(self, part: int | str) -> "Place | None":
        """Return the place one step further: a key of a section, a position of a list, a key of a mapping."""
        kind = self._kind()
        section = _section_of(kind)
        if section is not None:
            return Place.of(section.model_fields[part]) if part in section.model_fields else None
        origin, inner = typing.get_origin(kind), typing.get_args(kind)
        if origin in _MAPPINGS and len(inner) == 2:
            return Place(inner[1])
        if not isinstance(part, int):
            return None
        if origin is tuple and inner[-1:] != (Ellipsis,):
            return Place(inner[part]) if part < len(inner) else None
        return Place(inner[0]) if inner and (origin is tuple or origin in _SEQUENCES) else None

    def key(self) -> "Place | None":
        """Return what belongs in the place of a mapping's keys, None for what is no mapping."""
        kind = self._kind()
        inner = typing.get_args(kind)
        return Place(inner[0]) if typing.get_origin(kind) in _MAPPINGS and inner else None

    def _kind(self) -> object:
        """Return the type without its marks and without null; a union of several types is left as it is."""
        kind = self.annotation
        while True:
            if typing.get_origin(kind) is Annotated:
                kind = typing.get_args(kind)[0]
                continue
            others = _other_than_null(kind)
            if len(others) != 1:
                return kind
            kind = others[0]


def place_at(model: type[BaseModel], location: Location) -> Place | None:
    """Return the deepest place on a path that the models know, None where not even its first part is one."""
    place, found = Place(model), None
    for at, part in enumerate(location):
        if part == KEY_ITSELF and at == len(location) - 1 and at > 0:
            mapping = place_at(model, location[: at - 1])
            return (mapping.key() if mapping is not None else None) or found
        inner = place.inside(part)
        if inner is None:
            break
        place = found = inner
    return found


def section_at(model: type[BaseModel], location: Location) -> type[BaseModel]:
    """Return the section that a path leads to, the model itself where the path leads to none."""
    place = place_at(model, location)
    return (place.section() if place is not None else None) or model


def path_of_key(model: type[BaseModel], name: str) -> str | None:
    """Return the dotted path of a key that stands in a section below a model, the shallowest; None if there is none."""
    below = [("", model)]
    seen = {model}
    for path, outer in below:
        for field_name, field in outer.model_fields.items():
            section = Place.of(field).section()
            if section is None or section in seen:
                continue
            if name in section.model_fields:
                return f"{path}{field_name}.{name}"
            seen.add(section)
            below.append((f"{path}{field_name}.", section))
    return None


def section_words(model: type[BaseModel]) -> str:
    """Return in words what a section is: its keys."""
    return "a section with the keys " + ", ".join(model.model_fields)


def _section_of(annotation: object) -> type[BaseModel] | None:
    return annotation if isinstance(annotation, type) and issubclass(annotation, BaseModel) else None


def _other_than_null(annotation: object) -> list[object]:
    if typing.get_origin(annotation) not in (typing.Union, types.UnionType):
        return []
    return [kind for kind in typing.get_args(annotation) if kind is not type(None)]


def _type_words(annotation: object, metadata: Iterable[object]) -> str:
    metadata = list(metadata)
    for mark in reversed(metadata):  # the outermost mark says most
        if isinstance(mark, Allowed):
            return mark.words
    origin = typing.get_origin(annotation)
    if origin is Annotated:
        inner, *marks = typing.get_args(annotation)
        return _type_words(inner, [*_flat(marks), *metadata])
    kinds = _other_than_null(annotation)
    if kinds:
        words = " or ".join(_type_words(kind, metadata) for kind in kinds)
        if len(kinds) == len(typing.get_args(annotation)):
            return words
        return f"{words}, or null" if ", " in words else f"{words} or null"
    if origin is Literal:
        return " or ".join(
            str(choice).lower() if isinstance(choice, bool) else str(choice) for choice in typing.get_args(annotation)
        )
    section = _section_of(annotation)
    if section is not None:
        return section_words(section)
    kind = origin if isinstance(origin, type) else annotation
    return _KINDS_IN_WORDS.get(kind, str(annotation)) + _bound_words(metadata)  # type: ignore[call-overload, no-any-return]


def _flat(marks: Iterable[object]) -> list[object]:
    """Return the marks with what a ``Field(...)`` among them holds; in a model's own fields they stand apart."""
    return [inner for mark in marks for inner in (mark.metadata if isinstance(mark, FieldInfo) else [mark])]


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
