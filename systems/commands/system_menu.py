"""The menu of ``python -m systems`` on a terminal: which system, what to do with it, on which window."""

from collections.abc import Callable
from typing import Any

import questionary

from systems.operations import list_systems
from systems.places import Places

Answer = list[str] | None
_LEAVE = "leave"
_ACTIONS = {
    "run": "backtest a window",
    "demo": "rehearse a window on the practice exchange, and check its parity",
    "show": "show what it resolves to",
    "promote": "show its evidence, and promote it if all criteria hold",
}


def menu(places: Places, run: Callable[[list[str]], int], **terminal: Any) -> int:
    """Ask until the user leaves; each answer is run as the arguments of a command.

    Parameters
    ----------
    places
        Where systems are.
    run
        Runs arguments and returns an exit code.
    **terminal
        ``input`` and ``output`` of prompt_toolkit, where they are not the process's own.

    Returns
    -------
    int
        The exit code of the last command; 0 where there was none.
    """
    code = 0
    while True:
        arguments = _asked(places, terminal)
        if arguments is None:
            return code
        code = run(arguments)


def _asked(places: Places, terminal: dict[str, Any]) -> Answer:
    systems = {one["id"]: one for one in list_systems(places)}
    sound = {name: one for name, one in systems.items() if "problem" not in one}
    lines = {name: f"{name}  {one['description']}" for name, one in sound.items()}
    broken = len(systems) - len(sound)
    check = {"check": f"check: {broken} cannot be read"} if broken else {}
    chosen = _select("Which system?", {**lines, **check, _LEAVE: _LEAVE}, terminal)
    if chosen in (None, _LEAVE):
        return None
    if chosen == "check":
        return ["check"]
    action = _select("What to do?", _ACTIONS, terminal)
    if action is None:
        return None
    if action in ("show", "promote"):
        return [action, chosen]
    windows = {name: f"{name}  {text}" for name, text in sound[chosen]["windows"].items()}
    if not windows:
        return ["run", chosen]
    window = _select("Which window?", windows, terminal)
    epoch = ["--epoch", "demo"] if action == "demo" else []
    return None if window is None else ["run", chosen, "--window", window, *epoch]


def _select(question: str, choices: dict[str, str], terminal: dict[str, Any]) -> str | None:
    """Return the name that was chosen; None where the user left."""
    options = [questionary.Choice(title, name) for name, title in choices.items()]
    try:
        return str(questionary.select(question, choices=options, **terminal).unsafe_ask())
    except (KeyboardInterrupt, EOFError):
        return None
