"""Puts the figures of a measurement into the README: ``python -m benchmarks.readme benchmarks/results/COMMIT.json``."""

import re
import sys
from pathlib import Path

from benchmarks.figures import Measured, kept, summary

README = Path(__file__).resolve().parents[1] / "README.md"
_QUOTED = re.compile(r"(?<=\n## Speed\n)(.*?\n)(From \[benchmarks/results/.*?)(?=\n## )", re.DOTALL)


def quoted(measured: Measured, name: str) -> str:
    """Return what the README says of a measurement."""
    on = measured.machine
    versions = ", ".join(f"{library} {version}" for library, version in on.libraries.items())
    where = f"{on.cores} cores of {on.processor or 'an unnamed processor'}, Python {on.python}, {versions}"
    return f"From [{name}]({name}), commit {measured.commit}, {where}:\n\n{summary(measured)}\n"


def main() -> int:
    """Put them there."""
    path = Path(sys.argv[1]).resolve()
    text = README.read_text(encoding="utf-8")
    told = quoted(kept(path), path.relative_to(README.parent).as_posix())
    found, count = _QUOTED.subn(lambda match: match[1] + told, text)
    if not count:
        raise SystemExit(f"{README}: its section Speed quotes no measurement")
    README.write_text(found, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
