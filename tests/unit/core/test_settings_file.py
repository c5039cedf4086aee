"""Reading settings files: what the two readers accept, what they refuse, and that no text exhausts them."""

import json
import tempfile
import unittest
from pathlib import Path

import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from core.errors import ConfigurationError
from core.settings_file import LARGEST_FILE, parse_json, parse_yaml, read_settings_file
from tests.support.scale import scaled

PRINTABLE = st.text(st.characters(min_codepoint=32, max_codepoint=0x2FF, exclude_categories=["Cc", "Zs"]), max_size=12)
NUMBERS = st.integers(-(10**18), 10**18) | st.floats(allow_nan=False, allow_infinity=False)
PLAIN = st.recursive(
    st.none() | st.booleans() | NUMBERS | PRINTABLE,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(PRINTABLE, inner, max_size=4),
    max_leaves=12,
)


class YamlTest(unittest.TestCase):
    @settings(max_examples=scaled(150, 3000), deadline=None)
    @given(PLAIN)
    def test_json_read_as_yaml_is_the_value_it_was_written_from(self, value: object) -> None:
        text = json.dumps(value, ensure_ascii=False)
        self.assertEqual(value, parse_yaml(text, "f"))
        self.assertEqual(value, parse_json(text, "f"))

    @settings(max_examples=scaled(100, 2000), deadline=None)
    @given(
        st.dictionaries(
            st.from_regex(r"[a-z_]{1,8}", fullmatch=True),
            st.lists(st.integers() | st.booleans() | st.none(), max_size=3),
            max_size=5,
        )
    )
    def test_block_style_agrees_with_pyyaml(self, value: dict[str, object]) -> None:
        text = yaml.safe_dump(value)
        self.assertEqual(yaml.safe_load(text), parse_yaml(text, "f"))

    def test_scalars_follow_the_core_schema(self) -> None:
        expected: dict[str, object] = {
            "5e-4": 0.0005, "1E3": 1000.0, "0.0005": 0.0005, ".5": 0.5, "1.": 1.0, "1_000": 1000,
            "-3": -3, "+3": 3, "010": 10, "true": True, "False": False, "null": None, "~": None, "": None,
            "yes": "yes", "off": "off", "1:30": "1:30",
            "2024-01-01": "2024-01-01", "15m": "15m", "BTC/USDT": "BTC/USDT", "'1'": "1", '"true"': "true",
            "0x1F": "0x1F", "1__0": "1__0", "1_": "1_",
        }  # fmt: skip
        for text, value in expected.items():
            with self.subTest(text=text):
                got = parse_yaml(f"a: {text}", "f")
                self.assertEqual({"a": value}, got)
                self.assertIs(type(value), type(got["a"]))

    def test_faults_name_file_line_and_column(self) -> None:
        for text, words in {
            "a: 1\nb: 2\na: 3": "live.yaml: line 3, column 1: the key 'a' stands twice",
            "x:\n  a: 1\n  a: 1": "live.yaml: line 3, column 3: the key 'a' stands twice",
            "a: &n 1\nb: *n": "live.yaml: line 2, column 4: an alias",
            "a: !!python/object:os.x 1": "live.yaml: line 1, column 4: a tag",
            "? [1]\n: 2": "live.yaml: line 1, column 3: a list or section cannot be a key",
            "--- {}\n--- {}": "live.yaml: line 2, column 1: a second document",
            "a: [1": "live.yaml: line 2, column 1: ",
            "a: b: c": "live.yaml: line 1, column 5: ",
            "a: \x00": "live.yaml: is not YAML text",
        }.items():
            with self.subTest(text=text), self.assertRaises(ConfigurationError) as caught:
                parse_yaml(text, "live.yaml")
            self.assertTrue(str(caught.exception).startswith(words), str(caught.exception))
            self.assertNotIn("\n", str(caught.exception))

    def test_deep_nesting_is_an_error_not_a_crash(self) -> None:
        deep = 100_000
        for text in (
            "[" * deep,
            "{a: " * deep,
            "\n".join(" " * level + "a:" for level in range(300)),
            "- " * 500 + "1",
        ):
            with self.subTest(text=text[:8]), self.assertRaisesRegex(ConfigurationError, "nested deeper"):
                parse_yaml(text, "f")
        for text in ("[" * deep, '{"a":' * deep):
            with self.subTest(json=text[:8]), self.assertRaisesRegex(ConfigurationError, "nested deeper"):
                parse_json(text, "f")

    def test_brackets_inside_json_text_do_not_count_as_nesting(self) -> None:
        self.assertEqual(
            {"a": "[" * 50 + '"' + "{" * 50}, parse_json(json.dumps({"a": "[" * 50 + '"' + "{" * 50}), "f")
        )

    def test_numbers_of_thousands_of_digits_are_an_error_or_text(self) -> None:
        with self.assertRaises(ConfigurationError):
            parse_json('{"a": ' + "9" * 5000 + "}", "f")
        self.assertEqual({"a": "9" * 5000}, parse_yaml("a: " + "9" * 5000, "f"))


class FileTest(unittest.TestCase):
    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)

    def refused(self, path: Path) -> str:
        with self.assertRaises(ConfigurationError) as caught:
            read_settings_file(path)
        message = str(caught.exception)
        self.assertNotIn("\n", message)
        self.assertIn(path.name, message)
        return message

    def test_what_is_no_settings_file_is_refused_in_one_line(self) -> None:
        for content, words in {
            b"": "is empty",
            b"# only a comment\n": "is empty",
            b"- a\n- b\n": "holds no keys",
            b"just text": "holds no keys",
            b"a: 1\nb: \xff\xfe\n": "line 2 is not UTF-8",
            bytes(range(256)): "not UTF-8",
            b"a: 1\n" + b"#" * LARGEST_FILE: "larger than",
        }.items():
            with self.subTest(content=content[:12]):
                path = self.folder / "live.yaml"
                path.write_bytes(content)
                self.assertIn(words, self.refused(path))

    def test_missing_files_and_folders_are_refused(self) -> None:
        self.assertIn("there is no such file", self.refused(self.folder / "absent.yaml"))
        (self.folder / "folder.yaml").mkdir()
        self.assertIn("is not a file", self.refused(self.folder / "folder.yaml"))
        with self.assertRaises(ConfigurationError):
            read_settings_file("a\0b.yaml")
        with self.assertRaises(ConfigurationError):
            read_settings_file("x" * 5000)
        with self.assertRaisesRegex(ConfigurationError, "is not a file"):
            read_settings_file("/dev/zero")

    def test_a_byte_order_mark_and_windows_line_ends_are_understood(self) -> None:
        path = self.folder / "live.yaml"
        path.write_bytes(b"\xef\xbb\xbfa: 1\r\nb: 2\r\n")
        self.assertEqual({"a": 1, "b": 2}, read_settings_file(path))


if __name__ == "__main__":
    unittest.main()
