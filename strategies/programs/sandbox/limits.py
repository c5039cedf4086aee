"""What a program may use, call by call and in all."""

import msgspec

from core.errors import ConfigurationError

LONGEST_TEXT = 64 * 1024
"""Bytes of a program's text, in UTF-8."""


class ProgramLimits(msgspec.Struct, frozen=True):
    """The limits of a program; each is an integer or a number of seconds above zero.

    Parameters
    ----------
    call_seconds
        Processor time of one call inside the interpreter; by the clock on the wall where the system does not say it. A
        process that has not noticed its time a second later is killed.
    run_seconds
        Processor time that all calls of a session may take together; None for no limit. Two machines may differ in
        when it is reached.
    memory_mb
        Mebibytes of the interpreter's own heap. The address space of the process around it is held by the system to 256
        more.
    output_bytes
        Bytes of what a call returns, as JSON.
    printed_bytes
        Bytes of what a call prints, in UTF-8.
    recursion
        Calls inside one another.
    host_calls
        Reads of one call that are not in what it was given, and are asked of the session.
    state_bytes
        Bytes of ``memory``, as JSON.
    """

    call_seconds: float = 0.25
    run_seconds: float | None = None
    memory_mb: int = 64
    output_bytes: int = 64 * 1024
    printed_bytes: int = 16 * 1024
    recursion: int = 200
    host_calls: int = 1000
    state_bytes: int = 64 * 1024

    def __post_init__(self) -> None:
        for name, most in _MOST.items():
            value = getattr(self, name)
            if value is None and name == "run_seconds":
                continue
            kinds = (int, float) if name in _SECONDS else (int,)
            if isinstance(value, bool) or not isinstance(value, kinds) or not 0 < value <= most:
                kind = "seconds" if name in _SECONDS else "an integer"
                raise ConfigurationError(f"program limit {name}: {value!r} — allowed: {kind} above 0, at most {most:g}")


_SECONDS = ("call_seconds", "run_seconds")
_MOST: dict[str, float] = {
    "call_seconds": 60,
    "run_seconds": 10**7,
    "memory_mb": 1024,
    "output_bytes": 2**24,
    "printed_bytes": 2**24,
    "recursion": 500,
    "host_calls": 100_000,
    "state_bytes": 2**24,
}
