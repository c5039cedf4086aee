"""Validation of the whole configuration in one call."""

from pathlib import Path

from core.settings_file import Plain
from validation.config_error import ConfigValidationError
from validation.loading import DEFAULT_CONFIG, load_settings

__all__ = ["ConfigValidationError", "validate_all_configs"]


def validate_all_configs(base_path: str | Path = ".") -> dict[str, Plain]:
    """Check ``config/live.yaml`` below a folder and the two files that belong to it, and return what they say.

    Parameters
    ----------
    base_path
        The folder that holds ``config/``.

    Returns
    -------
    dict
        ``live``, ``risk`` and ``trading_mode`` with every default filled in, and ``settings_sha256``.

    Raises
    ------
    ConfigValidationError
        If anything is wrong; ``problems`` names all of it.
    """
    settings = load_settings(Path(base_path) / DEFAULT_CONFIG, base_path=base_path)
    return {**settings.resolved(), "settings_sha256": settings.settings_sha256}
