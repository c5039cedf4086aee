"""What the reader of a result must know before believing it."""

from collections.abc import Mapping

from reports.console.number_text import count, is_positive, mapping_at, one_line
from reports.figures.missing_candles import detail_warning


def warnings_of(result: Mapping[str, object]) -> list[str]:
    """Return the result's own warnings, then each symbol's missing candles and data quality; no text twice."""
    given = result.get("warnings")
    texts = [one_line(text) for text in given] if isinstance(given, list | tuple) else []
    symbols = mapping_at(result, "symbols")
    for symbol in symbols:
        texts += [f"{one_line(symbol)}: {text}" for text in _of_symbol(mapping_at(symbols, symbol))]
    return list(dict.fromkeys(texts))


def _of_symbol(values: Mapping[str, object]) -> list[str]:
    texts = []
    if is_positive(values.get("missing_candles")):
        texts.append(f"candles missing in the range: {count(values['missing_candles'])}")
    detail = detail_warning(values)
    texts += [] if detail is None else [detail]
    quality = mapping_at(values, "quality")
    noticed = [
        f"{one_line(finding)} {count(quality[finding])}"
        for finding in sorted(quality)
        if finding != "missing" and is_positive(quality[finding])
    ]
    if noticed:
        texts.append("data quality: " + ", ".join(noticed))
    return texts
