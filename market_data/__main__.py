"""``python -m market_data``: fetch, import, import-tiers, list, gaps, verify, export, forget, resample."""

import sys
import time
from collections.abc import Sequence

from core.command_line import exit_code_of
from market_data.commands.arguments import parse


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one verb and return the exit code; what goes wrong is one line on standard error."""
    return exit_code_of(lambda: _run(arguments), "interrupted; what was finished is stored")


def _run(arguments: Sequence[str] | None) -> int:
    parsed = parse(arguments)
    if parsed.verb in ("list", "gaps", "verify"):
        from market_data.commands import inspecting

        verbs = {"list": inspecting.list_stored, "gaps": inspecting.show_gaps, "verify": inspecting.verify_stored}
        return verbs[parsed.verb](parsed)
    if parsed.verb == "export":
        from market_data.commands.export_command import export

        return export(parsed)
    if parsed.verb in ("forget", "resample"):
        from market_data.commands import changing

        return {"forget": changing.forget, "resample": changing.resample}[parsed.verb](parsed, _now_ms)
    if parsed.verb == "fetch":
        from market_data.commands.fetch_command import fetch

        return fetch(parsed, _now_ms)
    from market_data.commands.import_command import import_candles, import_margin_tables

    verb = {"import": import_candles, "import-tiers": import_margin_tables}[parsed.verb]
    return verb(parsed, _now_ms)


def _now_ms() -> int:
    # The entry point's clock: it keeps unclosed candles out and ends an open range, and is stored nowhere.
    return time.time_ns() // 1_000_000  # noqa: TID251


if __name__ == "__main__":
    sys.exit(main())
