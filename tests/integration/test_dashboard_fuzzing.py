"""The interface against its own description: requests drawn from it, and values that are none in every place of it."""

import itertools
import json
import random
import re
import shutil
import unittest
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote, urlencode

import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis.checks import not_a_server_error
from schemathesis.generation import GenerationMode
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from backtests.config_backtest import ConfigBacktestRunner
from programs.program_store import save_program
from tests.support.asked_dashboards import CONFIG, AskedDashboard
from tests.support.scale import LONG, SEED, scaled
from tests.support.studies import store_in

CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]
EXAMPLES = scaled(2, 150)
VALUES = scaled(200, 20_000)
STREAMS = "/api/events"

KNOWN = {"run_id": "latest", "job": "1", "number": "1", "optimization_id": "o1", "system_id": "practice-scalping",
         "exchange": "practice", "timeframe": "15m", "program": "dip", "pool": "rsi_oversold"}  # fmt: skip
STARTS: dict[str, dict[str, Any]] = {
    "/api/sessions": {"config": "none.yaml"}, "/api/playbacks": {"run": "none"},
    # Of two that are wrong one stays so, whichever is left out.
    "/api/programs/{program}/sessions": {"config": "none.yaml", "pools": ["none"]},
}  # fmt: skip
"""What starts a process of its own that outlives the test: it is asked for nothing that is there."""
NEEDED = {"symbol": "BTC/USDT", "time": "2024-01-01T12:00:00Z"}
DEEP = json.loads("[" * 900 + "]" * 900)
TEXTS = ["", " ", "\0", "a\0b", "x" * 3_000, "9" * 5_000, "9999-12-31T23:59:59.999Z", "0001-01-01", "275760-09-13",
         "1e400", "nan", "-0", "../../etc/passwd", "..", "latest", "b1", "o1", "b999999999", "%00", "%2e%2e", "_", "[",
         "'; --", "0..1e308", "1..1e15", "1e-300..1:1e-300", "-1..1 log", "strategy.type", "os:system", "undefined.x",
         "-", str(2**31), str(2**63), "-1", "0"]  # fmt: skip
VALUES_OF_BODIES: list[Any] = [
    *TEXTS, "\ud800", None, True, 0, -1, 2**31, 2**63, 2**64, 10**400, -(10**400), 1e308, 5e-324, float("nan"),
    float("inf"), [], {}, [None], [[]], [{}], {"": {}}, {"a": [1, "x", None]}, {"low": 0, "high": 10**400}, DEEP,
    ["x"] * 1_000, [10**400], ["\ud800"],
]  # fmt: skip


class Fuzzing(AskedDashboard):
    arguments = ("--workers", "0", "--describe")
    session: requests.Session
    document: dict[str, Any]

    @classmethod
    def prepare(cls) -> None:
        # Promotions write into the folder of systems.
        cls.systems = cls.folder / "config" / "systems"
        shutil.copytree(CONFIG, cls.folder / "config")
        ConfigBacktestRunner(
            CONFIG / "practice.yaml", "2024-01-01", "2024-01-02", symbols=["BTC/USDT"],
            data_dir=cls.folder / "data" / "backtest_cache", output_dir=cls.folder / "logs" / "backtests",
        ).run()  # fmt: skip
        with store_in(cls.folder / "data") as store:
            save_program(store, "dip", 'TRIGGERS = {"schedule": "1d"}\n\ndef decide(market, account, trigger): pass\n')

    @classmethod
    def setUpClass(cls) -> None:
        super().setUpClass()
        cls.session = cls.enterClassContext(requests.Session())
        cls.session.headers.update({"Authorization": f"Bearer {cls.server.token}"})
        cls.document = cls.session.get(f"{cls.server.address}api/openapi.json", timeout=60).json()

    def test_every_answer_to_what_the_description_allows_and_forbids_is_a_described_one(self) -> None:
        operations = [one.ok() for one in schemathesis.openapi.from_dict(self.document).get_all_operations()]
        every = list(itertools.product(operations, GenerationMode))
        asked = 0
        # To make what is asked costs more than to answer it: a short run asks one operation rightly, the next wrongly.
        for operation, mode in every if LONG else every[::4] + every[3::4]:
            if operation.path.startswith(STREAMS) or (operation.method == "post" and operation.path in STARTS):
                continue

            @settings(max_examples=EXAMPLES, suppress_health_check=list(HealthCheck), phases=[Phase.generate])
            @given(operation.as_strategy(generation_mode=mode))
            def answered(case: Any) -> None:
                nonlocal asked
                asked += 1
                answer = case.call(base_url=self.server.address.rstrip("/"), session=self.session, timeout=60)
                if answer.status_code != 429:
                    case.validate_response(answer, checks=CHECKS)

            with self.subTest(operation.label, mode=mode.value):
                try:
                    answered()
                except Unsatisfiable:  # What takes nothing cannot be asked wrongly.
                    continue
        self.assertGreater(asked, (30 if LONG else 15) * EXAMPLES)

    def test_a_value_that_is_none_is_refused_wherever_it_stands(self) -> None:
        every = list(self.wrong())
        for method, path, body in random.Random(SEED).sample(every, min(VALUES, len(every))):
            with self.subTest(method=method, path=path[:200], body=str(body)[:300]):
                data = None if body is None else json.dumps(body[0]).encode()
                answer = self.session.request(
                    method, self.server.address.rstrip("/") + path, data=data, timeout=60,
                    headers={"Content-Type": "application/json"},
                )  # fmt: skip
                self.assertLess(answer.status_code, 500, answer.text)
                if answer.status_code >= 400:
                    self.assertEqual("application/problem+json", answer.headers["content-type"])
                    self.assertTrue(answer.json()["detail"])

    def wrong(self) -> Iterator[tuple[str, str, tuple[Any] | None]]:
        """Yield requests with one value in a place where something else belongs."""
        for path, operations in self.document["paths"].items():
            for method, operation in operations.items():
                if path.startswith(STREAMS) or method == "delete":
                    continue
                names, sent = re.findall(r"{(\w+)}", path), None if method == "get" else ({},)
                good = self.place(path, {})
                for name, text in itertools.product(names, TEXTS):
                    yield method, f"{self.place(path, {name: text})}?{urlencode(NEEDED)}", sent
                queries = [one["name"] for one in operation.get("parameters", []) if one["in"] == "query"]
                for name, text in itertools.product(queries, TEXTS):
                    yield method, f"{good}?{urlencode({**NEEDED, name: text})}", sent
                for body in self.bodies(operation, STARTS.get(path, {})):
                    yield method, good, (body,)

    def bodies(self, operation: dict[str, Any], spoilt: dict[str, Any]) -> Iterator[Any]:
        """Yield bodies of an operation: its examples with one value wrong, at the top or one below."""
        if "requestBody" not in operation:
            return
        schema = self.named(operation["requestBody"]["content"]["application/json"]["schema"])
        schema = self.named(schema["anyOf"][0]) if "anyOf" in schema else schema
        yield from VALUES_OF_BODIES
        for whole, name in itertools.product(schema.get("examples", [{}]), schema.get("properties", {})):
            example = {**whole, **spoilt}
            for value in VALUES_OF_BODIES:
                yield {**example, name: value}
                below = example.get(name)
                if isinstance(below, list):
                    yield {**example, name: [*below, value]}
                if isinstance(below, dict):
                    yield from ({**example, name: {**below, key: value}} for key in below)
                    yield {**example, name: {**below, str(value)[:400]: "1..2"}}

    def named(self, schema: dict[str, Any]) -> dict[str, Any]:
        if "$ref" not in schema:
            return schema
        found: dict[str, Any] = self.document["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
        return found

    @staticmethod
    def place(path: str, given: dict[str, str]) -> str:
        return re.sub(r"{(\w+)}", lambda found: quote(given.get(found[1], KNOWN.get(found[1], "none")), safe=""), path)


if __name__ == "__main__":
    unittest.main()
