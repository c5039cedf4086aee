"""Trading rules of symbols, stored with the date from which they are known."""

from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import msgspec

from core.errors import StoreError
from core.instrument import DEFAULT_SOURCE, Instrument, MarginTier
from market_data.store.atomic_files import folder_lock, make_folder, remove, write_atomically
from market_data.store.store_layout import INSTRUMENTS_FOLDER, exchange_folder

INFERRED = "inferred from imported prices"
"""``source`` of rules that were read off the decimals of imported candles; a market list's rules stand above them."""
IMPORTED_TABLE = "imported margin table"
"""``tiers_source`` of margin tables that a user's file holds."""


class _Table(NamedTuple):
    as_of_ms: int
    tiers: tuple[MarginTier, ...]
    source: str


class _Snapshot(msgspec.Struct, frozen=True, omit_defaults=True):
    as_of_ms: int
    instruments: dict[str, Instrument] = {}
    margin_tables: dict[str, tuple[MarginTier, ...]] = {}


class InstrumentStore:
    """Dated snapshots of instruments below ``root/<exchange>/instruments``, one JSON file for each date.

    A symbol's rules come from market lists where any holds it. Rules inferred from imported prices are used where
    none does; they are inferred once, see ``save_inferred``, and where a store holds several of one symbol the finest
    tick and lot count. Margin tables have dates of their
    own: one stays in force until the next, whatever rules come between, and one that was imported stands above a market
    list's of the same instant. May be used from several processes. Every method raises StoreError where a snapshot
    cannot be read or written; what was there before then stands.

    Parameters
    ----------
    root
        Folder of the candle store; nothing is created before the first write.
    """

    def __init__(self, root: str | Path) -> None:
        self._root = Path(root)

    def save(self, exchange: str, instruments: Mapping[str, Instrument], as_of_ms: int) -> None:
        """Store instruments as known from ``as_of_ms`` on, beside those already stored for that very instant."""
        dated = {
            symbol: msgspec.structs.replace(instrument, as_of_ms=as_of_ms) for symbol, instrument in instruments.items()
        }
        self._add(exchange, as_of_ms, dated, {})

    def save_inferred(self, exchange: str, inferred: Instrument, *, anew: bool = False) -> Instrument | None:
        """Store rules inferred from imported prices where a symbol has none, and return what held before.

        Rules are inferred once for each set and symbol: whatever is imported later changes nothing that rests on them.

        Parameters
        ----------
        inferred
            With the instant from which they are known.
        anew
            Put them in the place of rules that were inferred before. A market list's stand in any case.

        Returns
        -------
        Instrument
            The rules that held before, a market list's or inferred ones; None if there were none.
        """
        folder = self._folder(exchange)
        make_folder(folder)
        with folder_lock(folder):
            before = self.latest(exchange).get(inferred.symbol)
            if before is not None and before.source != DEFAULT_SOURCE and (before.source != INFERRED or not anew):
                return before
            for path in self._files(exchange):
                snapshot = _load(path)
                others = {symbol: one for symbol, one in snapshot.instruments.items() if symbol != inferred.symbol}
                _replace(path, snapshot, msgspec.structs.replace(snapshot, instruments=others))
            self._add_locked(exchange, inferred.as_of_ms or 0, {inferred.symbol: inferred}, {})
            return None if before is None or before.source == DEFAULT_SOURCE else before

    def copy(self, exchange: str, symbol: str, to: str) -> None:
        """Give every version of a symbol's rules to another set; nothing if none is known."""
        for instant, version in self._known(exchange).get(symbol, []):
            self.save(to, {symbol: version}, instant)

    def save_margin_tables(self, exchange: str, tables: Mapping[str, tuple[MarginTier, ...]], as_of_ms: int) -> None:
        """Store margin tables as known from ``as_of_ms`` on; they say nothing of the other rules."""
        self._add(exchange, as_of_ms, {}, tables)

    def snapshots(self, exchange: str) -> list[int]:
        """Return the instants of all snapshots of an exchange, in order; none if there is no snapshot."""
        return [int(path.stem) for path in self._files(exchange)]

    def latest(self, exchange: str) -> dict[str, Instrument]:
        """Return the last known rules of every symbol, keyed by symbol, sorted."""
        return {symbol: dated[-1][1] for symbol, dated in self._known(exchange).items()}

    def at(self, exchange: str, time_ms: int) -> dict[str, Instrument]:
        """Return the rules of every symbol that were in force at an instant, else the earliest known later ones."""
        return {symbol: _in_force(dated, time_ms) for symbol, dated in self._known(exchange).items()}

    def changes(self, exchange: str, start_ms: int, end_ms: int) -> dict[str, tuple[Instrument, ...]]:
        """Return the rules that come into force in ``(start_ms, end_ms]``, in order, of each symbol whose rules change.

        Each version differs from the one before it, the first from that of ``at(exchange, start_ms)``, and its
        ``as_of_ms`` is when it comes into force. Rules inferred from imported prices never change inside a window.
        """
        changes: dict[str, tuple[Instrument, ...]] = {}
        for symbol, dated in self._known(exchange).items():
            versions = [_in_force(dated, start_ms)]
            for since_ms, version in dated:
                if start_ms < since_ms <= end_ms and not _alike(version, versions[-1]):
                    versions.append(msgspec.structs.replace(version, as_of_ms=since_ms))
            if len(versions) > 1:
                changes[symbol] = tuple(versions[1:])
        return changes

    def _add(
        self,
        exchange: str,
        as_of_ms: int,
        instruments: Mapping[str, Instrument],
        tables: Mapping[str, tuple[MarginTier, ...]],
    ) -> None:
        folder = self._folder(exchange)
        make_folder(folder)
        with folder_lock(folder):
            self._add_locked(exchange, as_of_ms, instruments, tables)

    def _add_locked(
        self,
        exchange: str,
        as_of_ms: int,
        instruments: Mapping[str, Instrument],
        tables: Mapping[str, tuple[MarginTier, ...]],
    ) -> None:
        """Add to the snapshot of an instant; the caller holds the lock."""
        path = self._folder(exchange) / f"{as_of_ms}.json"
        before = _load(path) if path.exists() else _Snapshot(as_of_ms)
        preferred = {symbol: _preferred(before.instruments.get(symbol), came) for symbol, came in instruments.items()}
        after = _Snapshot(as_of_ms, {**before.instruments, **preferred}, {**before.margin_tables, **tables})
        _replace(path, before, after)

    def _known(self, exchange: str) -> dict[str, list[tuple[int, Instrument]]]:
        """Return every version of each symbol's rules with the instant from which it holds, the earliest first."""
        rules: dict[str, list[Instrument]] = {}
        tables: dict[str, list[_Table]] = {}
        for path in self._files(exchange):
            snapshot = _load(path)
            for symbol, one in snapshot.instruments.items():
                rules.setdefault(symbol, []).append(one)
                if one.margin_tiers and symbol not in snapshot.margin_tables:
                    tables.setdefault(symbol, []).append(_Table(snapshot.as_of_ms, one.margin_tiers, one.source))
            for symbol, tiers in snapshot.margin_tables.items():
                tables.setdefault(symbol, []).append(_Table(snapshot.as_of_ms, tiers, IMPORTED_TABLE))
        symbols = sorted({*rules, *tables})
        return {symbol: _dated(symbol, rules.get(symbol, []), tables.get(symbol, [])) for symbol in symbols}

    def _files(self, exchange: str) -> list[Path]:
        folder = self._folder(exchange)
        try:
            files = [path for path in folder.iterdir() if path.suffix == ".json" and not path.name.startswith(".")]
        except FileNotFoundError:
            return []
        except OSError as error:
            raise StoreError(
                f"{folder}: cannot be read as a folder ({error.strerror or error})", path=folder
            ) from error
        for path in files:
            if not path.stem.removeprefix("-").isdecimal():
                raise StoreError(f"{path}: is no snapshot <milliseconds>.json of this store; move it away", path=path)
        return sorted(files, key=lambda path: int(path.stem))

    def _folder(self, exchange: str) -> Path:
        return self._root / exchange_folder(exchange) / INSTRUMENTS_FOLDER


def _replace(path: Path, before: _Snapshot, after: _Snapshot) -> None:
    """Write a snapshot that differs from what is stored; one that holds nothing any more is removed."""
    if after == before:
        return
    if after.instruments or after.margin_tables:
        write_atomically(path, msgspec.json.encode(after, order="sorted") + b"\n")
        return
    remove(path)


_decode = msgspec.json.Decoder(_Snapshot).decode
"""Made before there are threads: docs/developing.md says why."""


def _load(path: Path) -> _Snapshot:
    try:
        return _decode(path.read_bytes())
    except OSError as error:
        raise StoreError(f"{path}: cannot be read ({error.strerror or error})", path=path) from error
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise StoreError(
            f"{path}: is no snapshot of instruments ({error}); delete that file and fetch again", path=path
        ) from error


def _dated(symbol: str, rules: list[Instrument], tables: list[_Table]) -> list[tuple[int, Instrument]]:
    """Put rules and margin tables together at every instant at which either changes.

    Before the first known of either, that first one holds.
    """
    counting = _finest(rules) if rules else []
    instants = sorted({*(one.as_of_ms or 0 for one in counting), *(table.as_of_ms for table in tables)})
    dated = []
    for instant in instants:
        held = [one for one in counting if (one.as_of_ms or 0) <= instant] or counting[:1]
        version = held[-1] if held else Instrument(symbol)
        in_force = ([table for table in tables if table.as_of_ms <= instant] or tables[:1])[-1:]
        for table in in_force:
            version = msgspec.structs.replace(
                version, margin_tiers=table.tiers, tiers_as_of_ms=table.as_of_ms, tiers_source=table.source
            )
        dated.append((instant, version))
    return dated


def _in_force(dated: list[tuple[int, Instrument]], time_ms: int) -> Instrument:
    """Return the version that holds at an instant, else the first."""
    held = [version for since_ms, version in dated if since_ms <= time_ms]
    return held[-1] if held else dated[0][1]


def _alike(one: Instrument, other: Instrument) -> bool:
    """Whether two versions are the same rules, whenever and from wherever they were read."""
    return undated(one) == undated(other)


def undated(rules: Instrument) -> Instrument:
    """Return rules without when and from where they were read."""
    return msgspec.structs.replace(rules, as_of_ms=None, source="", tiers_as_of_ms=None, tiers_source="")


def _preferred(stored: Instrument | None, came: Instrument) -> Instrument:
    """Return which of two rules of one instant to keep: a market list's, else the finest of inferred ones."""
    if stored is None:
        return came
    if came.source == INFERRED:
        return _finest([stored, came])[-1]
    return came


def _finest(versions: list[Instrument]) -> list[Instrument]:
    """Return the versions that count: those of market lists, else the inferred ones, each with the finest steps."""
    listed = [version for version in versions if version.source != INFERRED]
    if listed:
        return listed
    tick = min(version.tick_size for version in versions)
    lot = min(version.lot_size for version in versions)
    return [msgspec.structs.replace(version, tick_size=tick, lot_size=lot) for version in versions]
