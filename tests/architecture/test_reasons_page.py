"""docs/CONFIG_BACKTEST.md has every reason of core/reasons.py, gate by gate, and no other."""

import re
import unittest
from typing import get_args

from core import reasons
from tests.support.shared import REPOSITORY

PAGE = (REPOSITORY / "docs" / "CONFIG_BACKTEST.md").read_text(encoding="utf-8")
ROWS = {
    "`warmup`": reasons.WarmupRefusal,
    "`position`": reasons.PositionRefusal,
    "`levels`": reasons.LevelRefusal,
    "`session`": reasons.SessionRefusal,
    "`risk`": reasons.RiskRefusal,
    "`safety`": reasons.SafetyRefusal,
    "at the fill (`order_rejected`)": reasons.FillRefusal,
    "expired (`order_expired`)": reasons.ExpiryReason,
    "cancelled (`order_cancelled`)": reasons.CancelReason,
    "a command (`command`)": reasons.CommandRefusal,
    "a halt (`halt`)": reasons.HaltReason,
}


def words(kind: object) -> set[str]:
    """Return the words of a literal, or of a union of some."""
    inner = get_args(kind)
    return {word for one in inner for word in ({one} if isinstance(one, str) else words(one))}


def row(name: str) -> set[str]:
    """Return the reasons that the page's table has in a row; what stands in brackets explains."""
    (text,) = re.findall(rf"^\| {re.escape(name)} \| (.*) \|$", PAGE, re.MULTILINE)
    return set(re.findall(r"`([a-z_]+)`", re.sub(r"\([^)]*\)", "", text)))


class ReasonsPage(unittest.TestCase):
    def test_every_gate_has_its_reasons(self) -> None:
        for name, kind in ROWS.items():
            with self.subTest(name):
                self.assertEqual(words(kind), row(name))

    def test_execution_has_what_acceptance_refuses_and_the_mode(self) -> None:
        self.assertEqual(words(reasons.AcceptanceRefusal) | {"monitor_mode"}, row("`execution`"))

    def test_every_reason_of_a_row_of_the_trade_log_is_there(self) -> None:
        self.assertEqual(words(reasons.FillReason), row("`reason`") - {"OPEN", "CLOSE"})

    def test_no_kind_of_refusal_is_forgotten(self) -> None:
        kinds = {name for name in vars(reasons) if name.endswith(("Refusal", "Reason"))}
        composed = {"ExecutionRefusal", "OrderReason", "ChangeReason", "ExitReason", "FillReason", "AcceptanceRefusal"}
        shown = {name for name, kind in vars(reasons).items() if any(kind is one for one in ROWS.values())}
        self.assertEqual(kinds, composed | shown)


if __name__ == "__main__":
    unittest.main()
