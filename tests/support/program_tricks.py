"""What a hostile program may try: one table of it, and one program that tries all of it, a trick in each call."""

import re
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from tests.support.programs import program

ESCAPED = 'return Decision("buy", reason="escaped")'


class Trick(NamedTuple):
    """A program that buys if it escapes: the kind of problem that it ends with, "" where it only comes to nothing.

    ``raw`` is what it ends with where its text is run without having been checked, if that is of another kind.
    """

    name: str
    kind: str
    text: str
    raw: str | None = None


def walk(name: str, *lines: str) -> Trick:
    """Return a trick that the check refuses, and at which the interpreter raises."""
    return Trick(name, "syntax", program(*lines, ESCAPED), "error")


def bomb(name: str, kind: str, *lines: str) -> Trick:
    """Return a trick that passes the check and meets a limit."""
    return Trick(name, kind, program(*lines, ESCAPED))


TRICKS = (
    # Walks to the built-in names and to the classes of everything.
    walk("class of a tuple", "x = ().__class__.__bases__[0].__subclasses__()"),
    walk("order of a list's classes", "x = [].__class__.__mro__[1]"),
    walk("class of a class", "class A:", "    pass", "x = A.__class__.__subclasses__(A)"),
    walk("base of the decision", "x = Decision.__base__.__subclasses__()"),
    walk("globals of a function", "x = decide.__globals__['__builtins__']"),
    walk("globals of a method", "x = market.get_klines.__func__.__globals__"),
    walk("code of a function", "x = decide.__code__.co_consts"),
    walk("closure of a function", "x = decide.__closure__[0].cell_contents"),
    walk("defaults of a function", "x = decide.__defaults__[0]"),
    walk("built-ins by name", "x = __builtins__['open']"),
    walk("module of built-ins", "import builtins", "builtins.open('/etc/passwd')"),
    walk("import by function", "x = __import__('os').listdir('/')"),
    walk("import by library", "import importlib", "importlib.import_module('os').listdir('/')"),
    walk("loader of a module", "import math", "x = math.__loader__.load_module('os').listdir('/')"),
    walk("spec of a module", "import math", "x = math.__spec__.loader"),
    walk("dict of an object", "x = market.__dict__['_given']"),
    walk("method of a number", "x = (1).__class__.__init__.__globals__"),
    walk("globals()", "x = globals()['__builtins__']"),
    walk("vars()", "x = vars(market)['x']"),
    walk("getattr with a joined name", "x = getattr((), '__cl' + 'ass__').__bases__"),
    walk("getattr with a default", "x = getattr(decide, '__glob' + 'als__')['x']"),
    walk("subclass hook", "class A(Decision):", "    pass"),
    walk("metaclass", "class A(metaclass=type):", "    pass"),
    walk("a reducing object", "class A:", "    pass", "x = A().__reduce_ex__(2)[0].__globals__"),
    # Text that becomes code or attributes.
    walk("eval", "x = eval('().__class__')"),
    walk("exec", "exec('import os\\nos.listdir(\"/\")')"),
    walk("compile", "x = compile('1', 'x', 'eval').co_consts"),
    Trick(
        "a format that walks",
        "error",
        program("x = '{0.__class__.__mro__}'.format(market)", ESCAPED),
    ),
    Trick("a format of a method", "error", program("x = '{0.get_klines.__globals__}'.format(market)", ESCAPED)),
    Trick("a format by mapping", "error", program("x = '{m.__init__}'.format(m=account)", "x.x", ESCAPED)),
    walk("an f-string that walks", "x = f'{().__class__.__bases__}'"),
    # Frames of generators, coroutines and exceptions.
    walk("a generator's frame", "def g():", "    yield 1", "x = g().gi_frame.f_back.f_globals"),
    Trick("a comprehension's frame", "error", program("x = (i for i in [1]).gi_frame.f_back", ESCAPED)),
    walk("a coroutine's frame", "async def f():", "    return 1", "x = f().cr_frame.f_globals"),
    walk("an exception's traceback", "try:", "    1 / 0", "except Exception as e:", "    e.__traceback__.tb_frame"),
    walk("an exception's cause", "try:", "    1 / 0", "except Exception as e:", "    e.__context__.tb_frame"),
    walk("the frames of the interpreter", "import sys", "sys._getframe(1).f_globals"),
    walk("the inspection of frames", "import inspect", "inspect.stack()[0].frame.f_globals"),
    # Names that look like others.
    walk("wide letters", "x = ｅｖａｌ('().__class__')"),
    walk("wide underscores of an attribute", "x = ()._＿class_＿.__bases__"),
    walk("mathematical letters", "x = 𝒆𝒙𝒆𝒄('import os')", "x.x"),
    walk("a name of the harness", "x = _harness_serve('get_klines', '[1]')"),
    walk("a wide name of the harness", "x = _ｈａｒｎｅｓｓ_serve('get_klines', '[1]')"),
    walk("the harness's own data", "x = market._harness_given['x']"),
    # The machine: files, network, processes, clock, chance, memory of others.
    walk("open a file", "x = open('/etc/passwd').read()"),
    walk("write a file", "open('/tmp/escaped', 'w').write('x')"),
    walk("a path", "from pathlib import Path", "x = Path('/etc/passwd').read_text()"),
    walk("the folder", "import os", "x = os.listdir('/')"),
    walk("the environment", "import os", "x = os.environ['PATH']"),
    walk("a shell", "import os", "os.system('touch /tmp/escaped')"),
    walk("a process", "import subprocess", "subprocess.run(['touch', '/tmp/escaped'])"),
    walk("a socket", "import socket", "socket.create_connection(('127.0.0.1', 80))"),
    walk("a web page", "import urllib.request", "urllib.request.urlopen('http://127.0.0.1')"),
    walk("a thread", "import threading", "threading.Thread(target=decide).start()"),
    walk("foreign code", "import ctypes", "ctypes.string_at(0)"),
    walk("unpickling", "import pickle", "pickle.loads(b'cos\\nsystem\\n.')"),
    walk("garbage", "import gc", "x = gc.get_objects()"),
    walk("input", "x = input()"),
    walk("the debugger", "breakpoint()"),
    Trick("an exit", "error", program("raise SystemExit(3)")),
    Trick("an interrupt", "error", program("raise KeyboardInterrupt()")),
    # Bombs.
    bomb("a huge integer", "limit", "x = 1 << (1 << 40)"),
    bomb("a power", "limit", "x = 10 ** (10 ** 9)"),
    bomb("a huge text", "limit", "x = 'a' * 10 ** 10"),
    bomb("a huge list", "limit", "x = [0] * 10 ** 10"),
    bomb("a wide format", "limit", "x = f'{1:>9999999999}'"),
    bomb("a padded text", "limit", "x = 'a'.ljust(10 ** 10)"),
    bomb("a replaced text", "limit", "x = ('a' * 10 ** 4).replace('a', 'b' * 10 ** 5)"),
    bomb("growing memory", "limit", "x = []", "while True:", "    x.append('a' * 1000)"),
    bomb("memory that is caught", "limit", "try:", "    x = [0] * 10 ** 10", "except MemoryError:", "    pass"),
    bomb("doubling", "limit", "x = ['a']", "while True:", "    x = x + x"),
    bomb("all permutations", "limit", "import itertools", "x = list(itertools.permutations(range(20)))"),
    bomb("endless counting", "limit", "import itertools", "x = list(itertools.count())"),
    bomb("recursion", "limit", "decide(market, account, trigger)"),
    bomb("recursion of two", "limit", "def f(n):", "    return g(n)", "def g(n):", "    return f(n)", "f(1)"),
    bomb("digits", "error", "x = int('9' * 100000)"),
    bomb("a deep JSON text", "error", "import json", "x = json.loads('[' * 100000)"),
    bomb("a ring as JSON", "error", "import json", "x = []", "x.append(x)", "json.dumps(x)"),
    bomb("reads without end", "refused", "while True:", "    try:", "        market.get_flow('a', 'b')",
         "    except LookupError:", "        pass"),
    # Results that are hostile.
    Trick("a function as decision", "nonsense", program("return decide")),
    Trick("a class as decision", "nonsense", program("return Decision")),
    Trick("a ring as decision", "nonsense", program("x = {'action': 'buy'}", "x['reason'] = x", "return x")),
    Trick("a deep list as decision", "nonsense", program("x = []", "for i in range(5000):", "    x = [x]", "return x")),
    Trick("a huge decision", "limit", program("return {'action': 'hold', 'reason': 'a' * 100000}")),
    Trick("a shared list as decision", "limit", program("x = [1] * 99", "y = [x] * 99", "return [y] * 9")),
    Trick("bytes as decision", "nonsense", program("x = b'buy'", "return {'action': x}")),
    Trick("a decision with objects", "nonsense", program("return Decision('buy', reason=market)")),
    Trick("a memory with functions", "nonsense", program("memory['x'] = decide")),
    Trick("a huge memory", "limit", program("memory['x'] = 'a' * 100000")),
    Trick("a memory that is none", "nonsense", program("global memory", "memory = [1]")),
    Trick("a memory with no number", "nonsense", program("memory['x'] = float('inf')")),
    # Other meanings for what the harness uses.
    Trick(
        "another Decision",
        "nonsense",
        "class Decision:\n    def __init__(self, action, reason):\n        self.action = 'buy'\n" + program(ESCAPED),
    ),
    Trick(
        "another len and another type",
        "limit",
        "def len(x):\n    return 1\ndef isinstance(x, y):\n    return True\n"
        + program("return {'action': 'hold', 'reason': 'a' * 100000}"),
    ),
    Trick("other errors", "nonsense", "TypeError = ValueError = RecursionError = 3\n" + program("return decide")),
    Trick(
        "another method of the market",
        "error",
        program("Market.get_klines = lambda self, symbol: 1 / 0", "market.get_klines('x')", ESCAPED),
    ),
)  # fmt: skip

SLOW = (
    bomb("a print without end", "limit", "while True:", "    print('a' * 100)"),
    bomb("a loop", "machine", "while True:", "    pass"),
    bomb("a loop that is caught", "machine", "while True:", "    try:", "        while True:", "            pass",
         "    except BaseException:", "        pass"),
    bomb("a sum", "machine", "sum(range(10 ** 12))"),
    bomb("a greatest number", "machine", "max(range(10 ** 12))"),
)  # fmt: skip
"""What only its time ends."""

_PATIENT = {"a wide format", "growing memory", "doubling", "all permutations", "endless counting"}
"""Tricks that only meet their limit after a while."""
_AT_THE_TOP = re.compile(r"\Adef decide\(")


def alone(tricks: Sequence[Trick]) -> list[Trick]:
    """Return tricks that are no more than one function, so that many may stand in one text."""
    return [one for one in tricks if _AT_THE_TOP.match(one.text)]


REFUSED = tuple(one for one in alone(TRICKS) if one.raw is not None)
"""Tricks that no text may have in which another is to be tried."""
TRIED = tuple(
    one for one in alone(TRICKS) if one.raw is None and one.name not in _PATIENT and "get_flow" not in one.text
)
"""Tricks that pass the check, and come to their end at once."""
AT_THE_TOP = tuple(one for one in TRICKS if not _AT_THE_TOP.match(one.text))
"""Tricks that give other meanings to the names of a whole text."""


def all_of(tricks: Sequence[Trick], number: str, more: Mapping[str, object] | None = None) -> str:
    """Return one program that tries so many tricks, each in a call of its own.

    Parameters
    ----------
    tricks
        Of one function each.
    number
        The expression that says which call it is: an even one tries the trick of half of it, an odd one is a good
        program that counts its calls in its memory.
    more
        Names that the text has besides, with their values.
    """
    heads = [f"{name} = {value!r}\n" for name, value in (more or {}).items()]
    own = [_AT_THE_TOP.sub(f"def trick_{place}(", one.text) for place, one in enumerate(tricks)]
    names = ", ".join(f"trick_{place}" for place in range(len(tricks)))
    decides = program(
        f"number = {number}",
        "if number % 2 == 0:",
        f"    return [{names}][number // 2](market, account, trigger)",
        "memory['good'] = memory.get('good', 0) + 1",
        "rows = market.get_klines(trigger.symbol, '', 3)",
        "return Decision('hold', reason='good ' + str(memory['good']) + ' of ' + str(len(rows)))",
    )
    return "".join([*heads, *own, decides])
