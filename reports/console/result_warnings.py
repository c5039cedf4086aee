"""What the reader of a result must know before believing it."""

from msgspec import UNSET

from reports.console.number_text import count, one_line
from runs.documents.run_result import RunResult
from runs.documents.symbol_result import SymbolResult


def warnings_of(result: RunResult) -> list[str]:
    """Return the result's own warnings, then each symbol's missing candles and data quality; no text twice."""
    texts = [one_line(text) for text in result.warnings]
    for symbol, one in result.symbols.items():
        texts += [f"{one_line(symbol)}: {text}" for text in _of_symbol(one)]
    return list(dict.fromkeys(texts))


def _of_symbol(one: SymbolResult) -> list[str]:
    texts = []
    if one.missing_candles > 0:
        texts.append(f"candles missing in the range: {count(one.missing_candles)}")
    lacking = one.missing_detail_candles
    if lacking is not UNSET and lacking > 0 and one.detail_candles:
        texts.append(f"detail candles missing in the range: {count(lacking)}")
    noticed = [
        f"{one_line(finding)} {count(number)}"
        for finding, number in sorted(one.quality.items())
        if finding != "missing" and number > 0
    ]
    if noticed:
        texts.append("data quality: " + ", ".join(noticed))
    return texts
