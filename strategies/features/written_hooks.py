"""What a feature strategy's class has written, before it runs: nobody calls a method whose name is misspelt."""

import difflib
import re
import weakref

from pydantic import BaseModel

from core.errors import ConfigurationError
from strategies.own_code import at_place_of

_HOOKS = ("features", "decide", "candidates", "on_fill", "on_close", "lookback", "Params")
_LIKE_FEATURES = re.compile(r"([a-z]+_)?features?")
_NEAR = 0.8
_sound: weakref.WeakSet[type] = weakref.WeakSet()
"""Classes in which nothing was found wrong: many runs are made of one."""


def require_hooks(kind: type, general: type) -> None:
    """Refuse a class without ``decide``, or with a name that is nearly that of a hook which it does not have.

    Parameters
    ----------
    kind
        The class.
    general
        The one that has every hook as it is where none is written.

    Raises
    ------
    ConfigurationError
        Names class, method, file and line.
    """
    if kind in _sound:
        return
    lacking = [name for name in _HOOKS if getattr(kind, name) is getattr(general, name)]
    own = {name for one in kind.__mro__ if one not in general.__mro__ for name in vars(one)}
    for name in sorted(own):
        if name in _HOOKS or name.startswith("_") or hasattr(general, name):
            continue
        value = getattr(kind, name)
        meant = _meant(name, value, lacking)
        if meant is not None:
            place = at_place_of(value if callable(value) else kind)
            raise ConfigurationError(f"{kind.__name__}.{name} means nothing; did you mean {meant}?{place}")
    if "decide" in lacking:
        raise ConfigurationError(f"{kind.__name__} has no decide(now){at_place_of(kind)}")
    _sound.add(kind)


def _meant(name: str, value: object, lacking: list[str]) -> str | None:
    if isinstance(value, type) and issubclass(value, BaseModel):
        return "Params" if "Params" in lacking else None
    if "features" in lacking and callable(value) and _LIKE_FEATURES.fullmatch(name.casefold()):
        return "features"
    by_folded = {one.casefold(): one for one in lacking}
    near = difflib.get_close_matches(name.casefold(), by_folded, 1, _NEAR)
    return by_folded[near[0]] if near else None
