"""A session's folder as a parity check reads it: manifest and journal, and nothing that was derived from them."""

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from core.errors import ConfigurationError, StoreError
from engine.journal import JournalLine, read_journal
from engine.journal_records import SessionRecord
from runs.documents.manifest import Manifest, SymbolAtStart, read_manifest
from runs.documents.manifest_check import agreed_settings
from runs.folder.file_names import JOURNAL, MANIFEST
from validation.composed_settings import Settings


class SessionHead(NamedTuple):
    """What a session is made of: its manifest and the first record of its journal; whether the records are chained."""

    folder: Path
    manifest: Manifest[SymbolAtStart]
    record: SessionRecord
    chained: bool = True

    @property
    def journal(self) -> Path:
        """The journal file."""
        return self.folder / JOURNAL

    def settings(self) -> Settings:
        """Return the settings of the manifest, once manifest, journal and this program agree on strategy and settings.

        Raises
        ------
        ConfigurationError
            If the manifest's settings cannot be read.
        ParityError
            If the three hashes of either are not one; the strategy is compared first and its changed file named.
        """
        settings = agreed_settings(self.folder / MANIFEST, self.manifest, self.record)
        lacking = [symbol for symbol in settings.live.symbols if symbol not in self.record.instruments]
        if lacking:
            raise StoreError(f"{self.journal}: line 1 has no trading rules of {', '.join(lacking)}", path=self.journal)
        return settings

    def lines(self) -> Iterator[JournalLine]:
        """Yield the journal's records after the first; errors as in ``engine.journal.read_journal``."""
        lines = read_journal(self.journal)
        next(lines, None)
        return lines

    def unified(self) -> dict[str, str]:
        """Return configured spelling -> unified symbol, in configured order."""
        known = self.manifest.symbols
        return {
            spelling: known[spelling].canonical if spelling in known else rules.symbol
            for spelling, rules in self.record.instruments.items()
        }

    def spellings(self) -> dict[str, str]:
        """Return the configured spelling of every name the journal may use for a symbol."""
        spelled = {symbol: symbol for symbol in self.record.instruments}
        spelled |= {one.symbol: one.symbol for one in self.record.watched_series}
        for spelling, facts in self.manifest.symbols.items():
            spelled.setdefault(facts.canonical, spelling)
        for spelling, instrument in self.record.instruments.items():
            spelled.setdefault(instrument.symbol, spelling)
        for one in self.record.watched_series:
            spelled.setdefault(one.canonical, one.symbol)
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
    path = Path(folder)
    for name in (JOURNAL, MANIFEST):
        if not (path / name).is_file():
            raise ConfigurationError(f"{path}: there is no {name}; give the folder of a session")
    manifest = read_manifest(path / MANIFEST)
    first = next(read_journal(path / JOURNAL), None)
    if first is None:
        raise ConfigurationError(f"{path / JOURNAL}: holds no whole record; the session never began")
    if not isinstance(first.record, SessionRecord):
        raise StoreError(
            f"{path / JOURNAL}: line 1 (byte 0) is damaged: it does not say what the session is made of",
            path=path / JOURNAL,
        )
    return SessionHead(path, manifest, first.record, first.chained)
