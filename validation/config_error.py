"""The error that carries everything wrong with the configuration."""

from collections.abc import Sequence

from core.errors import ConfigurationError


class ConfigValidationError(ConfigurationError):
    """The configuration files are wrong.

    ``problems`` holds one line for each, ``file: key: value — what is allowed``; the message is these lines.
    """

    def __init__(self, problems: Sequence[str]) -> None:
        super().__init__(tuple(problems))
        self.problems = list(problems)

    def __str__(self) -> str:
        return "\n".join(self.problems)
