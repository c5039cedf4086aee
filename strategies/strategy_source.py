"""The source of a strategy of one's own: which files it is made of, their hashes, and loading it as they are now.

The files are the module of the class and every module it imports, directly or through others, from outside the
installed packages and this program (whose own source is in the code version). What a module imports is read from its
text, so that imports inside functions count too.

A module may also be a file anywhere. It imports what lies beside it, and it and those are told by their names alone,
never by where they lie.
"""

import ast
import contextlib
import functools
import hashlib
import importlib
import importlib.machinery
import importlib.util
import json
import os
import sys
import sysconfig
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from types import CodeType, ModuleType
from typing import NamedTuple

_ROOT = Path(__file__).resolve().parents[1]
PROGRAM = frozenset(
    {
        "core",
        "indicators",
        "metrics",
        "alerts",
        "strategies",
        "risk_management",
        "execution",
        "market_data",
        "validation",
        "engine",
        "compiled",
        "runs",
        "practice",
        "reports",
        "backtests",
        "live",
        "systems",
        "research",
        "programs",
        "dashboard",
    }
)
"""The packages of this program: what their folders have beside them belongs to users."""
_INSTALLED = tuple(Path(sysconfig.get_path(name)).resolve() for name in ("stdlib", "platstdlib", "purelib", "platlib"))
_INSTALLED_FOLDERS = frozenset(
    {
        *map(str, _INSTALLED),
        # As they stand on the import path, where a folder above them is a link.
        *(sysconfig.get_path(name) for name in ("stdlib", "platstdlib", "purelib", "platlib")),
        str(sysconfig.get_config_var("DESTSHARED")),
    }
)
_INSTALLED_PARTS = frozenset({"site-packages", "dist-packages"})
_loaded: dict[str, dict[str, str]] = {}
"""By module of a strategy: the hashes of the files that were on the disk when it was loaded."""
_files: dict[str, Path] = {}
"""By module that was named by its file: the file."""
_folders: list[str] = []
"""What stands on the import path for the sake of strategies that were named by their files, the last one first."""


def module_of_file(path: Path) -> str:
    """Return the name under which a file is loaded: its own, of no other file, and of no module that can be imported.

    What lies beside it can be imported from now on. Modules of the program, of the libraries and of the working
    directory go before those of the same name.
    """
    file = path.resolve()
    name = f"{file.stem}@{hashlib.sha256(str(file).encode()).hexdigest()[:12]}"
    _files[name] = file
    folder = str(file.parent)
    place = min((sys.path.index(one) for one in _folders if one in sys.path), default=len(sys.path))
    if folder in _folders and folder in sys.path:
        sys.path.remove(folder)
        _folders.remove(folder)
    if folder not in sys.path:
        sys.path.insert(place, folder)
        _folders.insert(0, folder)
    return name


def load_module(name: str) -> ModuleType:
    """Import a strategy's module as its files are now; after an edit all modules of its own are loaded anew.

    Modules that others imported before are loaded anew unless their compiled text is that of the files.
    """
    found = _own_modules(name)
    files = _hashes(found)
    known = _loaded.get(name)
    kept = all(map(_is_as_compiled, found, found.values())) if known is None else known == files
    if name != "__main__" and not (kept and name in sys.modules):
        for own, file in found.items():
            if own == "__main__":
                continue
            sys.modules.pop(own, None)
            # A cached compilation is taken for the source's when second and size are the same.
            with contextlib.suppress(OSError, NotImplementedError):
                Path(importlib.util.cache_from_source(str(file))).unlink(missing_ok=True)
        importlib.invalidate_caches()
    module = _file_loaded(name) if name in _files else importlib.import_module(name)
    _loaded[name] = files
    return module


def source_files(name: str) -> dict[str, str]:
    """Return file -> SHA-256 of what a strategy's module was loaded from; files are named by their modules."""
    if name not in _loaded:
        load_module(name)
    return dict(_loaded[name])


def own_files(name: str) -> dict[str, Path]:
    """Return module -> file of what a strategy's module is made of beside the libraries and this program."""
    return {one: file for one, file in _own_modules(name).items() if one in _files or _is_own(one, file)}


def hand_over(name: str, files: Mapping[str, str]) -> None:
    """Take the hashes of what a strategy is made of that no module of this name holds: a program has built it."""
    _loaded[name] = dict(files)


def strategy_sha256(kind: str, params: Mapping[str, object], files: Mapping[str, str]) -> str:
    """Return the hash of who decides: the strategy's name, its parameters and its source files."""
    text = json.dumps([kind, params, files], sort_keys=True, separators=(",", ":"), default=str)
    return hashlib.sha256(text.encode()).hexdigest()


def _file_loaded(name: str) -> ModuleType:
    """Return the module of a file; like any import, one that fails leaves none behind."""
    if name in sys.modules:
        return sys.modules[name]
    spec = importlib.util.spec_from_file_location(name, _files[name])
    if spec is None or spec.loader is None:
        raise ImportError(f"{_files[name].name} is no python file")
    module = sys.modules[name] = importlib.util.module_from_spec(spec)
    try:
        spec.loader.exec_module(module)
    except BaseException:
        sys.modules.pop(name, None)
        raise
    return module


def _is_as_compiled(name: str, file: Path) -> bool:
    """Whether a module is not loaded, or what is loaded is what the file says now.

    Functions and plain constants are compared; where its cached compilation is there, that one's stamp is too.
    """
    module = sys.modules.get(name)
    if module is None or file.suffix != ".py":
        return True
    try:
        text, status = file.read_bytes(), file.stat()
        tree = ast.parse(text)
        texts = set(_codes(compile(text, str(file), "exec")))
    except (OSError, SyntaxError, ValueError):
        return False
    stamp = (int(status.st_mtime) & 0xFFFFFFFF, status.st_size & 0xFFFFFFFF)
    with contextlib.suppress(OSError, NotImplementedError):
        header = Path(importlib.util.cache_from_source(str(file))).read_bytes()[:16]
        if (int.from_bytes(header[8:12], "little"), int.from_bytes(header[12:16], "little")) != stamp:
            return False
    here = vars(module)
    own = [value for value in here.values() if getattr(value, "__module__", None) == name]
    own += [value for one in own if isinstance(one, type) for value in vars(one).values()]
    codes = [code for value in own if isinstance(code := getattr(value, "__code__", None), CodeType)]
    same = all(code in texts for code in codes if Path(code.co_filename).resolve() == file)
    classes = [
        (vars(here[one.name]), one.body)
        for one in tree.body
        if isinstance(one, ast.ClassDef) and isinstance(here.get(one.name), type)
    ]
    return same and all(_has_constants(*scope) for scope in [(here, tree.body), *classes])


def _has_constants(values: Mapping[str, object], body: Sequence[ast.stmt]) -> bool:
    """Whether every plain constant that a text gives a name is what is loaded under it."""
    return all(
        values.get(target.id) == one.value.value
        for one in body
        if isinstance(one, ast.Assign) and isinstance(one.value, ast.Constant)
        for target in one.targets
        if isinstance(target, ast.Name)
    )


def _codes(code: CodeType) -> Iterator[CodeType]:
    yield code
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _codes(constant)


class _Found(NamedTuple):
    """Where the modules of a strategy's own are, and what that rests on."""

    files: dict[str, Path]
    imports: dict[str, Sequence[str]]
    path: tuple[str, ...]
    folders: dict[str, object]

    def holds(self) -> bool:
        """Whether a search would find the same now."""
        return (
            self.path == _import_path()
            and all(there == _there(folder) for folder, there in self.folders.items())
            and all(self.imports[module] == _imports(module, file) for module, file in self.files.items())
        )


_found: dict[str, _Found] = {}
"""By module of a strategy: what was found last. A search for strategies asks at every trial, several times."""


def _own_modules(name: str) -> dict[str, Path]:
    """Return module -> file of a strategy's module and of all of its own that it imports."""
    known = _found.get(name)
    if known is not None and known.files.get(name) == _files.get(name, known.files.get(name)) and known.holds():
        return known.files
    path = _import_path()
    found: dict[str, Path] = {}
    imports: dict[str, Sequence[str]] = {}
    wanted = [name]
    own: dict[str, bool] = {}
    folders = {path[0] if one == "" else one for one in path[1:]}
    # A file that is new in its folder has to be seen.
    importlib.invalidate_caches()
    while wanted:
        module = wanted.pop()
        if module in found or (module != name and not _may_be_own(module, own, folders)):
            continue
        file = _file_of(module, folders)
        if file is None or (module != name and not _is_own(module, file)):
            continue
        found[module] = file
        if "." in module and module not in _files:
            wanted.append(module.rpartition(".")[0])
        imports[module] = _imports(module, file)
        wanted += imports[module]
    if "__main__" not in found:
        _found[name] = _Found(found, imports, path, {folder: _there(folder) for folder in folders})
    return found


def _import_path() -> tuple[str, ...]:
    """Return the working folder, from which others count, and the folders of the import path."""
    here = ""
    with contextlib.suppress(OSError):
        here = str(Path.cwd())
    return (here, *sys.path)


def _there(folder: str) -> object:
    """Return what tells whether another module can be found in a folder.

    Names: its time is the same after two changes in a moment. That does for a folder of the libraries, which are many.
    """
    try:
        if folder in _INSTALLED_FOLDERS:
            return os.stat(folder).st_mtime_ns  # noqa: PTH116 - at every trial
        return frozenset(os.listdir(folder))  # noqa: PTH208 - as above
    except OSError:
        return None


def _may_be_own(module: str, own: dict[str, bool], looked: set[str]) -> bool:
    """Whether a module lies in no package of the libraries or of this program, as all that it has inside does.

    ``own`` is what is known of packages; a folder without a file of its own may have modules of anybody.
    """
    package = module if module in _files else module.partition(".")[0]
    if package not in own:
        file = _file_of(package, looked)
        own[package] = file is None or _is_own(package, file)
    return own[package]


def _file_of(module: str, looked: set[str]) -> Path | None:
    """Return where a module's text is, without executing it; None for one without, or that cannot be found.

    Folders are added to those that were ``looked`` into: of packages, and any that has the name of one.
    """
    if module == "__main__":
        file = getattr(sys.modules[module], "__file__", None)
        return None if file is None else Path(file).resolve()
    if module in _files:
        return _files[module]
    folders: list[str] | None = None
    spec = None
    parts = module.split(".")
    for depth, part in enumerate(parts):
        inside = (Path(one, part) for one in (sys.path if folders is None else folders))
        looked.update(str(one) for one in inside if one.is_dir())
        spec = importlib.machinery.PathFinder.find_spec(".".join(parts[: depth + 1]), folders)
        if spec is None:
            return None
        folders = None if spec.submodule_search_locations is None else list(spec.submodule_search_locations)
        if folders is None and depth + 1 < len(parts):
            return None
    origin = None if spec is None or not spec.has_location else spec.origin
    return None if origin is None else Path(origin).resolve()


def _is_own(module: str, file: Path) -> bool:
    if _INSTALLED_PARTS & set(file.parts) or any(file.is_relative_to(folder) for folder in _INSTALLED):
        return False
    return not (module.partition(".")[0] in PROGRAM and file.is_relative_to(_ROOT))


def _imports(module: str, file: Path) -> Sequence[str]:
    """Return the names that a module may import; some of them are no modules."""
    package = "" if module in _files else module if file.stem == "__init__" else module.rpartition(".")[0]
    try:
        return _imports_of(file.read_bytes(), package)
    except (OSError, SyntaxError, ValueError):
        return ()


@functools.lru_cache(maxsize=256)
def _imports_of(text: bytes, package: str) -> Sequence[str]:
    """Return the names that a text in a package imports; a study asks for those of the same text at every trial."""
    found = []
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import):
            found += [one.name for one in node.names]
        elif isinstance(node, ast.ImportFrom):
            with contextlib.suppress(ImportError):
                base = importlib.util.resolve_name("." * node.level + (node.module or ""), package)
                found += [base, *(f"{base}.{one.name}" for one in node.names)]
        elif isinstance(node, ast.Call) and node.args and isinstance(node.args[0], ast.Constant):
            called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            if called in ("import_module", "__import__") and isinstance(node.args[0].value, str):
                found.append(node.args[0].value)
    return tuple(found)


def _hashes(modules: Mapping[str, Path]) -> dict[str, str]:
    hashes = {}
    for module, file in sorted(modules.items()):
        name = module.replace(".", "/") + ("/__init__" if file.stem == "__init__" else "") + file.suffix
        if module in _files:
            name = file.name
        source = file.read_bytes()
        if file.suffix == ".py":
            source = source.replace(b"\r\n", b"\n")
        hashes[name] = hashlib.sha256(source).hexdigest()
    return hashes
