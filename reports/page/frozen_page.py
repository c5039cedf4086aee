"""A page as one file: modules of the front end, styles, a library perhaps, and the data that they show."""

import base64
import hashlib
import html
import os
import re
from collections.abc import Mapping
from importlib import resources
from pathlib import Path
from typing import Any

import msgspec

from core.errors import StoreError

_IMPORTED = re.compile(r'from "front/([^"]+)"')


class PageForm(msgspec.Struct, frozen=True, kw_only=True):
    """What a page is made of beside its data.

    ``entry`` is the module of ``reports/front`` that ``opens`` it, a function of the document; ``styles`` are its
    stylesheets there, and ``library`` is the source of a classic script that the modules use.
    """

    entry: str
    opens: str
    styles: tuple[str, ...] = ("style.css",)
    library: str = ""


def page_html(title: str, data: Mapping[str, Any], form: PageForm) -> str:
    """Return a page as HTML: nothing in it needs a network, and nothing in its data can end its place in the page.

    The page's own rules allow the scripts named here by their hashes, and no other; and no connection.
    """
    modules = {f"front/{name}": _as_url(text) for name, text in sorted(_reached(form.entry).items())}
    imports = _in_script(msgspec.json.encode({"imports": modules}))
    boot = f'import {{ {form.opens} }} from "front/{form.entry}"; {form.opens}(document);'
    scripts = [one for one in (form.library, imports, boot) if one]
    allowed = " ".join(f"'sha256-{_digest(one)}'" for one in scripts)
    rules = f"default-src 'none'; script-src {allowed} data:; style-src 'unsafe-inline'; img-src data: blob:"
    return "\n".join(
        (
            "<!doctype html>",
            '<html lang="en"><head><meta charset="utf-8">',
            f'<meta http-equiv="Content-Security-Policy" content="{rules}">',
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            '<meta name="referrer" content="no-referrer"><meta name="color-scheme" content="light dark">',
            f"<title>{html.escape(title)}</title>",
            *(f"<style>{_source(name)}</style>" for name in form.styles),
            f'<script type="application/json" id="data">{_in_script(msgspec.json.encode(data))}</script>',
            *([f"<script>{form.library}</script>"] if form.library else []),
            f'<script type="importmap">{imports}</script>',
            "</head><body><noscript>This page draws its charts with JavaScript; its data is in it as JSON.</noscript>",
            f'<script type="module">{boot}</script></body></html>\n',
        )
    )


def as_json(data: Mapping[str, Any]) -> bytes:
    """Return what a page shows as JSON, as the page itself holds it."""
    return msgspec.json.encode(data)


def write_whole(text: str, target: Path) -> Path:
    """Write a page beside its place and rename it, and return where it is; folders above it are made.

    Raises
    ------
    StoreError
        If it cannot be written; nothing is left then.
    """
    work = target.with_name(f".{target.name}.{os.getpid()}.tmp")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        work.write_text(text, encoding="utf-8")
        work.replace(target)
    except OSError as error:
        work.unlink(missing_ok=True)
        raise StoreError.of("write", target, error) from error
    return target


def _reached(entry: str) -> dict[str, str]:
    """Return a module of the front end and all that it imports, by name."""
    found: dict[str, str] = {}
    due = [entry]
    while due:
        name = due.pop()
        if name not in found:
            found[name] = _source(name)
            due += _IMPORTED.findall(found[name])
    return found


def _source(name: str) -> str:
    return resources.files("reports.front").joinpath(name).read_text(encoding="utf-8")


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
