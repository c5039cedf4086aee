"""A real browser, headless, that has no network: what a page does is looked at in it."""

import base64
import contextlib
import json
import shutil
import tempfile
import time
import unittest
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.support.shared import REPOSITORY
from tests.support.waiting import PATIENCE_S

CHROMIUM, DRIVER = shutil.which("chromium"), shutil.which("chromedriver")
SCREENSHOTS = REPOSITORY / "test-results" / "pages"
_SWITCHES = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--hide-scrollbars",
    "--disable-background-networking", "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage",
    "--disable-extensions", "--disable-default-apps", "--disable-breakpad", "--renderer-process-limit=1",
    "--disable-features=SpareRendererForSitePerProcess", "--in-process-gpu",
)  # fmt: skip
_TURN_S = 20.0
"""A script may take so many seconds at once: a longer wait is several."""

needs_browser = unittest.skipUnless(CHROMIUM and DRIVER, "needs chromium and chromedriver (Debian's packages)")


class Browser:
    """One window: pages from files, what they log and ask for, pictures of them."""

    def __init__(self, driver: Any) -> None:
        self.driver = driver

    def open(self, page: Path, *, width: int = 1400, dark: bool = False) -> None:
        """Open a file in a window of a width and in a theme of the system, and wait until the page says it is drawn."""
        self.look(width=width, dark=dark)
        self.go(page.resolve().as_uri())

    def look(self, *, width: int, dark: bool) -> None:
        """Give the window a width and the system a theme; a page that is open follows."""
        size = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": width < 600}
        theme = [{"name": "prefers-color-scheme", "value": "dark" if dark else "light"}]
        self.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
        self.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": theme})

    def go(self, address: str) -> None:
        """Open an address, and wait until the page there, or the one that it leads to, says it is drawn."""
        self.driver.get_log("performance")
        self.driver.get(address)
        self.wait("return document.body?.dataset.ready !== undefined")

    def press(self, selector: str, words: str = "") -> None:
        """Press the first element of a selector that bears these words, as a person could: it must be there to see."""
        self._wait(
            "const found = [...document.querySelectorAll(arguments[0])]"
            ".find((one) => one.checkVisibility() && !one.disabled && one.textContent.includes(arguments[1]));"
            "found?.click(); return found !== undefined",
            PATIENCE_S,
            selector,
            words,
        )

    def fill(self, selector: str, value: str) -> None:
        """Let a field of a form hold a value, as if it was typed or chosen."""
        self.run(
            "const field = document.querySelector(arguments[0]); field.value = arguments[1];"
            "if (field.value !== arguments[1]) throw new Error(`${arguments[0]} takes no ${arguments[1]}`);"
            "field.dispatchEvent(new Event('input')); field.dispatchEvent(new Event('change'))",
            selector,
            value,
        )

    def run(self, script: str, *arguments: Any) -> Any:
        """Return what JavaScript returns; a promise is waited for."""
        return self.driver.execute_script(script, *arguments)

    def wait(self, condition: str, seconds: float = PATIENCE_S) -> None:
        """Wait until JavaScript returns true."""
        self._wait(condition, seconds)

    def _wait(self, condition: str, seconds: float, *arguments: Any) -> None:
        """Wait in the page itself: to be asked from here again and again costs more than most of what is waited for."""
        from selenium.common.exceptions import WebDriverException

        script = (
            f"const given = [...arguments]; const until = performance.now() + given.pop();"
            f"const holds = async function () {{ {condition} }};"
            "while (!(await holds(...given))) {"
            " if (performance.now() > until) return false; await new Promise((done) => setTimeout(done, 20)); }"
            "return true"
        )
        deadline = time.monotonic() + seconds
        while (left := deadline - time.monotonic()) > 0:
            try:
                if self.run(script, *arguments, 1_000 * min(left, _TURN_S)):
                    return
            except WebDriverException as error:
                # The page has gone to another one.
                if "unloaded" not in str(error) and "context" not in str(error):
                    raise
        raise AssertionError(f"it does not come in {seconds:g} s: {condition} {arguments or ''}")

    def computed(self) -> float:
        """Return the seconds that the page's thread has computed since this was first asked."""
        self.driver.execute_cdp_cmd("Performance.enable", {"timeDomain": "threadTicks"})
        found = self.driver.execute_cdp_cmd("Performance.getMetrics", {})["metrics"]
        return next(float(one["value"]) for one in found if one["name"] == "TaskDuration")

    def drawn(self) -> None:
        """Wait until what was asked for has been painted."""
        self.driver.execute_async_script(
            "const done = arguments[0]; requestAnimationFrame(() => requestAnimationFrame(() => done()))"
        )

    def logged(self) -> list[str]:
        """Return what the page has written to its console, errors of the page's rules among it."""
        return [f"{one['level']}: {one['message']}" for one in self.driver.get_log("browser")]

    def asked_for(self) -> set[str]:
        """Return the addresses that were asked for since the page was opened, without what a page has inside."""
        events = (json.loads(one["message"])["message"] for one in self.driver.get_log("performance"))
        sent = (one["params"]["request"]["url"] for one in events if one["method"] == "Network.requestWillBeSent")
        return {url for url in sent if not url.startswith(("data:", "blob:"))}

    def picture(self, name: str) -> bytes:
        """Keep a picture of the page's first screen among the results of the tests, and return it."""
        how = {"format": "png", "optimizeForSpeed": True}
        taken = base64.b64decode(self.driver.execute_cdp_cmd("Page.captureScreenshot", how)["data"])
        SCREENSHOTS.mkdir(parents=True, exist_ok=True)
        (SCREENSHOTS / f"{name}.png").write_bytes(taken)
        return taken


@contextlib.contextmanager
def browser() -> Iterator[Browser]:
    """Yield a browser of its own, closed afterwards."""
    from selenium import webdriver
    from selenium.webdriver.chrome.service import Service

    with tempfile.TemporaryDirectory() as profile:
        options = webdriver.ChromeOptions()
        options.binary_location = str(CHROMIUM)
        for switch in (*_SWITCHES, f"--user-data-dir={profile}"):
            options.add_argument(switch)
        options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
        options.add_experimental_option("perfLoggingPrefs", {"enableNetwork": True, "enablePage": False})
        driver = webdriver.Chrome(options=options, service=Service(str(DRIVER)))
        driver.set_script_timeout(PATIENCE_S)
        try:
            yield Browser(driver)
        finally:
            driver.quit()
