"""A session's journal replayed by both engines, which have to come to the same."""

import unittest
from pathlib import Path

import msgspec

from backtests.proof.replayed_journal import COMPILED, ReplayedJournal, replayed
from backtests.proof.session_head import read_head
from core.errors import ConfigurationError
from runs.folder.file_names import DERIVED


def replayed_by_both(folder: Path, work: Path) -> tuple[ReplayedJournal, ReplayedJournal | None, str]:
    """Replay by the kernel, and by the compiled rules where they cover it; fail unless they come to the same.

    The last part says why they do not cover it; nothing if they do.
    """
    test, head = unittest.TestCase(), read_head(folder)
    settings = head.settings()
    reference = replayed(head, settings, work / "reference", "reference")
    try:
        compiled = replayed(head, settings, work / "compiled", "compiled")
    except ConfigurationError as error:
        return reference, None, str(error)
    test.assertEqual(COMPILED, compiled.replay.engine)
    for name in DERIVED:
        texts = ((one.folder / name).read_bytes().decode() for one in (reference, compiled))
        test.assertEqual(*texts, name)
    test.assertEqual(reference.index, compiled.index)
    as_told = msgspec.structs.replace(compiled.replay, engine=reference.replay.engine)
    test.assertEqual(reference.replay, as_told)
    return reference, compiled, ""
