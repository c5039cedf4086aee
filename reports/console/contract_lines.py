"""What perpetual contracts had beside their candles: a line for each, without what it shares with the first."""

from collections.abc import Mapping

from reports.console.facts import Fact, Result
from reports.console.number_text import count, mapping_at, one_line


def contracts(symbols: Result) -> list[Fact]:
    """Return a line for each symbol that is a contract.

    A contract that differs from the first in a few things names these alone; it is written out where it has less than
    the first to say, or nothing in common with it.
    """
    facts: list[Fact] = []
    first_symbol, first = "", dict[str, str]()
    for symbol in symbols:
        words = _words(mapping_at(mapping_at(symbols, symbol), "perpetual"))
        if not words:
            continue
        own = [text for key, text in words.items() if first.get(key) != text]
        if first and first.keys() <= words.keys() and len(own) < len(words):
            text = f"as {first_symbol}" + (f", but {', '.join(own)}" if own else "")
        else:
            text = ", ".join(words.values())
        if not first:
            first_symbol, first = one_line(symbol), words
        facts.append(Fact(f"Contract {one_line(symbol)}", text))
    return facts


def _words(contract: Mapping[str, object]) -> dict[str, str]:
    """Return what there is to say of a contract, by subject."""
    words = {}
    leverage = contract.get("leverage")
    if isinstance(leverage, int | float):
        words["leverage"] = f"leverage {leverage:.12g}"
    if contract.get("margin_table"):
        words["margin"] = f"margin by {one_line(contract['margin_table'])}"
    if contract.get("mark"):
        uses = "liquidation and stops" if contract.get("stop_trigger") == "mark" else "liquidation"
        words["mark"] = f"{one_line(contract['mark'])} for {uses}"
    if contract.get("funding_mark"):
        words["funding"] = f"funding on {one_line(contract['funding_mark'])}"
    rates = contract.get("funding_rates")
    if rates is not None:
        words["rates"] = f"{count(rates)} funding rate{'' if rates == 1 else 's'}"
    for key, text in (("funding_missing", "spans without a rate"), ("funding_late", "rates published late")):
        found = contract.get(key)
        if isinstance(found, list | tuple) and found:
            words[key] = f"{text}: {len(found)}"
    return words
