"""Writes the page: the front end, the library that draws, and the data of runs, in one file."""

import base64
import hashlib
import html
import os
from collections.abc import Mapping, Sequence
from importlib import resources
from pathlib import Path
from typing import Any

import msgspec

from core.candle_columns import CandleColumns
from core.errors import StoreError
from reports.page.chart_library import chart_library
from reports.page.run_data import compared_data, run_data
from runs.reading.run_candles import candles_of
from runs.reading.run_folder import StoredRun, read_run

FORMAT = "report 1"
"""Name of the form of the page's data; another number says that a reader of the old form would misread it."""

PAGE = "report.html"
"""Name of a run's page in its folder."""


def write_report(folder: str | Path) -> Path:
    """Write the page of a run beside its other files, and return where it is; errors as of :func:`write_page`."""
    run = read_run(folder)
    return write_page([run], run.folder / PAGE)


def write_page(
    runs: Sequence[StoredRun], target: Path, *, candles: Sequence[Mapping[str, CandleColumns]] | None = None
) -> Path:
    """Write the page of a run, or one that compares several, and return where it is.

    Parameters
    ----------
    runs
        One, or those to compare.
    target
        The file; folders above it are made. It is written beside and renamed.
    candles
        Of each run's symbols, for price charts, MAE and MFE; None takes what is at hand without a network.

    Raises
    ------
    StoreError
        If a run cannot be read, the charts' library is not installed, or the page cannot be written.
    """
    text = page_text(page_data(runs, candles))
    work = target.with_name(f".{target.name}.{os.getpid()}.tmp")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        work.write_text(text, encoding="utf-8")
        work.replace(target)
    except OSError as error:
        work.unlink(missing_ok=True)
        raise StoreError.of("write", target, error) from error
    return target


def page_data(
    runs: Sequence[StoredRun], candles: Sequence[Mapping[str, CandleColumns]] | None = None
) -> dict[str, Any]:
    """Return what the page of runs holds."""
    lived = [candles_of(run) for run in runs] if candles is None else candles
    told = run_data if len(runs) == 1 else compared_data
    return {"format": FORMAT, "runs": [told(run, one) for run, one in zip(runs, lived, strict=True)]}


def page_text(data: Mapping[str, Any]) -> str:
    """Return a page as HTML: nothing in it needs a network, and nothing in its data can end its place in the page.

    The page's own rules allow the scripts named here by their hashes, and no other; and no connection.
    """
    names = [str(run["name"]) for run in data["runs"]]
    modules = {f"front/{name}": _as_url(text) for name, text in _front(".js").items()}
    library, imports = chart_library(), _in_script(msgspec.json.encode({"imports": modules}))
    boot = 'import { openPage } from "front/page.js"; openPage(document);'
    allowed = " ".join(f"'sha256-{_digest(one)}'" for one in (library, imports, boot))
    rules = f"default-src 'none'; script-src {allowed} data:; style-src 'unsafe-inline'; img-src data: blob:"
    return "\n".join(
        (
            "<!doctype html>",
            '<html lang="en"><head><meta charset="utf-8">',
            f'<meta http-equiv="Content-Security-Policy" content="{rules}">',
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            '<meta name="referrer" content="no-referrer"><meta name="color-scheme" content="light dark">',
            f"<title>{html.escape(' · '.join(names))}</title>",
            f"<style>{_front('.css')['style.css']}</style>",
            f'<script type="application/json" id="data">{_in_script(msgspec.json.encode(data))}</script>',
            f"<script>{library}</script>",
            f'<script type="importmap">{imports}</script>',
            "</head><body><noscript>This page draws its charts with JavaScript; its data is in it as JSON.</noscript>",
            f'<script type="module">{boot}</script></body></html>\n',
        )
    )


def _front(ending: str) -> dict[str, str]:
    """Return the files of the front end with an ending, by name."""
    files = sorted(resources.files("reports.front").iterdir(), key=lambda one: one.name)
    return {one.name: one.read_text(encoding="utf-8") for one in files if one.name.endswith(ending)}


def _in_script(json: bytes) -> str:
    """Return JSON that no browser takes for the end of a script or for a comment, and that is the same JSON."""
    text = json.decode()
    for one in "<>&\u2028\u2029":
        text = text.replace(one, f"\\u{ord(one):04x}")
    return text


def _as_url(module: str) -> str:
    return f"data:text/javascript;charset=utf-8;base64,{base64.b64encode(module.encode()).decode()}"


def _digest(script: str) -> str:
    return base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
