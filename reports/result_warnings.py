"""What the reader of a result must know before believing it."""

from collections.abc import Mapping

from reports.figures import count, is_positive, mapping_at, one_line

CLOSE_FILLS = "entry_fill is close: entries fill inside the candle that decided them, which no exchange can do exactly"


def warnings_of(result: Mapping[str, object]) -> list[str]:
    """Return the result's own warnings, then those that follow from its figures; no text twice."""
    given = result.get("warnings")
    texts = [one_line(text) for text in given] if isinstance(given, list | tuple) else []
    if mapping_at(result, "config").get("entry_fill") == "close":
        texts.append(CLOSE_FILLS)
    symbols = mapping_at(result, "symbols")
    for symbol in symbols:
        name = one_line(symbol)
        texts += [f"{name}: {text}" for text in _of_symbol(mapping_at(symbols, symbol))]
    return list(dict.fromkeys(texts))


def _of_symbol(values: Mapping[str, object]) -> list[str]:
    if values.get("candles") == 0:
        return ["no candles in the range"]
    texts = []
    if is_positive(values.get("warmup_missing")):
        missing = count(values["warmup_missing"])
        texts.append(f"warm-up candles missing before the start: {missing}; orders begin that much later")
    if is_positive(values.get("missing_candles")):
        texts.append(f"candles missing in the range: {count(values['missing_candles'])}")
    quality = mapping_at(values, "quality")
    noticed = [
        f"{one_line(reason)} {count(quality[reason])}" for reason in sorted(quality) if is_positive(quality[reason])
    ]
    if noticed:
        texts.append("data quality: " + ", ".join(noticed))
    return texts
