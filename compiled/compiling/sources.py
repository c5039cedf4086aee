"""Of which sources the rules that are kept were compiled; machine code of others is stale."""

import functools
import hashlib
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

ROOT = Path(__file__).parents[1]
_CONSTANTS = ("timeframe.py", "tolerance.py")


@functools.cache
def keeps_nothing_stale(root: Path = ROOT) -> bool:
    """Discard what was compiled of other sources; return whether that was possible.

    The compiler itself looks at the one module that a kept function stands in, not at those that it calls.
    """
    try:
        if not _is_stamped(root):
            for kept in (*root.rglob("*.nbi"), *root.rglob("*.nbc")):
                kept.unlink(missing_ok=True)
            _stamp(root).parent.mkdir(exist_ok=True)
            _stamp(root).write_text(_digest(root))
    except OSError:
        return False
    return True


def is_compiled(root: Path = ROOT) -> bool:
    """Whether an earlier process has left these rules compiled; else the next run does so, which takes a minute."""
    return _is_stamped(root) and any((root / "__pycache__").glob("session.run_steps*.nbc"))


def _is_stamped(root: Path) -> bool:
    return _stamp(root).is_file() and _stamp(root).read_text() == _digest(root)


def _stamp(root: Path) -> Path:
    return root / "__pycache__" / "sources.sha256"


@functools.cache
def _digest(root: Path) -> str:
    try:
        digest = hashlib.sha256(version("numba").encode())
    except PackageNotFoundError:
        return ""
    for path in (*sorted(root.rglob("*.py")), *(root.parent / "core" / name for name in _CONSTANTS)):
        digest.update(path.read_bytes())
    return digest.hexdigest()
