"""The error that carries everything wrong with the configuration."""

from core.errors import ConfigurationError


class ConfigValidationError(ConfigurationError):
    """The configuration files are wrong; the message has one line for each problem, and ``facts`` the problems."""

    @property
    def problems(self) -> list[str]:
        """One line for each problem, ``file: key: value — what is allowed``."""
        return [problem.line() for problem in self.facts]
