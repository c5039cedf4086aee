"""Programs drawn from a grammar: they read, compute, remember and decide, and sometimes misbehave."""

import random

from tests.support.programs import BTC, ETH, program

_READS = (
    "market.get_klines(trigger.symbol, '1h', {count})",
    "market.get_klines({symbol}, '1h')",
    "market.get_klines({symbol}, period, {count})",
)
_NUMBERS = (
    "closes[-1]",
    "closes[{index}]",
    "sum(closes) / len(closes)",
    "max(closes) - min(closes)",
    "market.get_indicator(trigger.symbol, 'rsi(14)', '1h')['value']",
    "account.equity",
    "account.positions[{symbol}]['quantity']",
    "market.get_current_prices()[{symbol}]",
    "market.get_flow(trigger.symbol, 'funding')['value']",
    "memory.get('n', {index})",
    "math.sqrt({number})",
    "round({number}, {digits})",
    "helper({number}, {number})",
    "SCALE['a']",
    "LOW",
    "len({text})",
    "int({number})",
    "{index}",
    "{value}",
)
_OPERATORS = ("+", "-", "*", "/", "//", "%", "+", "-", "*")
_TEXTS = (
    "trigger.symbol",
    "str({number})",
    "'{{:.3f}}'.format({number})",
    "f'{{a:.3f}}'",
    "'x' * {digits}",
    "','.join(['a', 'é'])",
    "{value!r}",
)
_TESTS = (
    "{number} < {number}",
    "{number} >= {number}",
    "{symbol} in account.positions",
    "not {number}",
    "{text} == {text}",
)
_STATEMENTS = (
    "a = {number}",
    "b = {number}",
    "memory['n'] = memory.get('n', 0) + {index}",
    "memory['list'] = [{number}, {text}]",
    "memory.setdefault('seen', []).append({text})",
    "print({text}, {number})",
    "closes = [one['close'] for one in {read}]",
    "closes = sorted(closes)[{index}:]",
    "SEEN.append({number})",
    "a, b = b, a",
)
_BAD = (
    "a = 1 / 0",
    "a = missing",
    "a = closes['x']",
    "a = market.get_flow('x', 'y')",
    "a = helper(1)",
    "raise ValueError({text})",
    "a = deep(0)",
    "memory['x'] = helper",
    "return helper",
    "return 'a' * 100000",
    "return [{number}, {text}]",
    "return {{'action': {number}}}",
    "memory['x'] = 'a' * 100000",
    "for i in range(1000): print('a' * 100)",
    "a = 'a' * 10 ** 10",
    "a = int('9' * 5000)",
    "assert False",
)
_ENDS = (
    "return None",
    "return Decision('buy', size={number}, stop={number}, reason={text})",
    "return Decision('sell', {symbol}, targets=[({number}, {number})])",
    "return {{'action': 'close', 'size': {number}, 'reason': {text}}}",
    "return Decision('hold', reason={text})",
)


class Grammar:
    """Draws programs; a seed draws the same ones."""

    def __init__(self, seed: int) -> None:
        self._chance = random.Random(seed)

    def program(self) -> str:
        """Return another program."""
        head = [
            "import math",
            f"LOW = {self._value()}",
            "SCALE = {'a': 1.5, 'b': 2}",
            "def helper(x, y=2.0):",
            f"    return x {self._one(_OPERATORS)} y",
            "def deep(n):",
            "    return deep(n + 1)",
        ]
        if self._chance.random() < 0.3:
            head.append("SEEN = []")
        else:
            head.append("SEEN = ()" if self._chance.random() < 0.1 else "def unused(): return 1")
        lines = [
            "period = '1h'",
            "a, b = 1.0, 2",
            "closes = [one['close'] for one in market.get_klines(trigger.symbol, '1h')]",
        ]
        lines += self._block(self._chance.randrange(2, 9), depth=0)
        lines.append(self._filled(self._one(_ENDS)))
        return "\n".join(head) + "\n" + program(*lines)

    def _block(self, count: int, depth: int) -> list[str]:
        lines: list[str] = []
        for _ in range(count):
            drawn = self._chance.random()
            if drawn < 0.08:
                lines.append(self._filled(self._one(_BAD)))
            elif drawn < 0.28 and depth < 3:
                lines += [self._head(), *("    " + one for one in self._block(self._chance.randrange(1, 4), depth + 1))]
            elif drawn < 0.35 and depth < 3:
                inner = ["    " + one for one in self._block(2, depth + 1)]
                kind = self._one(("Exception", "ZeroDivisionError", "(KeyError, IndexError)", "LookupError"))
                lines += ["try:", *inner, f"except {kind}:", "    a = -1"]
            else:
                text = self._one(_STATEMENTS)
                lines.append(self._filled(text if "SEEN" not in text or drawn < 0.43 else "a = b"))
        return lines

    def _head(self) -> str:
        if self._chance.random() < 0.4:
            return f"for i in range({self._chance.randrange(6)}):"
        return self._filled(f"if {self._one(_TESTS)}:")

    def _filled(self, text: str, depth: int = 0) -> str:
        """Return a text with something drawn for each of its gaps."""
        while True:
            for gap in (
                "{number}",
                "{text}",
                "{read}",
                "{symbol}",
                "{index}",
                "{count}",
                "{digits}",
                "{value}",
                "{value!r}",
            ):
                place = text.find(gap)
                if place >= 0:
                    text = text[:place] + self._gap(gap, depth) + text[place + len(gap) :]
                    break
            else:
                return text.replace("{{", "{").replace("}}", "}")

    def _gap(self, gap: str, depth: int) -> str:
        if gap == "{number}":
            if depth < 3 and self._chance.random() < 0.35:
                left, right = self._filled("{number}", depth + 1), self._filled("{number}", depth + 1)
                return f"({left} {self._one(_OPERATORS)} {right})"
            return self._filled(self._one(_NUMBERS if depth < 4 else _NUMBERS[-1:]), depth + 1)
        if gap == "{text}":
            return self._filled(self._one(_TEXTS if depth < 3 else _TEXTS[:1]), depth + 2)
        if gap == "{read}":
            return self._filled(self._one(_READS), depth + 1)
        if gap == "{symbol}":
            return self._one((repr(BTC), repr(BTC), repr(ETH), "trigger.symbol", "'NO/USDT'"))
        if gap == "{count}":
            return str(self._one((1, 5, 50, 50, 0, 60)))
        if gap == "{digits}":
            return str(self._chance.randrange(4))
        if gap == "{value!r}":
            return repr(self._one(("", "a", "ü", "'\"", "%s{}")))
        return str(self._chance.randrange(-3, 60)) if gap == "{index}" else self._value()

    def _value(self) -> str:
        return repr(self._one((0.0, 1.5, -2.25, 1e-9, 1e300, 3.0, 0.1, self._chance.uniform(-1000, 1000))))

    def _one(self, among: "tuple[object, ...]") -> "str":
        return self._chance.choice(among)  # type: ignore[return-value]
