"""The manifests of a session as it begins: its own, and those of the members of its portfolio."""

from collections.abc import Mapping

import msgspec

from engine.journal_records import SessionRecord
from engine.portfolio.traded import Traded, identity_of, members_of, traded_by
from live.intake.funding_calendar import PATIENCE_MS
from live.life.session_folder import SessionFolder
from runs.documents.manifest import Manifest, SymbolAtStart
from runs.documents.manifest_builder import session_manifest
from runs.folder.strategy_folder import strategy_folder
from validation.composed_settings import Settings


def write_manifests(
    folder: SessionFolder, record: SessionRecord, settings: Settings, unified: Mapping[str, str]
) -> None:
    """Write what a session, and each member of a portfolio, is made of.

    Parameters
    ----------
    folder
        The session's.
    record
        The first of its journal.
    settings
        Those by which its candles come in.
    unified
        Unified symbol of every configured spelling.
    """
    folder.write_manifest(_manifest(folder, record, settings, unified))
    for name, own in members_of(settings).items():
        folder.write_manifest(_manifest(folder, record_of(record, own, name), own, unified, name), name)


def record_of(record: SessionRecord, own: Settings, name: str) -> SessionRecord:
    """Return the first record that a member's own journal would have."""
    symbols, identity = own.live.symbols, identity_of(own)
    traded = traded_by(own)
    wanted = {(one.symbol, one.timeframe) for one in traded.series}
    watched = [one for one in record.watched_series if (one.symbol, one.timeframe) in wanted]
    interest = [period for period in traded.open_interest if period in record.open_interest_periods]
    return msgspec.structs.replace(
        record,
        session=f"{record.session}/{name}",
        settings_sha256=own.settings_sha256,
        settings=dict(own.resolved()),
        instruments={symbol: record.instruments[symbol] for symbol in symbols},
        warmup={symbol: record.warmup.get(symbol, []) for symbol in symbols},
        strategy_sha256=identity.sha256,
        strategy_files=identity.files,
        watched=watched or msgspec.UNSET,
        open_interest=interest or msgspec.UNSET,
    )


def _manifest(
    folder: SessionFolder, record: SessionRecord, settings: Settings, unified: Mapping[str, str], member: str = ""
) -> Manifest[SymbolAtStart]:
    traded: Traded = traded_by(settings)
    own = {symbol: unified[symbol] for symbol in settings.live.symbols}
    manifest = session_manifest(record, settings, traded, own, PATIENCE_MS)
    return msgspec.structs.replace(manifest, strategy_folder=strategy_folder(folder.path / member, settings))
