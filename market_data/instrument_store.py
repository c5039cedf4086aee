"""Trading rules of symbols, stored with the date from which they are known."""

from collections.abc import Mapping
from pathlib import Path

import msgspec

from core.errors import StoreError
from core.instrument import Instrument
from market_data.atomic_files import folder_lock, make_folder, write_atomically
from market_data.store_layout import INSTRUMENTS_FOLDER, exchange_folder

INFERRED = "inferred from imported prices"
"""``source`` of rules that were read off the decimals of imported candles; a market list's rules stand above them."""


class _Snapshot(msgspec.Struct, frozen=True):
    as_of_ms: int
    instruments: dict[str, Instrument]


class InstrumentStore:
    """Dated snapshots of instruments below ``root/<exchange>/instruments``, one JSON file for each date.

    A symbol's rules come from market lists where any holds it. Rules inferred from imported prices are used where
    none does: of several, the finest tick and lot count, whichever import came first. A margin table stays in force
    until the next one, whatever market lists come between. May be used from several processes.

    Parameters
    ----------
    root
        Folder of the candle store; nothing is created before the first write.
    """

    def __init__(self, root: str | Path) -> None:
        self._root = Path(root)

    def save(self, exchange: str, instruments: Mapping[str, Instrument], as_of_ms: int) -> None:
        """Store instruments as known from ``as_of_ms`` on, beside those already stored for that very instant.

        Raises
        ------
        StoreError
            If the snapshot cannot be written; what was there before stands.
        """
        folder = self._folder(exchange)
        make_folder(folder)
        with folder_lock(folder):
            path = folder / f"{as_of_ms}.json"
            before = _load(path).instruments if path.exists() else {}
            dated = {
                symbol: _preferred(before.get(symbol), msgspec.structs.replace(instrument, as_of_ms=as_of_ms))
                for symbol, instrument in instruments.items()
            }
            snapshot = _Snapshot(as_of_ms, {**before, **dated})
            if snapshot.instruments != before:
                write_atomically(path, msgspec.json.encode(snapshot, order="sorted") + b"\n")

    def snapshots(self, exchange: str) -> list[int]:
        """Return the instants of all snapshots of an exchange, in order; none if there is no snapshot."""
        return [int(path.stem) for path in self._files(exchange)]

    def latest(self, exchange: str) -> dict[str, Instrument]:
        """Return the last known rules of every symbol, keyed by symbol, sorted.

        Raises
        ------
        StoreError
            If a snapshot cannot be read.
        """
        known = self._known(exchange)
        return {symbol: _finest(versions)[-1] for symbol, versions in known.items()}

    def at(self, exchange: str, time_ms: int) -> dict[str, Instrument]:
        """Return the rules of every symbol that were in force at an instant, else the earliest known later ones.

        Raises
        ------
        StoreError
            If a snapshot cannot be read.
        """
        chosen = {}
        for symbol, versions in self._known(exchange).items():
            dated = _finest(versions)
            in_force = [version for version in dated if (version.as_of_ms or 0) <= time_ms]
            chosen[symbol] = in_force[-1] if in_force else dated[0]
        return chosen

    def changes(self, exchange: str, start_ms: int, end_ms: int) -> dict[str, tuple[Instrument, ...]]:
        """Return the rules that come into force in ``(start_ms, end_ms]``, in order, of each symbol whose rules change.

        Each version differs from the one before it, the first from that of ``at(exchange, start_ms)``. Rules inferred
        from imported prices never change: a later import only knows them better.

        Raises
        ------
        StoreError
            If a snapshot cannot be read.
        """
        changes: dict[str, tuple[Instrument, ...]] = {}
        for symbol, versions in self._known(exchange).items():
            listed = [version for version in versions if version.source != INFERRED]
            in_force = [version for version in listed if (version.as_of_ms or 0) <= start_ms]
            current = (in_force[-1:] or listed[:1])[:1]
            for version in listed:
                if start_ms < (version.as_of_ms or 0) <= end_ms and not _alike(version, current[-1]):
                    current.append(version)
            if len(current) > 1:
                changes[symbol] = tuple(current[1:])
        return changes

    def _known(self, exchange: str) -> dict[str, list[Instrument]]:
        """Return every stored version of each symbol's rules, the earliest first."""
        known: dict[str, list[Instrument]] = {}
        for path in self._files(exchange):
            for symbol, instrument in _load(path).instruments.items():
                known.setdefault(symbol, []).append(instrument)
        return {symbol: _with_tiers(versions) for symbol, versions in sorted(known.items())}

    def _files(self, exchange: str) -> list[Path]:
        folder = self._folder(exchange)
        try:
            files = [path for path in folder.iterdir() if path.suffix == ".json" and not path.name.startswith(".")]
        except FileNotFoundError:
            return []
        except OSError as error:
            raise StoreError(f"{folder}: cannot be read as a folder ({error.strerror or error})") from error
        for path in files:
            if not path.stem.removeprefix("-").isdecimal():
                raise StoreError(f"{path}: is no snapshot <milliseconds>.json of this store; move it away")
        return sorted(files, key=lambda path: int(path.stem))

    def _folder(self, exchange: str) -> Path:
        return self._root / exchange_folder(exchange) / INSTRUMENTS_FOLDER


def _load(path: Path) -> _Snapshot:
    try:
        return msgspec.json.decode(path.read_bytes(), type=_Snapshot)
    except OSError as error:
        raise StoreError(f"{path}: cannot be read ({error.strerror or error})") from error
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise StoreError(
            f"{path}: is no snapshot of instruments ({error}); delete that file and fetch again"
        ) from error


def _with_tiers(versions: list[Instrument]) -> list[Instrument]:
    """Return versions each with a margin table: market lists have none, so the last known one stays in force.

    Before the first known one, that one is taken, as with all rules.
    """
    tiers = next((version.margin_tiers for version in versions if version.margin_tiers), ())
    if not tiers:
        return versions
    filled = []
    for version in versions:
        tiers = version.margin_tiers or tiers
        filled.append(version if version.margin_tiers else msgspec.structs.replace(version, margin_tiers=tiers))
    return filled


def _alike(one: Instrument, other: Instrument) -> bool:
    """Whether two versions are the same rules, whenever and from wherever they were read."""
    return msgspec.structs.replace(one, as_of_ms=other.as_of_ms, source=other.source) == other


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
