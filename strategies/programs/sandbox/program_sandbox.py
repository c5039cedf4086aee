"""A program in its sandbox: each call begins from the same state, so that nothing but ``memory`` is kept."""

import importlib.util
from typing import TYPE_CHECKING

from core.errors import ConfigurationError
from strategies.programs.sandbox.limits import ProgramLimits
from strategies.programs.sandbox.program_text import ProgramText
from strategies.programs.sandbox.sandbox import CallAnswer, CallInput

if TYPE_CHECKING:
    from strategies.programs.sandbox.calling import Calling

NEEDED = "programs need the extra `programs`: make venv"


class ProgramSandbox:
    """Runs one program in a process beside this one, started at the first call and anew after a call that ended it.

    The answer of a call is a function of the text, the limits and what the call is given: it is the same in whichever
    process and after whichever calls. Only a problem of kind ``machine`` may come in one run and not in another.

    Parameters
    ----------
    text
        The program.
    limits
        What its calls may use.

    Raises
    ------
    ConfigurationError
        If the interpreter is not installed.

    Examples
    --------
    >>> text = ProgramText.of("def decide(market, account, trigger): return Decision('buy', stop=market.time)")
    >>> sandbox = ProgramSandbox(text)
    >>> given = CallInput({"time": 100}, {}, {"symbol": "BTC/USDT"}, {}, serve=print)
    >>> sandbox.call(given).decision["stop"]
    100
    >>> sandbox.close()
    """

    def __init__(self, text: ProgramText, limits: ProgramLimits | None = None) -> None:
        if importlib.util.find_spec("pydantic_monty") is None:
            raise ConfigurationError(NEEDED)
        self._text = text
        self._limits = ProgramLimits() if limits is None else limits
        self._calling: Calling | None = None

    def call(self, given: CallInput) -> CallAnswer:
        """Call the program once; whatever it does is in the answer.

        What ``given.serve`` raises beside a refusal is raised here.
        """
        if self._calling is None:
            from strategies.programs.sandbox.calling import Calling

            self._calling = Calling(self._text, self._limits)
        return self._calling.call(given)

    def close(self) -> None:
        """End the process; a later call starts another."""
        if self._calling is not None:
            self._calling.close()
