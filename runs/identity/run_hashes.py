"""All hashes of a run. Two runs of the same settings, data and code have the same outputs, byte for byte."""

import msgspec
from msgspec import UNSET, UnsetType

from engine.assembly import strategy_identity_of
from engine.renderer import SessionOutputs
from runs.identity.code_version import code_version
from validation.composed_settings import Settings


class RunHashes(msgspec.Struct, frozen=True, kw_only=True):
    """SHA-256 in hex: of the bytes of each output, of every setting that can change one, and of the market's data;
    ``strategy_sha256`` of the strategy's name, parameters and, where it is the user's own, ``strategy_files``.

    ``data_sha256`` is left out of a session whose journal is its data.
    """

    trades_sha256: str
    orders_sha256: str
    ledger_sha256: str
    equity_sha256: str
    decisions_sha256: str
    settings_sha256: str
    strategy_sha256: str
    strategy_files: dict[str, str] | UnsetType
    data_sha256: str | UnsetType
    code_version: str


def run_hashes(outputs: SessionOutputs, settings: Settings, data_sha256: str | UnsetType) -> RunHashes:
    """Return the hashes of a run as its outputs stand now."""
    strategy = strategy_identity_of(settings)
    return RunHashes(
        trades_sha256=outputs.trades.sha256,
        orders_sha256=outputs.orders.sha256,
        ledger_sha256=outputs.ledger.sha256,
        equity_sha256=outputs.equity.sha256,
        decisions_sha256=outputs.decisions.sha256,
        settings_sha256=settings.settings_sha256,
        strategy_sha256=strategy.sha256,
        strategy_files=strategy.files or UNSET,
        data_sha256=data_sha256,
        code_version=code_version(),
    )
