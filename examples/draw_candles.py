"""Draw candles, the levels of orders and their fills as text.

``docs/venue.md`` shows every rule of the paper venue as such a drawing. Behind each stands a block of data, fenced as
``yaml example``; this program makes the drawings from the data anew:

    python examples/draw_candles.py docs/venue.md

A row is a price that matters, from high to low; the distances between rows are not to scale. The left tick of a candle
is its open, the right tick its close.
"""

import argparse
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple

import yaml

WIDTH = 11
CENTRE = 5

WHERE = {"open": "at the open", "inside": "inside", "close": "at the close"}

Example = Mapping[str, Any]

_BLOCK = re.compile(r"```text\n(?P<drawing>[^`]*)```\n(?P<between>[^`]*)```yaml example\n(?P<data>[^`]*)```")


class Column(NamedTuple):
    """A candle as it is drawn: when it opens, in minutes, and its prices."""

    minute: int
    open: Decimal
    high: Decimal
    low: Decimal
    close: Decimal
    volume: str | None


class Series(NamedTuple):
    """Candles drawn side by side under one title; fills and levels of ``name`` are drawn in them."""

    name: str
    title: str
    columns: list[Column]


class Fill(NamedTuple):
    """A fill in the candle that opens at ``minute``: at its open, inside it, or at its close."""

    minute: int
    at: str
    price: Decimal
    words: str


class Block(NamedTuple):
    """A drawing of a page, and the data it is made from."""

    drawing: str
    example: Example


def blocks_of(page: str) -> list[Block]:
    """Return the drawings of a page with their data, in order."""
    return [Block(found["drawing"], yaml.safe_load(found["data"])) for found in _BLOCK.finditer(page)]


def redrawn(page: str) -> str:
    """Return a page with every drawing made from its data anew."""

    def draw_again(found: re.Match[str]) -> str:
        drawing = draw(yaml.safe_load(found["data"]))
        return f"```text\n{drawing}```\n{found['between']}```yaml example\n{found['data']}```"

    return _BLOCK.sub(draw_again, page)


def variants_of(example: Example) -> dict[str, Example]:
    """Return an example under each of its settings by name; one without variants has itself, without a name."""
    variants = example.get("variants")
    if variants is None:
        return {"": example}
    common = {key: value for key, value in example.items() if key != "variants"}
    return {
        str(name): {**common, **own, "settings": {**common.get("settings", {}), **own.get("settings", {})}}
        for name, own in variants.items()
    }


def draw(example: Example) -> str:
    """Return the drawing of an example."""
    series = _series_of(example)
    finest = "detail" if any(one.name == "detail" for one in series) else "candles"
    fills, taken = _numbered_fills(example)
    levels = example.get("levels", [])
    prices = {price for one in series for column in one.columns for price in (column.open, column.high)}
    prices |= {price for one in series for column in one.columns for price in (column.low, column.close)}
    prices |= {fill.price for fill in fills} | {Decimal(level["price"]) for level in levels}
    drawn = {price for one in series for column in one.columns for price in (column.open, column.high, column.low)}
    text = _labels(prices, max(_places(price) for price in drawn))
    indent = max(len(one) for one in text.values())
    lines = list(_header(series, indent))
    for price in sorted(prices, reverse=True):
        here = [level for level in levels if Decimal(level["price"]) == price]
        row = "  ".join(_row(one, price, here, fills if one.name == finest else ()) for one in series)
        lines.append(f"{text[price]:>{indent}}  {row}  {', '.join(dict.fromkeys(level['name'] for level in here))}")
    if any(column.volume for column in series[0].columns):
        volumes = "".join(f"{column.volume or '':^{WIDTH}}" for column in series[0].columns)
        lines.append(f"{'':{indent}}  {volumes}  volume")
    lines.append("")
    for paid in example.get("funding", {}).get(example.get("symbols", ["AAA"])[0], ()):
        lines.append(f"funding at {clock(paid['at'])}: rate {paid['rate']}, mark {paid['mark']}")
    lines += [f"{number:>2}  {fill.words}" for number, fill in enumerate(fills, 1)]
    if "" in taken:
        lines += [] if fills else ["no fill"]
    else:
        width = max(len(name) for name in taken)
        lines.append("")
        lines += [f"{name:<{width}}  {', '.join(map(str, own)) or 'no fill'}" for name, own in taken.items()]
    return "".join(line.rstrip() + "\n" for line in lines)


def clock(minute: int) -> str:
    """Return a minute of the example's first day as hours and minutes, with the day where it is a later one."""
    days, minute = divmod(minute, 1440)
    return f"{f'day {days + 1} ' if days else ''}{minute // 60:02}:{minute % 60:02}".removesuffix(" 00:00")


def _places(price: Decimal) -> int:
    return max(-int(price.normalize().as_tuple().exponent), 0)


def _labels(prices: Iterable[Decimal], places: int) -> dict[Decimal, str]:
    """Return prices as text with at least ``places`` digits after the point, and their points in one column."""
    text = {price: f"{price:.{max(places, _places(price))}f}" for price in prices}
    after = max(len(one.partition(".")[2]) for one in text.values())
    return {price: one + " " * (after - len(one.partition(".")[2])) for price, one in text.items()}


def _series_of(example: Example) -> list[Series]:
    symbol = example.get("symbols", ["AAA"])[0]
    timeframe = example.get("timeframe", "1m")
    found = [Series("candles", f"candles {timeframe}", _columns(example["candles"][symbol], example))]
    for name, title in (("detail", f"candles {example.get('detail_interval', '')}"), ("marks", "mark price")):
        if name in example:
            found.append(Series(name, title, _columns(example[name][symbol], example)))
    return found


def _columns(candles: Mapping[int, Sequence[str]], example: Example) -> list[Column]:
    first = example.get("drawn_from", min(candles))
    return [
        Column(
            minute,
            Decimal(values[0]),
            Decimal(values[1]),
            Decimal(values[2]),
            Decimal(values[3]),
            values[4] if len(values) > 4 else None,
        )
        for minute, values in sorted(candles.items())
        if minute >= first
    ]


def _numbered_fills(example: Example) -> tuple[list[Fill], dict[str, list[int]]]:
    """Return the distinct fills of all variants, and the numbers (from 1) of those that each variant has."""
    fills: list[Fill] = []
    taken: dict[str, list[int]] = {}
    for name, one in variants_of(example).items():
        taken[name] = []
        for row in one["expect"]["trades"]:
            fill = Fill(row["candle"], row["at"], Decimal(row["price"]), _words(row))
            if fill not in fills:
                fills.append(fill)
            taken[name].append(fills.index(fill) + 1)
    return fills, taken


def _words(row: Mapping[str, Any]) -> str:
    said = f"{clock(row['candle'])} {WHERE[row['at']]:<12}  {row['action']:<5}  {row['side']} {row['quantity']}"
    said += f" at {row['price']}, {row['reason']}"
    if row.get("commission", "0") != "0":
        said += f", commission {row['commission']}"
    return said + (f": {row['realized_pnl']}" if row["action"] == "CLOSE" else "")


def _header(series: Sequence[Series], indent: int) -> Iterator[str]:
    if len(series) > 1:
        yield f"{'':{indent}}  " + "  ".join(f"{one.title:^{WIDTH * len(one.columns)}}" for one in series)
    rows = ("".join(f"{clock(column.minute):^{WIDTH}}" for column in one.columns) for one in series)
    yield f"{'':{indent}}  " + "  ".join(rows)


def _row(one: Series, price: Decimal, levels: Iterable[Mapping[str, Any]], fills: Sequence[Fill]) -> str:
    """Return one price's row of a series; a level stands in the candles, or where it says ``in: marks`` in those."""
    own = [level for level in levels if (level.get("in") == "marks") == (one.name == "marks")]
    cells = []
    for column in one.columns:
        lined = any(level["from"] <= column.minute <= level["to"] for level in own)
        cell = list(("·" if lined else " ") * WIDTH)
        if column.low <= price <= column.high:
            opened, closed = price == column.open, price == column.close
            cell[CENTRE] = "┼" if opened and closed else "┤" if opened else "├" if closed else "│"
            if opened:
                cell[CENTRE - 1] = "─"
            if closed:
                cell[CENTRE + 1] = "─"
        _mark(cell, column.minute, price, fills)
        cells.append("".join(cell))
    return "".join(cells)


def _mark(cell: list[str], minute: int, price: Decimal, fills: Sequence[Fill]) -> None:
    """Put the numbers of a candle's fills at a price beside it: those at the open on the left."""
    here = [(number, fill) for number, fill in enumerate(fills, 1) if (fill.minute, fill.price) == (minute, price)]
    before = ",".join(str(number) for number, fill in here if fill.at == "open")
    after = ",".join(str(number) for number, fill in here if fill.at != "open")
    if before:
        mark = f"{before}●"
        cell[CENTRE - 1 - len(mark) : CENTRE - 1] = mark
    if after:
        mark = f"●{after}"
        cell[CENTRE + 2 : CENTRE + 2 + len(mark)] = mark


def main() -> None:
    """Make the drawings of a page anew."""
    parser = argparse.ArgumentParser(description="Make the drawings of a page anew from the data behind them.")
    parser.add_argument("page", type=Path, help="a Markdown page such as docs/venue.md")
    page: Path = parser.parse_args().page
    text = page.read_text(encoding="utf-8")
    page.write_text(redrawn(text), encoding="utf-8")
    print(f"{page}: {len(blocks_of(text))} drawings")


if __name__ == "__main__":
    main()
