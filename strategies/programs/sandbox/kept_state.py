"""Whether a program can keep anything from one call to the next beside its memory.

What provably cannot may be called many times in one session of the interpreter; any other begins each call anew, which
is slower. A doubt counts as yes.
"""

import ast
from collections.abc import Iterator

from strategies.programs.sandbox.given_names import given_names
from strategies.programs.sandbox.language import READ_ONLY_MODULES
from strategies.programs.sandbox.reads import READS_NAME, TRIGGERS_NAME

_READING_METHODS = frozenset({"get", "items", "keys", "values", "index", "count"})
_READING_FUNCTIONS = frozenset(
    {"len", "min", "max", "sum", "sorted", "any", "all", "list", "tuple", "set", "dict", "enumerate", "zip", "range"}
)
_ONE_ALONE = frozenset({"min", "max", "sum"})
"""What of several arguments may answer with one of them, as ``max(a, b)`` does, and not with a part of one."""
_CHANGING_NAMES = frozenset({"setattr", "delattr", "type"})
_PLACED_NAMES = frozenset({"hash", "id", "iter"})
_PLACED_PARTS = frozenset({"lru_cache", "cache"})
_PLACED_MODULES = frozenset({"itertools"})
"""What tells where an object lies in the session, or makes objects whose texts do. The calls before have a part in
that, and a program may compare such texts or count their characters, so that nothing of them is in its answer."""
_CALLING_FUNCTIONS = frozenset({"map", "filter"})
_ORDERING_FUNCTIONS = frozenset({"sorted", "min", "max"})
"""What calls its first argument or its ``key``, and shows it to nobody."""
_MEMORY = "memory"
_DECLARED = frozenset({READS_NAME, TRIGGERS_NAME})
"""What is for the session, and not read by the text itself."""


def keeps_nothing(tree: ast.Module) -> bool:
    """Return whether nothing of one call of a program can be seen by the next, but for its memory."""
    try:
        return _keeps_nothing(tree)
    except RecursionError:
        return False


def _keeps_nothing(tree: ast.Module) -> bool:
    if any(map(_may_change_what_stays, ast.walk(tree))) or _may_show_a_place(tree):
        return False
    constants: set[str] = set()
    containers: set[str] = set()
    for number, statement in enumerate(tree.body):
        if isinstance(statement, ast.Import | ast.ImportFrom):
            continue
        if isinstance(statement, ast.FunctionDef):
            if not _is_plain_function(statement, constants):
                return False
        elif isinstance(statement, ast.Assign | ast.AnnAssign):
            targets = statement.targets if isinstance(statement, ast.Assign) else [statement.target]
            names = {one.id for one in targets if isinstance(one, ast.Name)}
            if len(names) < len(targets) or statement.value is None:
                return False
            if _is_constant(statement.value, constants):
                constants |= names
            elif names <= _DECLARED or _is_flat(statement.value, constants):
                containers |= names
            else:
                return False
        elif not (number == 0 and isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)):
            return False
    return _are_only_read(tree, containers)


def _may_change_what_stays(node: ast.AST) -> bool:
    if isinstance(node, ast.Import | ast.ImportFrom):
        return not _modules(node) <= READ_ONLY_MODULES
    if isinstance(node, ast.Global):
        return node.names != [_MEMORY]
    if isinstance(node, ast.Attribute):
        return not isinstance(node.ctx, ast.Load)
    if isinstance(node, ast.Name):
        return node.id in _CHANGING_NAMES
    return isinstance(node, ast.ClassDef | ast.AsyncFunctionDef) or bool(getattr(node, "decorator_list", ()))


def _may_show_a_place(tree: ast.Module) -> bool:
    """Whether a text may have a value that says where it lies: an iterator, or a function that is not just called."""
    functions = {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}
    called = {id(one) for one in _called(tree, _own_names(tree))}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import | ast.ImportFrom):
            placed = bool(_modules(node) & _PLACED_MODULES or {one.name for one in node.names} & _PLACED_PARTS)
        elif isinstance(node, ast.Attribute):
            placed = node.attr in _PLACED_PARTS
        elif isinstance(node, ast.Name):
            placed = node.id in _PLACED_NAMES or (node.id in functions and id(node) not in called)
        else:
            placed = isinstance(node, ast.Lambda) and id(node) not in called
        if placed:
            return True
    return False


def _called(tree: ast.Module, own: set[str]) -> Iterator[ast.expr]:
    """Yield the expressions that are called and nothing else; ``own`` are the names that a text gives a meaning."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            yield node.func
            name = node.func.id if isinstance(node.func, ast.Name) else ""
            if name in _CALLING_FUNCTIONS - own:
                yield from node.args[:1]
            sorts = isinstance(node.func, ast.Attribute) and node.func.attr == "sort"
            if sorts or name in _ORDERING_FUNCTIONS - own:
                yield from (one.value for one in node.keywords if one.arg == "key")


def _modules(statement: ast.Import | ast.ImportFrom) -> set[str]:
    if isinstance(statement, ast.Import):
        return {one.name for one in statement.names}
    return {statement.module or ""}


def _is_plain_function(function: ast.FunctionDef, constants: set[str]) -> bool:
    """Whether what a function is given by itself cannot be changed: its defaults; its annotations call nothing."""
    given = [*function.args.defaults, *(one for one in function.args.kw_defaults if one is not None)]
    notes = [one.annotation for one in ast.walk(function.args) if isinstance(one, ast.arg)]
    calls = (isinstance(inner, ast.Call) for one in (*notes, function.returns) if one for inner in ast.walk(one))
    return all(_is_constant(one, constants) for one in given) and not any(calls)


def _is_constant(node: ast.expr, constants: set[str]) -> bool:
    """Whether an expression is a number, text, or tuple of them, in which nothing can be changed."""
    if isinstance(node, ast.Constant):
        return True
    if isinstance(node, ast.Name):
        return node.id in constants
    if isinstance(node, ast.UnaryOp):
        return _is_constant(node.operand, constants)
    if isinstance(node, ast.BinOp):
        return _is_constant(node.left, constants) and _is_constant(node.right, constants)
    return isinstance(node, ast.Tuple) and all(_is_constant(one, constants) for one in node.elts)


def _is_flat(node: ast.expr, constants: set[str]) -> bool:
    """Whether an expression is a list, set or dict whose parts cannot be changed."""
    if isinstance(node, ast.List | ast.Set):
        return all(_is_constant(one, constants) for one in node.elts)
    if isinstance(node, ast.Dict):
        parts = [*node.keys, *node.values]
        return all(one is not None and _is_constant(one, constants) for one in parts)
    return False


def _are_only_read(tree: ast.Module, names: set[str]) -> bool:
    """Whether every use of names is one that reads; of what is declared there should be none."""
    reading = {id(node) for node in _read_only(tree, _READING_FUNCTIONS - _own_names(tree))}
    used = (node for node in ast.walk(tree) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load))
    return all(id(node) in reading and node.id not in _DECLARED for node in used if node.id in names)


def _own_names(tree: ast.Module) -> set[str]:
    return {name for name, _ in given_names(tree)}


def _read_only(tree: ast.Module, functions: frozenset[str] | set[str]) -> Iterator[ast.expr]:
    """Yield the expressions that are used where a list or dict is read and neither changed nor handed on."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Load):
            yield node.value
        elif isinstance(node, ast.For | ast.comprehension):
            yield node.iter
        elif isinstance(node, ast.Compare):
            yield from (node.left, *node.comparators)
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in functions:
            if len(node.args) == 1 or node.func.id not in _ONE_ALONE:
                yield from node.args
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in _READING_METHODS:
            yield node.func.value
