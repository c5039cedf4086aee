"""The code version covers every module that can change an output."""

import unittest

from runs.identity.code_version import BESIDE_THE_KERNEL, KERNEL, code_version, hashed_files
from tests.architecture.source_tree import closure_of, file_of, files_of, place_of
from tests.support.shared import REPOSITORY

DRIVERS = ("backtests.run", "backtests.replay", "engine.assembly", "engine.fold", "strategies.scalping_ema_rsi")
"""What hands hashed input to the kernel, and what only the registry imports."""

COVERED_OTHERWISE = {
    "validation": "makes the settings, which settings_sha256 covers",
    "backtests.input_candles": "makes the input, which data_sha256 covers",
    "market_data.history": "makes the input, which data_sha256 covers",
    "metrics": "adds up what a run came to, of which nothing is decided",
    "runs": "keeps the outputs, whose hashes the session takes before, and tells of a finished run",
    "backtests.stored_input": "tells of a finished run",
    "reports": "tells of a finished run",
}


class CodeVersion(unittest.TestCase):
    def test_every_module_that_can_change_an_output_is_hashed(self) -> None:
        hashed = {place_of(path) for path in hashed_files()}
        for module, importer in closure_of(DRIVERS, COVERED_OTHERWISE).items():
            path = file_of(module)
            with self.subTest(module, imported_by=importer):
                self.assertIsNotNone(path)
                self.assertIn(place_of(path), hashed)

    def test_nothing_beside_the_kernel_is_hashed_that_cannot(self) -> None:
        reached = {place_of(file_of(module)) for module in closure_of(DRIVERS, COVERED_OTHERWISE)}
        self.assertEqual([], [name for name in BESIDE_THE_KERNEL if name not in reached])

    def test_every_excuse_is_needed(self) -> None:
        for excuse in COVERED_OTHERWISE:
            others = [name for name in COVERED_OTHERWISE if name != excuse]
            reached = closure_of(DRIVERS, others)
            with self.subTest(excuse):
                self.assertTrue(any(name == excuse or name.startswith(f"{excuse}.") for name in reached))

    def test_the_kernel_is_hashed_whole(self) -> None:
        self.assertLessEqual(set(files_of(*KERNEL)), set(hashed_files()))
        self.assertEqual(len(set(hashed_files())), len(hashed_files()))
        self.assertTrue(all(path.is_relative_to(REPOSITORY) for path in hashed_files()))
        self.assertIs(code_version(), code_version())


if __name__ == "__main__":
    unittest.main()
