"""Parameters of a class of one's own that declares none: what its constructor read of them."""

from collections.abc import Iterator, Mapping
from typing import Any


class ReadParameters(dict[str, Any]):
    """A dict that knows which of its keys were asked for; who takes all of them has read all of them.

    ``asked`` are the keys, also such as it does not have.
    """

    def __init__(self, values: Mapping[str, Any]) -> None:
        super().__init__(values)
        self.asked: set[object] = set()

    @property
    def unread(self) -> list[str]:
        """The keys that nobody asked for, in their order."""
        held: list[str] = list(dict.keys(self))
        return [key for key in held if key not in self.asked]

    def __getitem__(self, key: str) -> Any:
        self.asked.add(key)
        return super().__getitem__(key)

    def __contains__(self, key: object) -> bool:
        self.asked.add(key)
        return super().__contains__(key)

    def get(self, key: str, default: Any = None) -> Any:
        """Return a value, or the default."""
        self.asked.add(key)
        return super().get(key, default)

    def pop(self, key: str, *default: Any) -> Any:
        """Take a value out, or the default."""
        self.asked.add(key)
        return super().pop(key, *default)

    def setdefault(self, key: str, default: Any = None) -> Any:
        """Return a value; the default is put where there is none."""
        self.asked.add(key)
        return super().setdefault(key, default)

    def __iter__(self) -> Iterator[str]:
        self._all()
        return super().__iter__()

    def keys(self) -> Any:
        """Return the keys."""
        self._all()
        return super().keys()

    def values(self) -> Any:
        """Return the values."""
        self._all()
        return super().values()

    def items(self) -> Any:
        """Return keys and values."""
        self._all()
        return super().items()

    def copy(self) -> dict[str, Any]:
        """Return a plain dict of the same values."""
        self._all()
        return dict(super().items())

    def _all(self) -> None:
        self.asked.update(super().keys())


def unread_parameters(strategy: object) -> list[str]:
    """Return the parameters that a strategy has kept as it got them and not asked for yet."""
    kept = getattr(strategy, "__dict__", {}).values()
    return [key for one in kept if isinstance(one, ReadParameters) for key in one.unread]
