"""The runs of one stem: what the stem's own names show, and what is left when a run is removed."""

import os
import shutil
import tempfile
import unittest
from pathlib import Path

from runs.folder.folder_removal import remove_run
from runs.folder.run_files import RunFiles
from runs.folder.stem_folder import StemFolder

STEM = "config_backtest_20240101_20240102"


class Removing(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.out = Path(folder.name)
        self.stem = StemFolder(self.out, STEM)

    def run_of(self, name, *, partial=False, latest=True):
        """Publish a run whose files hold its name."""
        files = RunFiles(self.out, STEM)
        files.outputs()
        files.write("result.json", b'{"partial": %s, "name": "%s"}' % (str(partial).lower().encode(), name.encode()))
        files.write("manifest.json", name.encode())
        files.publish(name, latest=latest)
        place = self.stem.run_folder(name) / "result.json"
        # Their order is told by the time of the result, which a fast machine would make equal.
        at_ns = 10**18 + 10**9 * len(self.stem.run_folders())
        os.utime(place, ns=(at_ns, at_ns))
        return place.parent

    def shown(self):
        return (self.stem.folder / "manifest.json").read_text(), str((self.stem.folder / "latest").readlink())

    def test_the_stem_shows_the_newest_whole_run(self):
        self.run_of("a")
        self.run_of("b")
        self.run_of("c-partial", partial=True, latest=False)
        self.assertEqual(("b", "b"), self.shown())
        self.assertEqual(["a", "b", "c-partial"], [one.name for one in self.stem.run_folders()])

    def test_removing_another_run_leaves_what_is_shown(self):
        a = self.run_of("a")
        self.run_of("b")
        self.stem.remove(a)
        self.assertEqual(("b", "b"), self.shown())
        self.assertFalse(a.exists())

    def test_removing_the_run_that_is_shown_brings_back_the_newest_whole_one_before_it(self):
        self.run_of("z")
        self.run_of("a")
        c = self.run_of("c")
        self.run_of("d-partial", partial=True, latest=False)
        self.stem.remove(c)
        self.assertEqual(("a", "a"), self.shown())
        self.assertTrue(self.stem.log_file.samefile(self.stem.run_folder("a") / "trades.csv"))

    def test_removing_the_last_run_leaves_nothing_of_the_stem_but_what_a_user_put_there(self):
        self.stem.remove(self.run_of("a"))
        self.assertEqual([], list(self.out.iterdir()))
        folder = self.run_of("a")
        (self.stem.folder / "my thoughts.txt").write_text("none")
        self.stem.remove(folder)
        self.assertEqual(["my thoughts.txt"], [one.name for one in self.stem.folder.iterdir()])

    def test_runs_of_the_earlier_layout_are_found_and_removed_too(self):
        folder = self.run_of("a")
        (self.stem.folder / "runs").mkdir()
        old = folder.rename(self.stem.folder / "runs" / "a")
        (self.stem.folder / "latest").unlink()
        self.assertEqual([old], self.stem.run_folders())
        self.stem.remove(old)
        self.assertEqual([], list(self.out.iterdir()))

    def test_a_run_without_a_folder_of_its_own_and_a_session_are_removed_by_their_folder(self):
        shutil.rmtree(self.run_of("a"))
        (self.stem.folder / "latest").unlink()
        (self.stem.folder / "page.html").write_text("mine")
        remove_run(self.stem.folder)
        self.assertEqual(["page.html"], [one.name for one in self.stem.folder.iterdir()])
        self.assertFalse(self.stem.log_file.exists())
        session = self.out / "live" / "one"
        session.mkdir(parents=True)
        (session / "journal.jsonl").touch()
        remove_run(session)
        self.assertEqual([], list(session.parent.iterdir()))
        with self.assertRaisesRegex(OSError, "is no folder of a run"):
            remove_run(self.out)

    def test_the_manifest_says_by_its_time_when_the_run_began(self):
        files = RunFiles(self.out, STEM)
        [work] = self.out.glob(f".{STEM}.*.tmp")
        begun = work.stat().st_mtime_ns
        files.write("manifest.json", b"{}")
        files.publish("a")
        self.assertEqual(begun, (self.stem.run_folder("a") / "manifest.json").stat().st_mtime_ns)


if __name__ == "__main__":
    unittest.main()
