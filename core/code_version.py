"""Which code runs: the version and a hash of the source of everything that can change a result."""

import functools
import hashlib
from pathlib import Path

VERSION = "0.1.0"

_ROOT = Path(__file__).resolve().parents[1]
_PACKAGES = ("core", "indicators", "strategies", "risk_management", "execution", "engine")


@functools.cache
def code_version() -> str:
    """Return ``VERSION+hash``: the hash covers the kernel's source files, whatever machine they lie on."""
    digest = hashlib.sha256()
    for package in _PACKAGES:
        for path in sorted((_ROOT / package).rglob("*.py"), key=lambda file: file.relative_to(_ROOT).as_posix()):
            source = path.read_bytes().replace(b"\r\n", b"\n")
            digest.update(f"{path.relative_to(_ROOT).as_posix()}:{len(source)}\n".encode())
            digest.update(source)
    return f"{VERSION}+{digest.hexdigest()[:16]}"
