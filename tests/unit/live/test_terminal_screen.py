import io
import unittest

from alerts.lane import ChannelHealth
from live.views.session_events import SessionEvent
from live.views.session_picture import (
    AccountFigures,
    FeedHealth,
    OrderLine,
    PositionLine,
    PriceLine,
    SessionPicture,
    StepHealth,
    WatchedLine,
)
from live.views.sparkline import sparkline
from live.views.terminal_screen import age_text, screen
from live.views.terminal_tables import price_text

POSITION = PositionLine("BTC/USDT", "LONG", 0.5, 42_000.0, 42_100.5, 50.25, True, 41_900.0, (42_900.0,), False, "")
EVENT = SessionEvent(
    "2024-01-01T00:15:00.000Z",
    "refused",
    "ETH/USDT",
    {"direction": "SHORT", "gate": "safety", "reason": "max_exposure"},
)
PICTURE = SessionPicture(
    session="binanceus_15m_20240101T000000",
    strategy="scalping_ema_rsi",
    mode="paper",
    exchange="binanceus",
    timeframe="15m",
    exchange_ms=1_704_067_200_000,
    uptime_seconds=3_700.0,
    feed=FeedHealth("connected", 65.0, 0.4, 3, 1, 2, 4, 5, 6, "disconnected: code 1006"),
    steps=StepHealth(1_704_067_200_000, 0.0042, 0.0311, 1_234, 4_936, 1),
    account=AccountFigures(10_000.0, 10_020.0, 10_050.25, 0.0, 20.0, 0.0, 0.02, 0.001, 0.1, 7, 3),
    positions=[POSITION],
    waiting=[OrderLine("SOL/USDT", "12", "enter LONG", "MARKET", 3.5, None, None, 101.25, 1_704_069_900_000)],
    events=[EVENT],
    refusals=[("max_exposure", 9)],
    curve=(10_000.0, 10_010.0, 10_020.0),
    halts=(),
    kill_switch=False,
    kill_switch_by="",
)


def shown(picture: SessionPicture, width: int = 120, height: int = 40) -> list[str]:
    from rich.console import Console

    console = Console(file=io.StringIO(), width=width, height=height, color_system=None)
    with console.capture() as captured:
        console.print(screen(picture, width, height))
    return captured.get().splitlines()


class TerminalScreenTest(unittest.TestCase):
    def test_trades_that_only_broke_even_are_shown_by_themselves(self) -> None:
        self.assertIn("trades 7, won 3", "\n".join(shown(PICTURE)))
        even = PICTURE._replace(account=PICTURE.account._replace(even=2))
        self.assertIn("trades 7, won 3, even 2", "\n".join(shown(even)))

    def test_what_is_watched_and_not_traded_stands_apart_with_its_last_price(self) -> None:
        self.assertNotIn("Watched", "\n".join(shown(PICTURE)))
        lines = (WatchedLine("ETH/BTC 15m", 0.05125, 1_704_067_200_000), WatchedLine("SOL/USDT 1h", None, None))
        text = "\n".join(shown(PICTURE._replace(watched=lines)))
        self.assertIn("Watched ETH/BTC 15m 0.05125000 at 00:00   SOL/USDT 1h -", text)

    def test_a_channel_that_fails_or_has_lost_something_has_a_line_and_one_that_is_well_has_none(self) -> None:
        well = ChannelHealth("desk", "https://a.example/***", 3, 12, 0)
        failing = ChannelHealth("phone", "Telegram by apprise", 4, 0, 2, "answered 429", 65.0, 20.0)
        text = "\n".join(shown(PICTURE._replace(alerts=(well, failing))))
        self.assertIn("Alerts phone: answered 429 for 1 min 05 s   waiting 4   lost 2", text)
        self.assertNotIn("desk", text)

    def test_everything_a_person_supervises_is_shown(self) -> None:
        text = "\n".join(shown(PICTURE))
        for words in (
            "binanceus_15m_20240101T000000",
            "connected for 1 min 05 s   last message 0.4 s ago   reconnects 3",
            "unreadable 1   late 2   revised 4   refused 6   duplicate 5",
            "disconnected: code 1006",
            "last 2024-01-01 00:00:00  delay 4.2 ms (p99 31.1 ms)",
            "open boundaries 1",
            "10,020.00   ~10,050.25 forming",
            "daily loss 0.00 % of 2.00 %",
            "drawdown 0.10 % of 10.00 %",
            "▁▅█",
            "~42,100.50",
            "~ forming: shown, not acted on before the close",
            "#12 enter LONG",
            "opened at 101.2500, fills at the close",
            "until 2024-01-01 00:45:00",
            "refused  ETH/USDT  SHORT  max_exposure (safety)",
            "refused: max_exposure 9",
        ):
            self.assertIn(words, text)
        self.assertNotIn("KILL SWITCH", text)
        self.assertNotIn("HALTED", text)

    def test_a_position_on_margin_shows_its_liquidation_price_margin_funding_and_rungs(self) -> None:
        held = POSITION._replace(targets=(42_900.0, 43_500.0), liquidation=33_600.5, margin=4_200.0, funding=-1.25)
        account = PICTURE.account._replace(margin=4_200.0, funding=-1.25)
        text = "\n".join(shown(PICTURE._replace(positions=[held], account=account), 160))
        for words in (
            "Liquidation",
            "33,600.50",
            "4,200.00",
            "-1.25",
            "42,900.00 +1",
            "margin 4,200.00   funding -1.25",
        ):
            self.assertIn(words, text)
        narrow = "\n".join(shown(PICTURE._replace(positions=[held]), 80))
        self.assertIn("33,600.50", narrow)
        self.assertNotIn("Liquidation", "\n".join(shown(PICTURE, 160)))

    def test_orders_that_rest_show_their_type_and_prices(self) -> None:
        waiting = PICTURE.waiting[0]._replace(open=None)
        for order, words in (
            (waiting._replace(order_type="LIMIT", price=41_000.5), "limit: limit 41,000.50"),
            (waiting._replace(order_type="STOP_MARKET", stop_price=43_000.0), "stop-market: stop 43,000.00"),
            (
                waiting._replace(order_type="STOP_LIMIT", stop_price=1.5, price=1.6),
                "stop-limit: stop 1.5000, limit 1.6",
            ),
            (waiting, "no candle yet"),
        ):
            self.assertIn(words, "\n".join(shown(PICTURE._replace(waiting=[order]))))

    def test_what_steps_went_on_without_is_counted_once_there_is_any(self) -> None:
        feed = PICTURE.feed._replace(missing=3)
        self.assertIn("missing 3", "\n".join(shown(PICTURE._replace(feed=feed))))
        self.assertNotIn("missing", "\n".join(shown(PICTURE)))

    def test_while_there_is_no_position_prices_the_next_close_and_how_to_stop_are_shown(self) -> None:
        prices = [PriceLine("BTC/USDT", 43_670.5, True), PriceLine("ETH/USDT", 2_697.0, False)]
        prices += [PriceLine(f"COIN{number}/USDT", None, False) for number in range(60)]
        flat = PICTURE._replace(positions=[], prices=prices, next_close_ms=PICTURE.exchange_ms + 723_000)
        for width in (80, 100):
            text = "\n".join(shown(flat, width, 24))
            for words in (
                "next close 00:12:03, in 12 min 03 s   stop with Ctrl-C",
                "BTC/USDT ~43,670.50",
                "COIN0/USDT -",
            ):
                self.assertIn(words, text)
            self.assertRegex(text, r"ETH/USDT 2,697\.00 .*more prices|more prices[\s\S]*ETH/USDT 2,697\.00")
            self.assertLessEqual(len(text.splitlines()), 24)
        self.assertNotIn("Ctrl-C", "\n".join(shown(PICTURE)))

    def test_at_a_hundred_columns_quantities_and_counts_stay(self) -> None:
        held = POSITION._replace(quantity=0.01143, liquidation=38_000.0, margin=4_200.0, touched="trailing_stop")
        for position in (POSITION._replace(quantity=0.01143), held):
            text = "\n".join(shown(PICTURE._replace(positions=[position]), 100))
            self.assertIn(" 0.01143 ", text)
            self.assertIn("Steps  1,234, candles 4,936", text)
        self.assertIn("trailing_stop", text)

    def test_what_a_step_has_lacked_for_a_while_is_said(self) -> None:
        steps = PICTURE.steps._replace(waits_for="step 2024-01-01T00:15:00.000Z lacks candles of ETH/USDT")
        self.assertIn("lacks candles of ETH/USDT", "\n".join(shown(PICTURE._replace(steps=steps), 80)))

    def test_alarms_stand_at_the_top(self) -> None:
        lines = shown(PICTURE._replace(kill_switch=True, kill_switch_by="file STOP", halts=("drawdown", "daily_loss")))
        self.assertIn("KILL SWITCH engaged by file STOP", lines[1])
        self.assertIn("HALTED: drawdown, daily_loss", lines[2])
        self.assertIn("PAUSED by an operator: no entries", shown(PICTURE._replace(paused=True))[1])

    def test_a_touched_level_is_named(self) -> None:
        self.assertIn("stop touched", "\n".join(shown(PICTURE._replace(positions=[POSITION._replace(touched="stop")]))))

    def test_a_mark_of_a_closed_candle_has_no_sign_of_forming(self) -> None:
        closed = PICTURE._replace(
            positions=[POSITION._replace(forming=False)], account=PICTURE.account._replace(live_equity=None)
        )
        self.assertNotIn("~", "\n".join(shown(closed)))

    def test_nothing_is_wider_than_the_terminal_and_the_weighty_fits_its_height(self) -> None:
        many = PICTURE._replace(
            positions=[POSITION._replace(symbol=f"COIN{number}/USDT", touched="trailing_stop") for number in range(60)],
            waiting=[PICTURE.waiting[0]] * 60,
            events=[EVENT] * 100,
            kill_switch=True,
            halts=("drawdown",),
        )
        for width in range(80, 201, 10):
            for height in (24, 30, 50, 70):
                lines = shown(many, width, height)
                self.assertLessEqual(max(map(len, lines)), width)
                self.assertLessEqual(len(lines), height, (width, height))
                text = "\n".join(lines)
                self.assertRegex(text, r"\d+ more")
                self.assertIn("max_exposure (safety)", text)

    def test_a_session_that_knows_nothing_yet_can_be_drawn(self) -> None:
        nothing = PICTURE._replace(
            exchange_ms=None,
            feed=FeedHealth("connecting", None, None, 0, 0, 0, 0, 0, 0, ""),
            steps=StepHealth(None, None, None, 0, 0, 0),
            positions=[],
            waiting=[],
            events=[],
            refusals=[],
            curve=(),
        )
        text = "\n".join(shown(nothing, 80, 24))
        for words in (
            "exchange time unknown",
            "connecting",
            "last message none yet",
            "nothing decided yet",
            "none yet",
        ):
            self.assertIn(words, text)

    def test_control_characters_and_markup_in_names_do_nothing(self) -> None:
        event = SessionEvent("2024-01-01T00:15:00.000Z", "halt", None, {"reason": "[bold]\x1b[2Jx\ny[/bold]"})
        text = "\n".join(shown(PICTURE._replace(events=[event])))
        self.assertIn("[bold]\\u001b[2Jx y[/bold]", text)

    def test_lengths_of_time_and_prices_read_well(self) -> None:
        self.assertEqual(
            [age_text(seconds) for seconds in (None, 0.0, 59.94, 60.0, 3_599.0, 3_600.0, 86_400.0 * 9)],
            ["never", "0.0 s", "59.9 s", "1 min 00 s", "59 min 59 s", "1 h 00 min", "9 d 0 h"],
        )
        self.assertEqual(
            [price_text(price) for price in (None, 42_000.5, 1.5, 0.00001234)],
            ["-", "42,000.50", "1.5000", "0.00001234"],
        )


class SparklineTest(unittest.TestCase):
    def test_it_spans_from_lowest_to_highest(self) -> None:
        self.assertEqual(sparkline([1, 2, 3, 4, 5, 6, 7, 8], 8), "▁▂▃▄▅▆▇█")

    def test_more_values_than_room_keep_the_last(self) -> None:
        drawn = sparkline([float(number) for number in range(1_000)] + [0.0], 40)
        self.assertEqual((len(drawn), drawn[-1]), (40, "▁"))

    def test_flat_and_empty_curves_have_no_height(self) -> None:
        self.assertEqual(sparkline([5.0, 5.0, 5.0], 10), "▁▁▁")
        self.assertEqual(sparkline([], 10), "")
        self.assertEqual(sparkline([1.0], 0), "")


if __name__ == "__main__":
    unittest.main()
