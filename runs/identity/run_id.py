"""The name of a run: the same for two runs that must come out the same, and for no others."""

import hashlib
import json

from runs.identity.run_hashes import RunHashes


def run_id(hashes: RunHashes, start_ms: int, end_ms: int, *, kill_switch_engaged: bool, partial: bool) -> str:
    """Return the id of a backtest: a function of its settings, strategy, data, code, window and kill switch.

    A run that was cut short has one of its own, so that it never takes the place of the whole.
    """
    made_of = [hashes.settings_sha256, hashes.strategy_sha256, hashes.data_sha256, hashes.code_version]
    text = json.dumps([*made_of, start_ms, end_ms, kill_switch_engaged], separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()[:16] + ("-partial" if partial else "")
