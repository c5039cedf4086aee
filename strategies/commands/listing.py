"""``list``: the registered strategies, a line each."""

from core.command_line import say
from strategies.strategy_registry import strategy_class, strategy_names


def list_strategies() -> None:
    """Print name and first line of what each registered strategy does."""
    names = strategy_names()
    width = max(map(len, names))
    say(*(f"{name:<{width}}  {first_line(strategy_class(name))}" for name in names))


def first_line(found: type) -> str:
    """Return the first line of what a class says of itself."""
    return (found.__doc__ or "").strip().split("\n")[0]
