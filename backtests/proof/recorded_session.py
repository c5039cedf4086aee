"""A session's folder as a parity check reads it: manifest and journal, and nothing that was derived from them."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from core.errors import ConfigurationError, ParityError, StoreError

if TYPE_CHECKING:
    from engine.journal import JournalLine
    from engine.journal_records import SessionRecord
    from validation.composed_settings import Settings

# live.life.session_folder writes these files; packages of one floor do not import each other, so that the
# names stand here too.
JOURNAL = "journal.jsonl"
MANIFEST = "manifest.json"
TRADES, EQUITY, DECISIONS = "trades.csv", "equity.csv", "decisions.jsonl"
ORDERS, LEDGER = "orders.csv", "ledger.csv"
DERIVED = (TRADES, EQUITY, DECISIONS, ORDERS, LEDGER)


class SessionHead(NamedTuple):
    """What a session is made of: its manifest and the first record of its journal."""

    folder: Path
    manifest: Mapping[str, object]
    record: "SessionRecord"

    @property
    def journal(self) -> Path:
        """The journal file."""
        return self.folder / JOURNAL

    def settings(self) -> "Settings":
        """Return the settings of the manifest, once manifest, journal and this program agree on their hash.

        Raises
        ------
        ConfigurationError
            If the manifest's settings cannot be read.
        ParityError
            If the three hashes are not one.
        """
        from validation.resolved_settings import settings_from_resolved

        sections = self.manifest.get("settings")
        if not isinstance(sections, dict):
            raise ConfigurationError(f"{self.folder / MANIFEST}: settings are missing; this is no session's manifest")
        settings = settings_from_resolved(sections, str(self.folder / MANIFEST))
        written, journalled = self.manifest.get("settings_sha256"), self.record.settings_sha256
        if written != journalled:
            raise ParityError(
                f"settings: the manifest names {written}, the journal {journalled}: they are not of one session"
            )
        if settings.settings_sha256 != journalled:
            raise ParityError(
                f"settings: the manifest holds settings with the hash {settings.settings_sha256}, the journal names "
                f"{journalled}: the manifest was changed, or this program reads it differently"
            )
        lacking = [symbol for symbol in settings.live.symbols if symbol not in self.record.instruments]
        if lacking:
            raise StoreError(f"{self.journal}: line 1 has no trading rules of {', '.join(lacking)}", path=self.journal)
        return settings

    def lines(self) -> "Iterator[JournalLine]":
        """Yield the journal's records after the first; errors as in ``engine.journal.read_journal``."""
        from engine.journal import read_journal

        lines = read_journal(self.journal)
        next(lines, None)
        return lines

    def spellings(self) -> dict[str, str]:
        """Return the configured spelling of every name the journal may use for a symbol."""
        spelled = {symbol: symbol for symbol in self.record.instruments}
        listed = self.manifest.get("symbols")
        if isinstance(listed, dict):
            for spelling, facts in listed.items():
                if isinstance(facts, dict) and isinstance(facts.get("canonical"), str):
                    spelled.setdefault(facts["canonical"], spelling)
        for spelling, instrument in self.record.instruments.items():
            spelled.setdefault(instrument.symbol, spelling)
        return spelled


def read_head(folder: str | Path) -> SessionHead:
    """Return manifest and first record of a session's folder.

    Raises
    ------
    ConfigurationError
        If the folder is none of a session.
    StoreError
        If the journal cannot be read or its first line is damaged.
    """
    from engine.journal import read_journal
    from engine.journal_records import SessionRecord

    path = Path(folder)
    for name in (JOURNAL, MANIFEST):
        if not (path / name).is_file():
            raise ConfigurationError(f"{path}: there is no {name}; give the folder of a session")
    manifest_file = path / MANIFEST
    try:
        manifest = json.loads(manifest_file.read_text(encoding="utf-8"))
    except OSError as error:
        raise StoreError.of("read", manifest_file, error) from error
    except ValueError as error:
        raise ConfigurationError(f"{manifest_file}: is no JSON: {error}") from error
    if not isinstance(manifest, dict):
        raise ConfigurationError(f"{manifest_file}: is no manifest")
    first = next(read_journal(path / JOURNAL), None)
    if first is None:
        raise ConfigurationError(f"{path / JOURNAL}: holds no whole record; the session never began")
    if not isinstance(first.record, SessionRecord):
        raise StoreError(
            f"{path / JOURNAL}: line 1 (byte 0) is damaged: it does not say what the session is made of",
            path=path / JOURNAL,
        )
    return SessionHead(path, manifest, first.record)
