"""The page's file: valid JSON in it, nothing that a run says ends its place, rules that name every script."""

import base64
import hashlib
import json
import re
import tempfile
import unittest
from html.parser import HTMLParser
from pathlib import Path
from unittest import mock

from core.errors import StoreError
from reports.page import chart_library, page_file
from reports.page.page_file import page_text, write_page
from research.pictures.study_file import study_html
from tests.support.runs.written_runs import written_run
from tests.support.shared import REPOSITORY


class Scripts(HTMLParser):
    """The scripts of a page as a parser of HTML sees them: type, and text."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[tuple[str, str]] = []
        self.rules = ""
        self._kind: str | None = None
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        told = dict(attrs)
        if tag == "script":
            self._kind = told.get("type") or "classic"
            self.found.append((self._kind, ""))
        if told.get("http-equiv") == "Content-Security-Policy":
            self.rules = str(told["content"])

    def handle_endtag(self, tag: str) -> None:
        if tag == "script":
            self._kind = None

    def handle_data(self, data: str) -> None:
        if self._kind is not None:
            kind, before = self.found[-1]
            self.found[-1] = (kind, before + data)


def refuse(name: str) -> object:
    raise AssertionError(f"JSON knows no {name}")


class PageFile(unittest.TestCase):
    def test_hostile_text_stays_data(self) -> None:
        text = "</script><!--<script>&\u2028\u2029\"'\\😀"
        data = {"runs": [{"name": text, text: [text, float("nan")]}]}
        page = Scripts(page_text(data))
        kinds = [kind for kind, _ in page.found]
        self.assertEqual(["application/json", "classic", "importmap", "module"], kinds)
        held = json.loads(page.found[0][1], parse_constant=refuse)
        self.assertEqual(data["runs"][0]["name"], held["runs"][0]["name"])
        self.assertEqual({"name", text}, set(held["runs"][0]))

    def test_the_rules_allow_the_scripts_of_the_page_and_no_connection(self) -> None:
        for html in (page_text({"runs": [{"name": "a"}]}), study_html({"study": {"title": "a"}})):
            page = Scripts(html)
            for kind, text in page.found[1:]:
                digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
                self.assertIn(f"'sha256-{digest}'", page.rules, kind)
            self.assertTrue(page.rules.startswith("default-src 'none'; "))
            self.assertNotIn("http", page.rules)
            self.assertNotIn("connect-src", page.rules)

    def test_a_page_holds_every_module_that_its_modules_import_and_no_other(self) -> None:
        for data, entry in (({"runs": [{"name": "a"}]}, "front/page.js"), (None, "front/study/study_page.js")):
            scripts = Scripts(study_html({"study": {"title": "a"}}) if data is None else page_text(data)).found
            modules = json.loads(dict(scripts)["importmap"])["imports"]
            named = {entry}
            for name, url in modules.items():
                source = base64.b64decode(url.partition("base64,")[2]).decode()
                imported = set(re.findall(r'from "([^"]+)"', source))
                self.assertLessEqual(imported, set(modules), name)
                named |= imported
            self.assertEqual(named, set(modules))

    def test_the_front_end_makes_no_markup_from_text_and_asks_nothing_of_a_network(self) -> None:
        for path in sorted((REPOSITORY / "reports" / "front").rglob("*.*s")):
            source = path.read_text(encoding="utf-8")
            with self.subTest(path.name):
                self.assertLessEqual(len(source.splitlines()), 400)
                for word in (
                    "innerHTML",
                    "outerHTML",
                    "insertAdjacentHTML",
                    "document.write",
                    "eval(",
                    "fetch(",
                    "url(",
                ):
                    self.assertNotIn(word, source)
                linked = set(re.findall(r"https?://[^\"]+", source))
                self.assertLessEqual(linked, {"http://www.w3.org/2000/svg", "https://www.tradingview.com/"})

    def test_the_licence_of_the_charts_stands_in_the_page(self) -> None:
        text = page_text({"runs": [{"name": "a"}]})
        self.assertIn("TradingView Lightweight Charts", text)
        self.assertIn("Licensed under Apache License 2.0", text)

    def test_without_the_charts_library_one_line_says_what_to_install(self) -> None:
        wanted = self.assertRaisesRegex(StoreError, r"\Ano-such-charts is not installed, .* requirements-charts\.txt")
        with mock.patch.object(chart_library, "DISTRIBUTION", "no-such-charts"), wanted:
            page_text({"runs": [{"name": "a"}]})

    def test_the_page_of_a_run_holds_its_result_and_says_what_is_missing(self) -> None:
        with tempfile.TemporaryDirectory() as name:
            run, _, _ = written_run(Path(name))
            page = write_page([run], Path(name) / "new" / "page.html", candles=[{}])
            held = json.loads(Scripts(page.read_text()).found[0][1], parse_constant=refuse)["runs"][0]
            told = json.loads(json.dumps(run.result.to_dict()))
            places = {place: told.pop(place) for place in ("log_file", "output_dir")}
            self.assertEqual(told, held["result"])
            self.assertIn(name, places["log_file"])
            self.assertNotIn(name, page.read_text(), "a page tells where its run lay")
            self.assertEqual(run.trades.rows, held["trades"]["rows"])
            said = " ".join(held["warnings"])
            self.assertIn("BTC/USDT, ETH/USDT are not at hand", said)
            ambiguous = run.result.statistics.ambiguous_trades
            self.assertGreater(ambiguous, 0)
            self.assertIn(f"{ambiguous} of {run.trades.rows} trades are ambiguous", said)
            self.assertIn(f"up to {run.result.statistics.ambiguous_bound:,.2f} USDT higher", said)
            self.assertEqual({}, held["candles"])
            again = write_page([run], Path(name) / "again.html", candles=[{}])
            self.assertEqual(page.read_bytes(), again.read_bytes())

    def test_where_the_page_cannot_be_written_nothing_is_left(self) -> None:
        with tempfile.TemporaryDirectory() as name, mock.patch.object(page_file, "page_data", lambda *_: {"runs": []}):
            target = Path(name) / "page.html"
            target.mkdir()
            with self.assertRaisesRegex(StoreError, "cannot be written|cannot write|page.html"):
                write_page([], target)
            self.assertEqual([target], list(Path(name).iterdir()))


if __name__ == "__main__":
    unittest.main()
