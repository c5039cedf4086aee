"""Ask pip-audit for known weaknesses of all that is locked: ``python .ci/audit.py PIP_AUDIT LOCK…``.

Exit codes: 0 none is known, or no database can be reached (said in one line); 1 some are known, one line each.
"""

import json
import subprocess
import sys

UNREACHED = "audit: no database of known weaknesses can be reached from here; nothing was audited"


def audited(pip_audit: str, lock: str) -> list[dict[str, object]] | None:
    """Return what pip-audit says of each package of a lock; None where it could not ask."""
    asked = [
        pip_audit,
        "--require-hashes",
        "--disable-pip",
        "--no-deps",
        "--progress-spinner",
        "off",
        "--timeout",
        "20",
    ]
    done = subprocess.run([*asked, "--format", "json", "-r", lock], capture_output=True, text=True, check=False)
    try:
        return list(json.loads(done.stdout)["dependencies"])
    except (ValueError, KeyError):
        return None


def main() -> int:
    """Print what is known; return the exit code."""
    known, asked, unanswered = [], set(), set()
    for lock in sys.argv[2:]:
        for one in audited(sys.argv[1], lock) or ():
            if "skip_reason" in one:
                unanswered.add(one["name"])
                continue
            asked.add(one["name"])
            for weakness in one["vulns"]:
                mended = ", ".join(weakness["fix_versions"]) or "no version yet"
                known.append(f"{lock}: {one['name']} {one['version']}: {weakness['id']}, mended in {mended}")
    if not asked:
        print(UNREACHED)
        return 0
    if unanswered - asked:
        print(f"audit: not known to the database: {', '.join(sorted(unanswered - asked))}")
    print("\n".join(known) or f"audit: {len(asked)} packages, no known weakness")
    return 1 if known else 0


if __name__ == "__main__":
    sys.exit(main())
