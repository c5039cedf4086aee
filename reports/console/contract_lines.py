"""What perpetual contracts had beside their candles: a line for each, without what it shares with the first."""

from collections.abc import Mapping

from msgspec import UNSET

from reports.console.facts import Fact
from reports.console.number_text import count, one_line
from runs.documents.symbol_result import ContractTerms, SymbolResult


def contracts(symbols: Mapping[str, SymbolResult]) -> list[Fact]:
    """Return a line for each symbol that is a contract.

    A contract that differs from the first in a few things names these alone; it is written out where it has less than
    the first to say, or nothing in common with it.
    """
    facts: list[Fact] = []
    first_symbol, first = "", dict[str, str]()
    for symbol, one in symbols.items():
        if one.perpetual is UNSET:
            continue
        words = _words(one.perpetual)
        own = [text for key, text in words.items() if first.get(key) != text]
        if first and first.keys() <= words.keys() and len(own) < len(words):
            text = f"as {first_symbol}" + (f", but {', '.join(own)}" if own else "")
        else:
            text = ", ".join(words.values())
        if not first:
            first_symbol, first = one_line(symbol), words
        facts.append(Fact(f"Contract {one_line(symbol)}", text))
    return facts


def _words(contract: ContractTerms) -> dict[str, str]:
    """Return what there is to say of a contract, by subject."""
    words = {
        "leverage": f"leverage {contract.leverage:.12g}",
        "margin": f"margin by {one_line(contract.margin_table)}",
    }
    if contract.mark:
        uses = "liquidation and stops" if contract.stop_trigger == "mark" else "liquidation"
        words["mark"] = f"{one_line(contract.mark)} for {uses}"
    if contract.funding_mark:
        words["funding"] = f"funding on {one_line(contract.funding_mark)}"
    if contract.funding_rates is not UNSET:
        words["rates"] = f"{count(contract.funding_rates)} funding rate{'' if contract.funding_rates == 1 else 's'}"
    if contract.funding_missing:
        words["missing"] = f"spans without a rate: {len(contract.funding_missing)}"
    if contract.funding_late:
        words["late"] = f"rates published late: {len(contract.funding_late)}"
    if contract.open_interest_rows is not UNSET:
        series = one_line(contract.open_interest or "open interest")
        words["interest"] = f"{count(contract.open_interest_rows)} rows of {series}"
    if contract.open_interest_missing:
        words["lacking"] = f"rows of open interest missing: {count(contract.open_interest_missing)}"
    return words
