"""What is wrong with one setting, in one line: where it stands, what it says and what is allowed."""

import difflib
import re
from collections.abc import Collection
from typing import NamedTuple

_LONGEST_VALUE = 60
_SHORTEST_ABBREVIATION = 3
_BEFORE_ALLOWED = re.compile(r"(?:; | — )(?=allowed)")


class SettingsProblem(NamedTuple):
    """One broken rule: ``key`` is the dotted path below the file (empty for the file itself).

    ``file`` is what it was read from, empty where that is said by others.
    """

    key: str
    wrong: str
    allowed: str = ""
    file: str = ""

    def of(self, file: str) -> "SettingsProblem":
        """Return the problem as one of a file."""
        return self._replace(file=file)

    def line(self, source: str | None = None) -> str:
        """Return ``source: key: what is wrong — what is allowed``; the source is the file where none is given.

        What is empty is left out.
        """
        parts = (self.file if source is None else source, self.key, self.wrong)
        head = ": ".join(one for one in parts if one)
        return f"{head} — {self.allowed}" if self.allowed else head


def in_two(sentence: str) -> tuple[str, str]:
    """Return what is wrong, and what is allowed; nothing where the sentence does not say it.

    Examples
    --------
    >>> in_two("'4q' is not understood; allowed: 1m, 1h")
    ("'4q' is not understood", 'allowed: 1m, 1h')
    """
    wrong, *allowed = _BEFORE_ALLOWED.split(sentence, maxsplit=1)
    return wrong, "".join(allowed)


def nearest_name(name: str, names: Collection[str]) -> str | None:
    """Return the name most like ``name``, or the only one it abbreviates, ignoring case; None when none is close.

    Examples
    --------
    >>> nearest_name("slipage", ["slippage", "commission_rate"])
    'slippage'
    >>> nearest_name("sqrt", ["fixed", "square_root"])
    'square_root'
    """
    by_folded = {candidate.casefold(): candidate for candidate in sorted(names, reverse=True)}
    written = name[:200].casefold()
    close = difflib.get_close_matches(written, by_folded, n=1, cutoff=0.6)
    if not close and len(written) >= _SHORTEST_ABBREVIATION:
        abbreviated = [folded for folded in by_folded if _abbreviates(written, folded)]
        close = abbreviated if len(abbreviated) == 1 else []
    return by_folded[close[0]] if close else None


def _abbreviates(short: str, whole: str) -> bool:
    """Whether a text is a name with letters left out, none of them the first."""
    rest = iter(whole)
    return short[:1] == whole[:1] and all(letter in rest for letter in short)


def did_you_mean(name: object, names: Collection[str]) -> str:
    """Return `` (did you mean …?)`` for the nearest valid name, or empty text."""
    nearest = nearest_name(name, names) if isinstance(name, str) else None
    return f" (did you mean {nearest}?)" if nearest is not None else ""


def shown(value: object) -> str:
    """Return a value as one short printable line, the way a settings file would write it."""
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, dict):
        return "a section" if value else "an empty section"
    if isinstance(value, list | tuple):
        return f"a list of {len(value)}"
    if isinstance(value, int) and abs(value) >= 10**_LONGEST_VALUE:
        return "a number of more than 60 digits"
    text = ascii(value) if isinstance(value, str) and not value.isprintable() else repr(value)
    return text if len(text) <= _LONGEST_VALUE else text[: _LONGEST_VALUE - 1] + "…"


def shortly(value: object) -> str:
    """Return a value as Python writes it, cut short and on one line: what a program, and no file, has said."""
    text = " ".join(repr(value).split())
    return text if len(text) <= _LONGEST_VALUE else text[: _LONGEST_VALUE - 1] + "…"


def shown_key(key: str) -> str:
    """Return a key as it can stand in a one-line message: unprintable, overlong or ragged ones are quoted and cut."""
    plain = key.isprintable() and 0 < len(key) <= _LONGEST_VALUE and ":" not in key and key == key.strip()
    return key if plain else shown(key)
