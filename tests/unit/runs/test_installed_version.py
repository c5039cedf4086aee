"""Versions of libraries are those that the standard library reads of their metadata."""

import unittest
from importlib.metadata import PackageNotFoundError, distributions, version

from runs.documents.installed_version import installed_version


class InstalledVersion(unittest.TestCase):
    def test_every_installed_library_has_the_version_of_its_metadata(self) -> None:
        names = {one.metadata["Name"] for one in distributions()}
        self.assertLess({"numpy", "msgspec", "pydantic"}, names)
        for name in names:
            with self.subTest(name):
                self.assertEqual(version(name), installed_version(name))

    def test_one_that_is_not_there_is_an_error(self) -> None:
        with self.assertRaises(PackageNotFoundError):
            installed_version("no-such-library")


if __name__ == "__main__":
    unittest.main()
