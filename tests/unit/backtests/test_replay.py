"""Interrupts of a run: the first is noted, the second is not held back."""

import signal
import threading
import unittest

from backtests.replay import held_interrupts


class HeldInterrupts(unittest.TestCase):
    def setUp(self):
        before = signal.getsignal(signal.SIGINT)
        self.addCleanup(signal.signal, signal.SIGINT, before)
        signal.signal(signal.SIGINT, signal.default_int_handler)

    def test_the_first_interrupt_is_noted_and_does_not_raise(self):
        with held_interrupts() as interrupt:
            self.assertFalse(interrupt.asked)
            signal.raise_signal(signal.SIGINT)
            self.assertTrue(interrupt.asked)

    def test_the_second_interrupt_raises(self):
        with self.assertRaises(KeyboardInterrupt), held_interrupts():
            signal.raise_signal(signal.SIGINT)
            signal.raise_signal(signal.SIGINT)

    def test_afterwards_interrupts_are_what_they_were(self):
        with held_interrupts():
            pass
        self.assertIs(signal.getsignal(signal.SIGINT), signal.default_int_handler)
        with self.assertRaises(ValueError), held_interrupts():
            raise ValueError
        self.assertIs(signal.getsignal(signal.SIGINT), signal.default_int_handler)

    def test_ignored_interrupts_stay_ignored(self):
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        with held_interrupts() as interrupt:
            signal.raise_signal(signal.SIGINT)
        self.assertFalse(interrupt.asked)

    def test_outside_the_main_thread_nothing_is_changed(self):
        handlers = []

        def run():
            with held_interrupts() as interrupt:
                handlers.append((signal.getsignal(signal.SIGINT), interrupt.asked))

        thread = threading.Thread(target=run)
        thread.start()
        thread.join()
        self.assertEqual(handlers, [(signal.default_int_handler, False)])


if __name__ == "__main__":
    unittest.main()
