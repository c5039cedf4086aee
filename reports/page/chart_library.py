"""The library that draws time charts: TradingView Lightweight Charts, from the installed wheel that carries it."""

import importlib.metadata
from pathlib import Path

from core.errors import StoreError

DISTRIBUTION = "lightweight-charts"
_FILE = "lightweight_charts/js/lightweight-charts.js"
_ADVICE = "install what requirements-charts.txt names (make venv does)"


def chart_library() -> str:
    """Return the library's source, its licence at its head; the package around it is never imported.

    Raises
    ------
    StoreError
        If it is not installed, or cannot be read.
    """
    try:
        files = importlib.metadata.distribution(DISTRIBUTION).files or []
    except importlib.metadata.PackageNotFoundError:
        raise StoreError(f"{DISTRIBUTION} is not installed, and pages draw with it; {_ADVICE}") from None
    for file in files:
        if file.as_posix() == _FILE:
            path = Path(str(file.locate()))
            try:
                return path.read_text(encoding="utf-8")
            except (OSError, UnicodeDecodeError) as error:
                raise StoreError(f"{path}: cannot be read ({error}); {_ADVICE}", path=path) from None
    raise StoreError(f"{DISTRIBUTION} holds no {_FILE}; {_ADVICE}")
