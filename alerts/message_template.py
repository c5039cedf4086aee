"""Templates of messages: text with named fields, and nothing else that Python's formatting knows."""

import string
from collections.abc import Iterator, Mapping

from alerts.alert import FACTS, OWN_FIELDS
from core.settings_problem import did_you_mean, shown

FIELDS = (*OWN_FIELDS, *FACTS)


def template_fault(template: str) -> str | None:
    """Return what is wrong with a template, as the middle of a sentence; None where nothing is.

    Examples
    --------
    >>> template_fault("{symbl} at {price}")
    "{symbl}: no field 'symbl' (did you mean symbol?)"
    >>> template_fault("{title.__class__}")
    '{title.__class__}: a field is a name alone'
    """
    try:
        for _, name, spec, conversion in string.Formatter().parse(template):
            if name is None:
                continue
            if spec or conversion or not name.isidentifier():
                return f"{{{name}}}: a field is a name alone"
            if name not in FIELDS:
                return f"{{{name}}}: no field {shown(name)}{did_you_mean(name, FIELDS)}"
    except ValueError as error:
        return f"{error}; a brace that is meant is written twice"
    return None


def filled(template: str, fields: Mapping[str, str]) -> str:
    """Return a template, found sound before, with its fields; what they hold is not read as a template."""
    return "".join(_pieces(template, fields))


def _pieces(template: str, fields: Mapping[str, str]) -> Iterator[str]:
    for literal, name, _, _ in string.Formatter().parse(template):
        yield literal
        if name is not None:
            yield fields[name]
