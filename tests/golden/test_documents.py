"""Results and manifests of contracts on finer candles, for a backtest and a session: text by hash.

``documents.json`` was written by code that built each of the four from dictionaries of its own; a change that is meant
is written down by replacing the file with what the failing test prints.
"""

import contextlib
import hashlib
import json
import re
import tempfile
import unittest
from pathlib import Path

from backtests.config_backtest import ConfigBacktestRunner
from core.instants import format_ms
from core.timeframe import timeframe_ms
from engine.assembly import build_strategy_of
from engine.fold import SessionFold
from live.life.session_folder import SessionFolder
from runs.documents.manifest import read_manifest
from runs.documents.manifest_builder import session_manifest
from runs.documents.result_text import to_json
from runs.documents.run_result import RunResult, result_of
from runs.figures.session_input import session_input
from runs.figures.session_window import SessionWindow
from runs.folder.file_names import MANIFEST, RESULT, TRADES
from runs.result_builder import OutputPlaces, build_result
from tests.support.config_tree import write_config
from tests.support.sessions.contract_recordings import FIRST, LAST, contract_recording, record_contracts
from tests.support.times import at
from validation.composed_settings import Settings
from validation.loading import load_settings

PINNED = Path(__file__).parent / "documents.json"
PARAMS = {
    "ema_fast": 2, "ema_slow": 4, "rsi_period": 3, "volume_lookback": 3, "volume_multiplier": 0.5, "atr_period": 3,
    "rsi_extreme_low": 1, "rsi_extreme_high": 99,
}  # fmt: skip
LIVE = {
    "exchange": "practice",
    "symbols": ["BTC/USDT", "ETH/USDT"],
    "timeframe": "2m",
    "detail_interval": "1m",
    "strategy": {"type": "ScalpingEMARSI", "params": PARAMS},
    "execution": {"perpetual": {"leverage": 5, "leverages": {"ETH/USDT": 3}}, "volume_cap": 0.5},
}


def told(text: str, base: Path) -> str:
    """Return a document without what tells of the code, the libraries and the place."""
    text = text.replace(str(base), "PLACE")
    text = re.sub(r"0\.1\.0\+[0-9a-f]{16}", "CODE", text)
    text = re.sub(r'"run_id": "[0-9a-f]{16}"', '"run_id": "RUN"', text)
    return re.sub(
        r'("libraries": \{)([^}]*)', lambda found: found[1] + re.sub(r': "[^"]*"', ": VERSION", found[2]), text
    )


class Documents(unittest.TestCase):
    maxDiff = None

    @classmethod
    def setUpClass(cls) -> None:
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        cls.base = Path(folder.name)
        config = write_config(cls.base, live={**LIVE, "data": {"cache_dir": str(cls.base / "data")}})
        runner = ConfigBacktestRunner(
            config, format_ms(at(FIRST)), format_ms(at(LAST)), output_dir=cls.base / "backtests"
        )
        cls.backtest = runner.run_typed()
        cls.session_folder, cls.session = cls.recorded(load_settings(config))

    @classmethod
    def recorded(cls, settings: Settings) -> tuple[Path, RunResult]:
        """Return the folder of a session with its documents, and its result."""
        path = record_contracts(cls.base / "session", contract_recording(settings, cls.base / "data"))
        with contextlib.closing(SessionFolder(path)) as folder:
            records = [line.record for line in folder.lines()]
            unified = {symbol: one.symbol for symbol, one in records[0].instruments.items()}
            folder.write_manifest(session_manifest(records[0], settings, build_strategy_of(settings), unified, 60_000))
            fold = SessionFold(records[0], settings, folder.outputs())
            for record in records[1:]:
                fold.apply(record)
            folder.publish_outputs()
            window = SessionWindow(unified, timeframe_ms(settings.live.timeframe)).take_all(records)
            fed = session_input(window, fold.session, settings)
            result = build_result(fold.session, settings, fed, OutputPlaces(path / TRADES, path))
            folder.note_window(window.start_ms, window.end_ms)
            folder.write_text(RESULT, to_json(result))
        return path, result

    def test_the_bytes_are_those_of_before(self) -> None:
        self.assertGreater(self.backtest.performance.total_trades, 3)
        self.assertGreater(self.session.performance.total_trades, 2)
        self.assertEqual(len(self.session.symbols["BTC/USDT"].perpetual.funding_late), 0)
        texts = {
            f"{kind}/{name}": told((folder / name).read_text(encoding="utf-8"), self.base)
            for kind, folder in (("backtest", Path(self.backtest.output_dir)), ("session", self.session_folder))
            for name in (RESULT, MANIFEST)
        }
        # The dictionary that run() returns has its keys in an order of their own; the files have them sorted.
        texts |= {
            f"{kind}/dict": told(json.dumps(one.to_dict()), self.base)
            for kind, one in (("backtest", self.backtest), ("session", self.session))
        }
        got = {name: hashlib.sha256(text.encode()).hexdigest() for name, text in texts.items()}
        self.assertEqual(json.loads(PINNED.read_text(encoding="utf-8")), got, "\n".join(texts.values()))

    def test_a_result_is_read_back_from_its_file_as_it_was(self) -> None:
        for folder, result in ((Path(self.backtest.output_dir), self.backtest), (self.session_folder, self.session)):
            text = (folder / RESULT).read_text(encoding="utf-8")
            self.assertEqual(result_of(json.loads(text)), result)

    def test_one_model_reads_the_manifest_of_either_kind(self) -> None:
        backtest, session = (
            read_manifest(folder / MANIFEST) for folder in (Path(self.backtest.output_dir), self.session_folder)
        )
        self.assertEqual(backtest.settings_sha256, session.settings_sha256)
        self.assertEqual(backtest.settings, session.settings)
        self.assertEqual(list(backtest.symbols), list(session.symbols))
        self.assertEqual(backtest.trades_sha256, self.backtest.trades_sha256)
        self.assertEqual((session.session, session.timeframe, session.detail_interval), ("session", "2m", "1m"))
        self.assertEqual((backtest.window.start_ms, session.window.end_ms), (at(FIRST), at(LAST)))


if __name__ == "__main__":
    unittest.main()
