"""The settings hash: equal exactly when the results must be, in any process and any order of keys."""

import hashlib
import os
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

from tests.support.config_tree import CAPPED, write_config
from tests.support.shared import REPOSITORY
from validation import load_settings

CANONICAL = (
    '{"detail_interval":null,"exchange":"practice","execution":{"allow_shorting":true,"commission":{"maker":null,'
    '"taker":null,"tiers":[]},"commission_rate":0.0005,"entry_expiry":3,"entry_fill":"next_open","entry_offset":0.001,'
    '"entry_order":"market","entry_time_in_force":"GTD","exits":{"break_even_after":null,"ladder":[],'
    '"max_holding":null},"intrabar":"pessimistic","latency_ms":0,"limit_fill":"through","limit_fill_probability":0.5,'
    '"limit_fill_seed":0,"max_entries":1,"max_gap":60,"max_order_wait":3,"on_opposite_signal":"ignore",'
    '"perpetual":null,"post_only":false,"slippage":0.0005,"slippage_model":{"candles":20,"coefficient":0.1,'
    '"model":"fixed"},"spread":{"candles":20,"fraction":0.0,"model":"none"},"starting_balance":10000.0,'
    '"volume_cap":null},'
    '"off_grid":"snap","risk":{"base_account_size":10000.0,"default_risk_per_trade":0.01,"default_sl_atr_mult":1.5,'
    '"default_slippage":0.0005,"default_tp_atr_mult":3.0,"enable_trailing_stop":false,"max_exposure":0.05,'
    '"min_position_size_usd":10.0,"trailing_stop_atr":null,"trailing_stop_pct":0.02},"strategy":{"params":{"atr_min_threshold":0.0,'
    '"atr_period":14,"ema_fast":9,"ema_slow":21,"rsi_extreme_high":80.0,"rsi_extreme_low":20.0,"rsi_long_max":70.0,'
    '"rsi_long_min":50.0,"rsi_period":14,"rsi_short_max":50.0,"rsi_short_min":30.0,"sl_atr_multiple":2.0,'
    '"tp_atr_multiple":4.0,"volume_lookback":20,"volume_multiplier":1.2},"type":"scalping_ema_rsi"},'
    '"symbols":["BTC/USDT","ETH/USDT"],"timeframe":"15m","trading_mode":{"max_daily_loss_pct":0.02,'
    '"max_drawdown_pct":0.1,"max_exposure_pct":0.2,"max_open_trades":10,"max_risk_per_trade_pct":0.02,"mode":"paper",'
    '"on_halt":"hold","on_kill":"hold"}}'
)
"""The canonical text of the smallest configuration, written out by hand from the defaults."""

Change = dict[str, object]
LIVE_CHANGES: dict[str, Change] = {
    "exchange": {"exchange": "binance"},
    "symbols": {"symbols": ["ETH/USDT", "BTC/USDT"]},
    "symbols spelled": {"symbols": ["BTCUSDT", "ETH/USDT"]},
    "watch": {"watch": ["SOL/USDT"]},
    "watch of two": {"watch": ["SOL/USDT", "ETH/BTC"]},
    "watch ordered": {"watch": ["ETH/BTC", "SOL/USDT"]},
    "timeframe": {"timeframe": "1h"},
    "strategy.params": {"strategy": {"params": {"ema_fast": 8}}},
    "execution.starting_balance": {"execution": {"starting_balance": 9_999}},
    "execution.slippage": {"execution": {"slippage": 0.0006}},
    "execution.commission_rate": {"execution": {"commission_rate": 0.0006}},
    "execution.allow_shorting": {"execution": {"allow_shorting": False}},
    "execution.entry_fill": {"execution": {"entry_fill": "close"}},
    "execution.on_opposite_signal": {"execution": {"on_opposite_signal": "close"}},
    "execution.max_order_wait": {"execution": {"max_order_wait": 2}},
    "execution.max_gap": {"execution": {"max_gap": 61}},
    "execution.max_candle_move": {"execution": {"max_candle_move": 4}},
    "detail_interval": {"detail_interval": "5m"},
    "execution.entry_order": {"execution": {"entry_order": "limit"}},
    "execution.entry_offset": {"execution": {"entry_order": "limit", "entry_offset": 0.002}},
    "execution.entry_time_in_force": {"execution": {"entry_order": "limit", "entry_time_in_force": "GTC"}},
    "execution.entry_expiry": {"execution": {"entry_order": "limit", "entry_expiry": 4}},
    "execution.post_only": {"execution": {"entry_order": "limit", "post_only": True}},
    "execution.max_entries": {"execution": {"max_entries": 2}},
    "execution.latency_ms": {"execution": {"latency_ms": 1}},
    "execution.exits": {"execution": {"exits": {"max_holding": 5}}},
    "execution.exits.ladder": {"execution": {"exits": {"ladder": [{"fraction": 0.5, "distance": 1}]}}},
    "execution.exits.break_even_after": {
        "execution": {"exits": {"ladder": [{"fraction": 0.5, "distance": 1}], "break_even_after": 1}}
    },
    "execution.intrabar": {"execution": {"intrabar": "ohlc"}},
    "execution.limit_fill": {"execution": {"limit_fill": "touch"}},
    "execution.limit_fill_probability": {"execution": {"limit_fill": "probability", "limit_fill_probability": 0.6}},
    "execution.limit_fill_seed": {"execution": {"limit_fill": "probability", "limit_fill_seed": 1}},
    "execution.volume_cap": {"execution": {"volume_cap": 0.5}},
    "execution.spread": {"execution": {"spread": {"model": "fixed", "fraction": 0.001}}},
    "execution.slippage_model": {"execution": {"slippage_model": {"model": "volatility"}}},
    "execution.commission": {"execution": {"commission": {"maker": 0.0001}}},
    "execution.perpetual": {"execution": {"perpetual": {}}},
    "execution.perpetual.leverage": {"execution": {"perpetual": {"leverage": 2}}},
    "execution.perpetual.leverages": {"execution": {"perpetual": {"leverages": {"BTCUSDT": 2}}}},
    "execution.perpetual.funding": {"execution": {"perpetual": {"funding": False}}},
    "data.off_grid": {"data": {"off_grid": "refuse"}},
}
RISK_CHANGES: Change = {
    "default_risk_per_trade": 0.011, "max_exposure": 0.051, "default_sl_atr_mult": 1.6, "default_tp_atr_mult": 3.1,
    "min_position_size_usd": 11, "enable_trailing_stop": True, "trailing_stop_pct": 0.021,
}  # fmt: skip
MODE_CHANGES: Change = {
    "mode": "monitor", "max_daily_loss_pct": 0.021, "max_drawdown_pct": 0.11, "max_risk_per_trade_pct": 0.021,
    "max_exposure_pct": 0.21, "max_open_trades": 9, "on_halt": "flatten", "on_kill": "flatten",
}  # fmt: skip
LIVE_NEUTRAL: dict[str, Change] = {
    "spelling of the exchange": {"exchange": "Practice"},
    "spelling of the strategy": {"strategy": {"type": "ScalpingEMARSI"}},
    "a default written out": {"strategy": {"params": {"ema_fast": 9, "rsi_long_min": 50}}},
    "a default that came later": {"execution": {"max_candle_move": 5}},
    "nothing watched": {"watch": []},
    "whole numbers": {"execution": {"starting_balance": 10_000}},
    "zero with a sign": {"strategy": {"params": {"atr_min_threshold": -0.0}}},
    "data.cache_dir": {"data": {"cache_dir": "elsewhere"}},
    "metrics": {"metrics": {"risk_free_rate": 0.04}},
    "logging": {"logging": {"level": "DEBUG", "directory": "out"}},
    "risk.config_file": {"risk": {"config_file": "risk.json"}},
}
MODE_NEUTRAL: Change = {
    "kill_switch_env_var": "STOP", "kill_switch_file": "data/STOP", "default_strategy": "scalping_ema_rsi",
    "allow_live_trading": False,
}  # fmt: skip


class SettingsHashTest(unittest.TestCase):
    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.base = Path(folder.name)
        self.live: Change = {"exchange": "practice", "symbols": ["BTC/USDT", "ETH/USDT"]}
        self.plain = self.hash_of()

    def hash_of(self, live: Change | None = None, risk: Change | None = None, mode: Change | None = None) -> str:
        path = write_config(self.base, {**self.live, **(live or {})}, {**CAPPED, **(risk or {})}, mode)
        return load_settings(path).settings_sha256

    def test_it_is_the_sha256_of_the_canonical_text(self) -> None:
        self.assertEqual(hashlib.sha256(CANONICAL.encode()).hexdigest(), self.plain)

    def test_every_key_that_can_change_a_result_changes_it(self) -> None:
        hashes = [self.hash_of(change) for change in LIVE_CHANGES.values()]
        hashes += [self.hash_of(None, {key: value}) for key, value in RISK_CHANGES.items()]
        hashes.append(self.hash_of(None, {"enable_trailing_stop": True, "trailing_stop_atr": 2}))
        hashes += [self.hash_of(None, {key: None}) for key in ("max_exposure", "default_tp_atr_mult")]
        hashes += [self.hash_of(None, None, {key: value}) for key, value in MODE_CHANGES.items()]
        self.assertEqual(len(hashes) + 1, len({self.plain, *hashes}))

    def test_nothing_else_changes_it(self) -> None:
        for name, change in LIVE_NEUTRAL.items():
            with self.subTest(name=name):
                self.assertEqual(self.plain, self.hash_of(change))
        for key, value in MODE_NEUTRAL.items():
            with self.subTest(name=key):
                self.assertEqual(self.plain, self.hash_of(None, None, {key: value}))
        self.assertEqual(self.plain, self.hash_of(None, {"default_slippage": 0.0005, "base_account_size": 10_000}))

    def test_every_key_is_either_a_change_or_neutral_here(self) -> None:
        resolved = load_settings(write_config(self.base)).resolved()
        self.assertEqual(set(resolved["trading_mode"]), set(MODE_CHANGES) | set(MODE_NEUTRAL))
        self.assertEqual(set(resolved["risk"]), {
            *RISK_CHANGES, "trailing_stop_atr", "default_slippage", "base_account_size",
        })  # fmt: skip
        execution = {key.split(".")[1] for key in LIVE_CHANGES if key.startswith("execution.")}
        self.assertEqual(set(resolved["live"]["execution"]), execution)

    def test_one_meaning_in_two_spellings_has_one_hash(self) -> None:
        rungs = [{"fraction": 0.5, "distance": 1}, {"distance": 2.0, "fraction": 0.25}]
        plain = {
            "leverage": 5, "leverages": {"BTC/USDT": 3, "ETH/USDT": 2}, "liquidation_fee": 0, "funding": True,
        }  # fmt: skip
        other = {
            "funding": True, "liquidation_fee": -0.0, "leverages": {"ethusdt": 2.0, "btc-usdt": 3.0}, "leverage": 5.0,
            "tiers": [],
        }  # fmt: skip
        mirrored = [dict(reversed(rung.items())) for rung in rungs]
        one = {"execution": {"perpetual": plain, "exits": {"ladder": rungs}, "volume_cap": 1, "latency_ms": 5}}
        two = {"execution": {"latency_ms": 5, "volume_cap": 1.0, "exits": {"ladder": mirrored}, "perpetual": other}}
        self.assertEqual(self.hash_of(one), self.hash_of(two))
        self.assertNotEqual(self.plain, self.hash_of(one))

    def test_the_order_of_keys_and_the_file_format_do_not_count(self) -> None:
        path = write_config(
            self.base,
            "symbols:\n  - BTC/USDT\n  - ETH/USDT\nexchange: practice\n",
            '{"max_exposure": 0.05}',
            "on_kill: hold\nmode: paper\n",
        )
        self.assertEqual(self.plain, load_settings(path).settings_sha256)

    def test_any_process_gives_the_same(self) -> None:
        path = write_config(self.base, self.live)
        program = f"from validation import load_settings; print(load_settings({str(path)!r}).settings_sha256)"
        for seed, zone in (("1", "UTC"), ("2", "America/New_York")):
            environment = {**os.environ, "PYTHONHASHSEED": seed, "TZ": zone}
            done = subprocess.run(
                [sys.executable, "-c", program],
                cwd=REPOSITORY,
                env=environment,
                capture_output=True,
                text=True,
                check=True,
            )
            self.assertEqual(self.plain, done.stdout.strip())


if __name__ == "__main__":
    unittest.main()
