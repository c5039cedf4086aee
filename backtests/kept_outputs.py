"""What a run that writes no files keeps of its outputs, in memory."""

from collections.abc import Mapping
from pathlib import Path
from typing import get_args

from core.errors import ConfigurationError
from core.settings_problem import shown
from engine.renderer import ROWS_AT_ONCE, OutputsKept, SessionOutputs
from runs.folder.file_names import EQUITY, ORDERS, TRADES


class KeptOutputs:
    """The texts that results are read from; with ``full`` those that reports need, with ``trades`` the trade log alone.

    Parameters
    ----------
    kept
        Which outputs are wanted.
    """

    def __init__(self, kept: OutputsKept) -> None:
        self._kept = kept
        names = {"full": (TRADES, EQUITY, ORDERS), "trades": (TRADES,), "none": ()}[kept]
        self._texts = {name: bytearray() for name in names}

    def outputs(self) -> SessionOutputs:
        """Return session outputs that write here."""
        trades, equity, orders = (
            None if name not in self._texts else self._texts[name].extend for name in (TRADES, EQUITY, ORDERS)
        )
        return SessionOutputs(trades, equity, orders=orders, kept=self._kept, at_once=ROWS_AT_ONCE)

    def take(self, texts: Mapping[str, bytes]) -> None:
        """Take what was written elsewhere, by the names of files."""
        for name, text in self._texts.items():
            text += texts[name]

    def texts(self) -> dict[str, bytes]:
        """Return what was written, by the names of their files."""
        return {name: bytes(text) for name, text in self._texts.items()}


def require_outputs(kept: str, output_dir: str | Path | None) -> None:
    """Refuse a choice of outputs that is none, or that leaves files without their contents; ConfigurationError."""
    if kept not in get_args(OutputsKept):
        raise ConfigurationError(f"outputs: {shown(kept)} — allowed: {', '.join(get_args(OutputsKept))}")
    if kept != "full" and output_dir is not None:
        raise ConfigurationError(f"outputs: {kept!r} writes no files — allowed: 'full' beside output_dir")


def require_kept(kept: OutputsKept, what: str) -> None:
    """Refuse to show what a run has not kept; ConfigurationError."""
    needs_full = what == "what reports are made of"
    if kept == "none" or (kept == "trades" and needs_full):
        allowed = "'full'" if needs_full else "'trades' or 'full'"
        raise ConfigurationError(f"{what} was not kept: the run had outputs={kept!r} — allowed: {allowed}")
