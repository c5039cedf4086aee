import os
import tempfile
import unittest
from pathlib import Path
from unittest import mock

from dashboard.dashboard_settings import DashboardSettings
from dashboard.folders import configurations
from dashboard.sessions import traded_names
from dashboard.sessions.session_facts import SessionFacts, Traded
from dashboard.sessions.started_by import StartedBy
from dashboard.sessions.traded_names import TradedNames
from systems.catalogue import read_system, system_ids
from systems.places import Places
from systems.portfolio_file import read_portfolio
from tests.support.shared import REPOSITORY

PLACES = Places(systems=str(REPOSITORY / "config" / "systems"))
SETTINGS = DashboardSettings(token="x" * 40, places=PLACES, config=str(REPOSITORY / "config"))


def session(
    settings_sha256: str | None = None, start: StartedBy | None = None, members: tuple[str, ...] = ()
) -> SessionFacts:
    traded = Traded(settings_sha256=settings_sha256)
    return SessionFacts(id="s", folder=Path("s"), state="ended", traded=traded, start=start, members=members)


class Names(unittest.TestCase):
    def test_a_file_whose_name_is_no_text_is_none_that_can_be_named(self) -> None:
        folder = self.enterContext(tempfile.TemporaryDirectory())
        for name in (b"mine.yaml", b"no\xfftext.yaml"):
            Path(folder, os.fsdecode(name)).touch()
        self.assertEqual((["mine.yaml"], ["mine"]), (configurations(folder), system_ids(folder)))

    def test_a_session_is_named_as_it_was_started_or_by_what_has_its_settings(self) -> None:
        names = TradedNames(SETTINGS)
        self.assertEqual(["portfolio pair"], names.of(session(start=StartedBy(portfolio="pair"))))
        self.assertEqual(["configuration mine.yaml"], names.of(session(start=StartedBy(config="/a/mine.yaml"))))
        reversion = read_system("practice-reversion", PLACES.systems).settings.settings_sha256
        pair = read_portfolio("practice-pair", PLACES).settings.feed().settings_sha256
        for settings_sha256, members, told in (
            (reversion, (), ["system practice-reversion"]),
            (pair, ("scalping", "reversion"), ["portfolio practice-pair"]),
            (reversion, ("scalping", "reversion"), []),
            (None, (), []),
        ):
            with self.subTest(told):
                self.assertEqual(told, names.of(session(settings_sha256, members=members)))
        self.assertNotIn("portfolio practice-pair", names.of(session(pair)))
        with mock.patch.object(traded_names, "all_starts", side_effect=AssertionError("read again")):
            self.assertEqual([], names.of(session("0" * 64)))


if __name__ == "__main__":
    unittest.main()
