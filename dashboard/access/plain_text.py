"""Text of requests that is none: a NUL, which no file and no database has, and halves of characters, which none is."""

import json
import re

from starlette.requests import HTTPConnection, Request

from core.errors import ConfigurationError
from dashboard.problems import NO_JSON

_NUL = re.compile(r"(?<!\\)(?:\\\\)*\\u0000")


async def require_plain_text(asked: HTTPConnection) -> None:
    """Refuse a request with such text in its path, its query or its body, before any route looks at it.

    Raises
    ------
    ConfigurationError
        With where it stands.
    """
    told = {"path": [*asked.path_params.values()], "query": [one for _, one in asked.query_params.multi_items()]}
    for where, values in told.items():
        if any("\0" in str(one) for one in values):
            raise _refused(where, "a NUL")
    if not isinstance(asked, Request) or asked.method == "GET":
        return
    body = await asked.body()
    # JSON readers take other encodings too, and halves of characters among their bytes.
    if b"\0" in body or not _is_utf_8(body):
        raise ConfigurationError(NO_JSON)
    if b"\\u" not in body:
        return
    try:
        text = json.dumps(json.loads(body), ensure_ascii=False)
    except (ValueError, RecursionError):
        return  # That it is no JSON is said by who reads it.
    if _NUL.search(text):
        raise _refused("body", "a NUL")
    try:
        text.encode()
    except UnicodeEncodeError:
        raise _refused("body", "half of a character") from None


def _is_utf_8(body: bytes) -> bool:
    try:
        body.decode()
    except UnicodeDecodeError:
        return False
    return True


def _refused(where: str, what: str) -> ConfigurationError:
    return ConfigurationError(f"{where}: a text has {what} in it — allowed: text in UTF-8 without NUL")
