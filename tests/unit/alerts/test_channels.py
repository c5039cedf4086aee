"""Who may be told what by which address: settings, secrets, public addresses, templates, apprise, and the command."""

import contextlib
import io
import json
import logging
import os
import pickle
import tempfile
import unittest
from pathlib import Path
from unittest.mock import patch

from alerts.addresses import is_public
from alerts.alert import KINDS, Alert, Origin
from alerts.alert_settings import AlertSettings
from alerts.command import main
from alerts.gathering import message_of
from alerts.loading import AlertPlan, load_plan
from alerts.secret_text import SecretAddress
from alerts.webhook import WebhookChannel
from core.errors import ConfigurationError
from core.settings_file import parse_yaml
from tests.support.alert_services import AlertService, Answer, alert
from tests.support.shared import REPOSITORY

SECRET = "tok3n-abcdef0123456789"


def problems(**channel: object) -> str:
    """Return what is said of one channel ``ops``."""
    try:
        AlertSettings.from_dict({"channels": [{"name": "ops", **channel}]})
    except ConfigurationError as error:
        return str(error)
    return ""


class Settings(unittest.TestCase):
    def test_what_is_wrong_is_said_with_what_is_allowed(self) -> None:
        address = {"url_env": "OPS"}
        for channel, words in (
            ({}, "channels[0].url_env: is missing — allowed: the name of an environment variable"),
            ({**address, "url": "https://a.example/x"}, "url and url_env both stand"),
            ({**address, "kinds": ["fil"]}, "channels[0].kinds[0]: 'fil' (did you mean fill?)"),
            ({**address, "severity": "warn"}, "'warn' (did you mean warning?)"),
            (
                {**address, "title": "{symbl}"},
                "title: {symbl}: no field 'symbl' (did you mean symbol?) — allowed fields",
            ),
            ({**address, "text": "{title.__class__}"}, "text: {title.__class__}: a field is a name alone"),
            ({**address, "text": "{title!r}"}, "a field is a name alone"),
            ({**address, "text": "{price:>9999999999}"}, "a field is a name alone"),
            ({**address, "text": "{0}"}, "a field is a name alone"),
            ({**address, "text": "{"}, "a brace that is meant is written twice"),
            ({**address, "name": "Ops 1"}, "name: 'Ops 1' — allowed: small letters"),
            ({**address, "chanel": 1}, "unknown key"),
            ({"type": "apprise", "url": "json://a/b"}, "has secrets with type apprise"),
            ({"type": "dashboard", "url_env": "OPS"}, "has no effect with type dashboard"),
            ({"url": "http://a.example/x"}, "is not encrypted (http)"),
            ({"url": "https://a.example/x y"}, "is no address https://HOST/PATH"),
            ({"url": "ftp://a.example/x"}, "is no address https://HOST/PATH"),
        ):
            with self.subTest(channel):
                self.assertIn(words, problems(**channel))
        twice = {"channels": [{"name": "ops", **address}, {"name": "ops", **address}]}
        with self.assertRaisesRegex(ConfigurationError, "the name 'ops' stands twice"):
            AlertSettings.from_dict(twice)
        self.assertEqual("", problems(**address, text="{kind} {price} {{}}"))

    def test_no_secret_that_stands_in_the_file_is_repeated(self) -> None:
        for channel in (
            {"url": f"https://hooks.example/services/{SECRET}"},
            {"url": f"https://a.example/x?key={SECRET}"},
            {"url": f"https://me:{SECRET}@a.example/x"},
            {"url": f" https://a.example/{SECRET}"},
            {"url_env": f"https://a.example/{SECRET}"},
            {"type": "dashboard", "url": f"https://a.example/{SECRET}"},
            {"type": "apprise", "url": f"tgram://{SECRET}/1"},
            {"url": f"https://a.example/{SECRET}", "url_env": "OPS"},
        ):
            with self.subTest(channel):
                said = problems(**channel)
                self.assertIn("channels[0].url", said)
                self.assertNotIn(SECRET, said)


class Secrets(unittest.TestCase):
    def test_an_address_shows_its_host_alone_and_is_not_written_down(self) -> None:
        url = f"https://me:{SECRET}@hooks.example:8443/services/T0001/{SECRET}?key={SECRET}%20x"
        address = SecretAddress(url)
        for text in (repr(address), str(address), f"{address}", f"{[address]}"):
            self.assertNotIn(SECRET, text)
            self.assertIn("https://hooks.example:8443/***", text)
        for said in (url, f"POST /services/T0001/{SECRET}", f"key={SECRET} x", f"error at {SECRET}!"):
            self.assertNotIn(SECRET, address.masked(said))
        self.assertNotIn(SECRET, repr(SecretAddress(f"tgram://{SECRET}/42")))
        self.assertNotIn(SECRET, SecretAddress(f"tgram://{SECRET}/42").masked(f"bot{SECRET} is unknown"))
        with self.assertRaises(TypeError):
            pickle.dumps(address)

    def test_templates_are_filled_once_and_hostile_texts_stay_texts(self) -> None:
        hostile = Alert.of(
            "fill", "info", Origin("s", 0, symbol="{id}"), "<script>\x1b[2J\n{price}", "", {"price": "{title}"}
        )
        message = message_of([hostile], "{title} {symbol}", "{price}|{side}")
        self.assertEqual("<script>\\u001b[2J\\n{price} {id}", message.title)
        self.assertEqual("{title}|", message.text)


class Addresses(unittest.TestCase):
    def test_only_public_addresses_are_public(self) -> None:
        for address in (
            "127.0.0.1", "127.9.9.9", "0.0.0.0", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254",
            "100.64.0.1", "224.0.0.1", "255.255.255.255", "::", "::1", "fe80::1%eth0", "fc00::1", "ff02::1",
            "::ffff:10.0.0.1", "64:ff9b::7f00:1", "2002:7f00:1::", "2001:0:1::1", "nonsense",
        ):  # fmt: skip
            self.assertFalse(is_public(address), address)
        for address in ("1.1.1.1", "8.8.8.8", "2606:4700::1111", "64:ff9b::101:101"):
            self.assertTrue(is_public(address), address)

    def test_a_name_or_spelling_that_leads_into_the_own_network_is_refused_before_anything_is_sent(self) -> None:
        with AlertService() as service:
            for host in ("127.0.0.1", "localhost", "2130706433", "0x7f.1", "[::1]", "[::ffff:127.0.0.1]"):
                address = SecretAddress(f"http://{host}:{service.port}/x")
                outcome = WebhookChannel(address, private=False, timeout_seconds=2.0).send(
                    message_of([alert(1)], "{title}", "{text}")
                )
                self.assertEqual("refused", outcome.result, (host, outcome))
                self.assertIn("is not a public address: allow_private: true", outcome.detail)
            self.assertEqual([], service.taken)


class Command(unittest.TestCase):
    def setUp(self) -> None:
        self.file = Path(self.enterContext(tempfile.TemporaryDirectory())) / "alerts.yaml"
        self.service = self.enterContext(AlertService())

    def run_command(
        self, *arguments: str, channels: list[dict[str, object]], **environment: str
    ) -> tuple[int, str, str]:
        self.file.write_text(json.dumps({"channels": channels}), encoding="utf-8")
        output, errors = io.StringIO(), io.StringIO()
        with (
            patch.dict(os.environ, environment),
            contextlib.redirect_stdout(output),
            contextlib.redirect_stderr(errors),
        ):
            code = main([*arguments, "--config", str(self.file)])
        return code, output.getvalue(), errors.getvalue()

    def test_a_test_message_says_what_came_of_it(self) -> None:
        hook = {"name": "ops", "url_env": "OPS", "allow_private": True, "kinds": ["halt"], "severity": "critical"}
        self.service.script = [Answer(200), Answer(500)]
        code, output, errors = self.run_command("test", channels=[hook], OPS=self.service.url)
        self.assertEqual((0, ""), (code, errors))
        self.assertRegex(
            output, r"\Aops: http://127\.0\.0\.1:\d+/\*\*\*: answered 200 after \d+ ms, id [0-9a-f]{24}\n\Z"
        )
        self.assertEqual("test", self.service.taken[0].body["kind"])
        code, output, errors = self.run_command("test", "--channel", "ops", channels=[hook], OPS=self.service.url)
        self.assertEqual((1, ""), (code, output))
        self.assertRegex(errors, r"\Aerror: ops: .* answered 500 after \d+ ms, id \w+\n\Z")
        code, _, errors = self.run_command("test", "--channel", "op", channels=[hook], OPS=self.service.url)
        self.assertEqual((2, "error: 'op' is no channel (did you mean ops?) — allowed: ops\n"), (code, errors))

    def test_the_file_is_checked_with_the_environment_and_says_who_is_told(self) -> None:
        hook = {"name": "ops", "url_env": "OPS", "kinds": ["halt"], "symbols": ["BTC*"]}
        code, output, errors = self.run_command("check", channels=[hook], OPS=f"https://a.example/{SECRET}")
        self.assertEqual((0, ""), (code, errors))
        self.assertIn("  ops: https://a.example/*** (from OPS): halt, severity info and above, symbols BTC*\n", output)
        code, _, errors = self.run_command("check", channels=[hook])
        self.assertEqual(2, code)
        self.assertIn("channels[0].url_env: OPS is not set in the environment — allowed", errors)
        code, _, errors = self.run_command("check", channels=[hook], OPS=f"gopher://{SECRET}/")
        self.assertEqual((2, 1), (code, errors.count("\n")))
        self.assertNotIn(SECRET, errors)


class ByApprise(unittest.TestCase):
    """Apprise against the service on loopback, by its own JSON service."""

    def setUp(self) -> None:
        self.service = self.enterContext(AlertService())
        self.folder = Path(self.enterContext(tempfile.TemporaryDirectory()))
        self.url = f"json://me:{SECRET}@127.0.0.1:{self.service.port}/{SECRET}/"

    def plan(self, url: str, **channel: object) -> AlertPlan | None:
        document = {"channels": [{"name": "ops", "type": "apprise", "url_env": "OPS", **channel}]}
        (self.folder / "alerts.yaml").write_text(json.dumps(document), encoding="utf-8")
        return load_plan(self.folder / "alerts.yaml", {"OPS": url})

    def test_it_sends_once_and_says_what_came_of_it_without_secrets_in_words_or_logs(self) -> None:
        plan = self.plan(self.url, allow_private=True)
        assert plan is not None
        channel, message = plan.channels["ops"], message_of([alert(1, "halt", "critical")], "{title}", "{text}")
        self.assertEqual("JSON by apprise", channel.target)
        self.service.script = [Answer(200), Answer(500), Answer(302, ("Location: /elsewhere",))]
        with self.assertNoLogs(logging.getLogger(), "WARNING"):
            outcomes = [channel.send(message) for _ in range(3)]
        self.assertEqual(["delivered", "failed", "failed"], [one.result for one in outcomes])
        self.assertIn("error=500", outcomes[1].detail)
        self.assertNotIn(SECRET, str(outcomes) + repr(channel) + channel.target)
        self.assertEqual(3, len(self.service.taken), "it neither repeats nor follows by itself")
        body = self.service.taken[0].body
        self.assertEqual(("halt 1", "text 1", "failure"), (body["title"], body["message"], body["type"]))

    def test_the_own_network_is_refused_unless_it_is_allowed(self) -> None:
        plan = self.plan(self.url)
        assert plan is not None
        outcome = plan.channels["ops"].send(message_of([alert(1)], "{title}", "{text}"))
        self.assertEqual("refused", outcome.result)
        self.assertEqual([], self.service.taken)

    def test_an_address_it_does_not_know_and_a_missing_installation_are_one_line_each(self) -> None:
        for url in (f"nonsense://{SECRET}", SECRET, "tgram://"):
            with self.assertRaises(ConfigurationError) as caught:
                self.plan(url)
            self.assertIn("the address in OPS is no address that apprise knows", str(caught.exception))
            self.assertNotIn(SECRET, str(caught.exception))
        with patch("importlib.util.find_spec", return_value=None), self.assertRaises(ConfigurationError) as caught:
            self.plan(self.url)
        self.assertIn("apprise is not installed — allowed: make alerts installs it", str(caught.exception))


class Page(unittest.TestCase):
    def test_the_page_names_every_kind_and_its_example_is_sound(self) -> None:
        text = (REPOSITORY / "docs" / "alerts.md").read_text(encoding="utf-8")
        for kind in KINDS:
            self.assertIn(f"| `{kind}` |", text)
        blocks = text.split("```yaml\n")[1:]
        self.assertGreater(len(blocks), 0)
        for block in blocks:
            AlertSettings.from_dict(parse_yaml(block.partition("```")[0], "the page"))


if __name__ == "__main__":
    unittest.main()
