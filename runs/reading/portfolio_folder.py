"""What a portfolio came to, read from its folder."""

from pathlib import Path

import msgspec

from core.errors import StoreError
from runs.documents.portfolio_result import PortfolioResult
from runs.folder.file_names import PORTFOLIO
from runs.reading.folder_text import read_bytes


class _Divided(msgspec.Struct):
    order: list[str]


class _Stored(msgspec.Struct):
    """What stands beside a result: the file has its members by the alphabet, and their order here."""

    settings: _Divided


_decode = msgspec.json.Decoder(PortfolioResult).decode
_decode_stored = msgspec.json.Decoder(_Stored).decode
"""Both are made before there are threads: docs/developing.md says why."""


def read_portfolio_result(folder: Path) -> PortfolioResult:
    """Return what a portfolio came to, its members in their order; StoreError where its folder is gone or damaged."""
    file = folder / PORTFOLIO
    data = read_bytes(file)
    try:
        found = _decode(data)
        order = _decode_stored(data).settings.order
        return msgspec.structs.replace(found, members={name: found.members[name] for name in order})
    except (msgspec.MsgspecError, UnicodeDecodeError, KeyError) as error:
        raise StoreError(f"{file}: is no result of a portfolio: {error}", path=file) from error
