"""Which symbols a program may read of beside the one that wakes it.

It is given what concerns that symbol and those that its text provably reads of by name; where a doubt is left it is
given all of them, which is slower.
"""

import ast
from collections.abc import Mapping, Sequence

from strategies.programs.sandbox.given_names import MAKE_NAMES, given_names
from strategies.programs.sandbox.reads import READ_PARAMETERS

_READS = frozenset({*READ_PARAMETERS, "get_market_data"})
"""The reads whose first argument is a symbol."""
_SYMBOL = "symbol"
_DECIDE, _PLACE_OF_TRIGGER = "decide", 2
_ITS_TRIGGER = ast.Name("trigger", ast.Load())
"""What stands for the trigger that a call of the program is given."""
_MOST_ROUNDS = 8
"""How often names are looked through until none of them is doubted that was not before."""

_Given = dict[str, list[ast.expr | None]]
"""Name -> what it is given, of all places; None where nobody knows."""


def other_symbols(tree: ast.Module) -> frozenset[str] | None:
    """Return the symbols that a text may read of beside the one that wakes it, as it spells them; None for any."""
    reads = [node for node in ast.walk(tree) if isinstance(node, ast.Attribute) and node.attr in _READS]
    if any(map(_is_beyond_words, ast.walk(tree))):
        return None
    if not reads:
        return frozenset()
    given = _given_to_names(tree)
    triggers, symbols = _names_of_its_own(given)
    read: list[ast.expr | None] = []
    followed = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in _READS:
            arguments = _arguments(node)
            read.append(None if arguments is None else arguments.get(_SYMBOL, arguments.get(0)))
            followed.add(id(node.func))
    if any(id(one) not in followed for one in reads):
        return None
    if not all(_is_known_symbol(one, triggers, symbols) for one in read):
        return None
    read += [value for name in symbols for value in given[name]]
    return frozenset(one.value for one in read if isinstance(one, ast.Constant) and isinstance(one.value, str))


def _is_beyond_words(node: ast.AST) -> bool:
    """Whether it takes a read or changes a symbol in a way that nothing follows here."""
    if isinstance(node, ast.MatchClass):
        return not _READS.isdisjoint(node.kwd_attrs)
    if isinstance(node, ast.Attribute):
        return node.attr == _SYMBOL and not isinstance(node.ctx, ast.Load)
    return isinstance(node, ast.Name) and node.id in MAKE_NAMES


def _names_of_its_own(given: _Given) -> tuple[set[str], set[str]]:
    """Return the names that hold the trigger of the call and nothing else, and those that hold known symbols."""
    triggers, symbols = set(given), set(given)
    for _ in range(_MOST_ROUNDS):
        before = len(triggers) + len(symbols)
        triggers = {name for name in triggers if all(_is_its_trigger(one, triggers) for one in given[name])}
        symbols = {name for name in symbols if all(_is_known_symbol(one, triggers, symbols) for one in given[name])}
        if len(triggers) + len(symbols) == before:
            return triggers, symbols
    return set(), set()


def _is_its_trigger(node: ast.expr | None, triggers: set[str]) -> bool:
    return node is _ITS_TRIGGER or (isinstance(node, ast.Name) and node.id in triggers)


def _is_known_symbol(node: ast.expr | None, triggers: set[str], symbols: set[str]) -> bool:
    """Whether it is the symbol of the call, or one that the text spells out."""
    if isinstance(node, ast.Constant):
        return isinstance(node.value, str)
    if isinstance(node, ast.Name):
        return node.id in symbols and node is not _ITS_TRIGGER
    return isinstance(node, ast.Attribute) and node.attr == _SYMBOL and _is_its_trigger(node.value, triggers)


def _given_to_names(tree: ast.Module) -> _Given:
    values = _values(tree)
    found: _Given = {}
    for name, node in given_names(tree):
        found.setdefault(name, []).extend(values.get(id(node), (None,)))
    return found


def _values(tree: ast.Module) -> dict[int, Sequence[ast.expr | None]]:
    """Return what is given at the places that can be followed: plain assignments, and parameters of functions."""
    values: dict[int, Sequence[ast.expr | None]] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign):
            values.update({id(one): (node.value,) for one in node.targets if isinstance(one, ast.Name)})
        elif isinstance(node, ast.AnnAssign | ast.NamedExpr):
            values[id(node.target)] = (node.value,)
    for function, calls in _followed(tree):
        own = function in tree.body and function.name == _DECIDE
        for one, keys in _parameters(function):
            given = [None if call is None else next((call[key] for key in keys if key in call), None) for call in calls]
            if own or not calls:
                given.append(_ITS_TRIGGER if own and _PLACE_OF_TRIGGER in keys else None)
            values[id(one)] = given
    return values


def _parameters(function: ast.FunctionDef) -> list[tuple[ast.arg, tuple[str | int, ...]]]:
    """Return the parameters of a function, each with the place and the name under which a call may give it."""
    found: list[tuple[ast.arg, tuple[str | int, ...]]] = [
        (one, (place,)) for place, one in enumerate(function.args.posonlyargs)
    ]
    found += [(one, (place, one.arg)) for place, one in enumerate(function.args.args, start=len(found))]
    return found + [(one, (one.arg,)) for one in function.args.kwonlyargs]


def _followed(tree: ast.Module) -> list[tuple[ast.FunctionDef, list[Mapping[str | int, ast.expr] | None]]]:
    """Return the functions that a text names once and only calls, each with the arguments of its calls."""
    named: dict[str, list[ast.AST]] = {}
    for name, node in given_names(tree):
        named.setdefault(name, []).append(node)
    calls = [one for one in ast.walk(tree) if isinstance(one, ast.Call) and isinstance(one.func, ast.Name)]
    called = {id(one.func) for one in calls}
    handed = {one.id for one in ast.walk(tree) if isinstance(one, ast.Name) and id(one) not in called}
    methods = {id(one) for node in ast.walk(tree) if isinstance(node, ast.ClassDef) for one in node.body}
    arguments: dict[str, list[Mapping[str | int, ast.expr] | None]] = {}
    for call in calls:
        arguments.setdefault(getattr(call.func, "id", ""), []).append(_arguments(call))
    return [
        (node, arguments.get(name, []))
        for name, (node, *others) in named.items()
        if isinstance(node, ast.FunctionDef)
        and not (others or node.decorator_list or name in handed or id(node) in methods)
    ]


def _arguments(call: ast.Call) -> Mapping[str | int, ast.expr] | None:
    """Return what a call gives, by place or name; None where some of it is only known when it is run."""
    if any(isinstance(one, ast.Starred) for one in call.args) or any(one.arg is None for one in call.keywords):
        return None
    found: dict[str | int, ast.expr] = dict(enumerate(call.args))
    return found | {one.arg: one.value for one in call.keywords if one.arg is not None}
