"""Pages of Flashline in a real browser: Debian's Chromium, driven by Selenium. All from Debian 12 (chromium,
chromium-driver, python3-selenium), so always run it with /usr/bin/python3.

A test of a page:

    class ReportPage(browser.PageTest):
        def test_search_finds_a_unit(self):
            page = self.open(path, scheme="dark", width=390, height=844)   # a file, or an http://127.0.0.1 address
            page.find("#find").send_keys("3b00")
            self.assertEqual(page.js("return document.title"), "...")

Each test ends with what holds for every page: its console said nothing, and it asked for nothing but itself (and, for
a page that was served, its own server). No name is resolved, so that nothing can come from elsewhere. `program(...)`
runs flashline, `tool(...)` another program of the build. Pictures: set FLASHLINE_PICTURES to a folder, and
`page.picture(name)` leaves them there, to be looked at.

Without a browser a test is skipped, loudly, with exit status 77, which CTest shows as such.
"""

import atexit
import base64
import json
import os
import pathlib
import shutil
import socket
import subprocess
import sys
import tempfile
import unittest
import urllib.parse

SKIPPED = 77
PATIENCE = 120  # seconds for whatever a page does by itself; a busy host is slow

# Notes of a page go by themselves: what was said is kept, for a test that looks late.
KEEP_NOTES = """
    window.notes_said = [];
    new MutationObserver((all) => all.forEach((one) => one.addedNodes.forEach((node) => {
      if (node.classList?.contains('toast')) notes_said.push(node.innerText);
    }))).observe(document, {childList: true, subtree: true});
"""


def skip(reason):
    print(f"\n*** SKIPPED: {reason}\n*** No page was seen in a browser.\n", file=sys.stderr)
    sys.exit(SKIPPED)


try:
    from selenium import webdriver
    from selenium.common.exceptions import (
        ElementClickInterceptedException,
        ElementNotInteractableException,
        NoSuchElementException,
        StaleElementReferenceException,
    )
    from selenium.webdriver.common.by import By
    from selenium.webdriver.chrome.service import Service
    from selenium.webdriver.support.ui import WebDriverWait
except ImportError:
    skip("there is no selenium for this Python. Install python3-selenium, and run this with /usr/bin/python3.")


def setting(name):
    value = os.environ.get(name)
    if not value:
        skip(f"{name} is not set. Run this through ctest.")
    return value


def program(*arguments, **options):
    """Runs flashline and returns what it said; fails when it fails."""
    return tool("station/flashline", *arguments, **options)


def tool(name, *arguments, status=0):
    """Runs a program of the build."""
    path = pathlib.Path(setting("FLASHLINE_BUILD_DIR")) / name
    ran = subprocess.run([path, *map(str, arguments)], capture_output=True, text=True, check=False)
    if ran.returncode != status:
        raise AssertionError(f"{path} {arguments}: exit status {ran.returncode}\n{ran.stdout}{ran.stderr}")
    return ran.stdout


def new_driver():
    chromium, driver = shutil.which("chromium"), shutil.which("chromedriver")
    if not chromium or not driver:
        skip("there is no chromium or no chromedriver. Install chromium and chromium-driver.")
    try:
        socket.getaddrinfo("localhost", None)
    except OSError:
        skip("this machine does not know 'localhost', where the browser is led from. Add it to /etc/hosts.")
    options = webdriver.ChromeOptions()
    options.binary_location = chromium
    for argument in (
        "--headless=new",
        "--no-sandbox",  # root, as in a container, has none
        "--disable-dev-shm-usage",
        "--disable-gpu",
        "--disable-background-networking",
        "--disable-component-update",
        "--no-first-run",
        "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1",
        "--hide-scrollbars",
    ):
        options.add_argument(argument)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    # A home of its own: the user's may be read-only, and is no test's business.
    home = tempfile.TemporaryDirectory(prefix="flashline-browser-", ignore_cleanup_errors=True)
    atexit.register(home.cleanup)
    made = webdriver.Chrome(service=Service(driver, env={**os.environ, "HOME": home.name}), options=options)
    made.set_page_load_timeout(PATIENCE)
    made.execute_cdp_cmd("Page.addScriptToEvaluateOnNewDocument", {"source": KEEP_NOTES})
    return made


# What a page that renders itself again, between the look and the press, leaves of an element. A person would look again.
NOT_NOW = (
    ElementClickInterceptedException,
    ElementNotInteractableException,
    NoSuchElementException,
    StaleElementReferenceException,
)


class Page:
    """What is open in the browser now."""

    def __init__(self, driver):
        self.driver = driver

    def find(self, selector):
        return self.driver.find_element(By.CSS_SELECTOR, selector)

    def all(self, selector):
        return self.driver.find_elements(By.CSS_SELECTOR, selector)

    def texts(self, selector):
        """Of all that match and are shown, in one go."""
        return self.js(
            "return [...document.querySelectorAll(arguments[0])].filter(e => e.getClientRects().length)"
            ".map(e => e.innerText.trim())",
            selector,
        )

    def notes(self):
        """What the page has said in passing since it was opened."""
        return self.js("return notes_said")

    def js(self, code, *arguments):
        return self.driver.execute_script(code, *arguments)

    def wait(self, condition, what):
        """Until condition() is true."""
        WebDriverWait(self.driver, PATIENCE, ignored_exceptions=NOT_NOW).until(
            lambda _: condition(), f"never seen: {what}"
        )

    def do(self, action, what):
        """As soon as the page lets it: action() finds its element itself."""
        self.wait(lambda: (action(), True)[1], what)

    def click(self, selector):
        self.do(lambda: self.find(selector).click(), f"{selector}, to be pressed")

    def type(self, selector, text):
        self.do(lambda: self.find(selector).send_keys(text), f"{selector}, to be filled in")

    def style(self, selector, name):
        return self.js("return getComputedStyle(document.querySelector(arguments[0]))[arguments[1]]", selector, name)

    def width_needed(self):
        """More than the window's: the page must be pushed sideways to be read."""
        return self.js("return document.documentElement.scrollWidth")

    def media(self, **features):
        """As a browser whose user prefers this: scheme="dark", medium="print"."""
        medium = features.pop("medium", "")
        names = {"scheme": "prefers-color-scheme", "motion": "prefers-reduced-motion"}
        listed = [{"name": names[key], "value": value} for key, value in features.items()]
        self.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": medium, "features": listed})

    def print_pdf(self, path, **options):
        """On A4, as the browser's own print dialogue would."""
        wanted = {"paperWidth": 8.27, "paperHeight": 11.69, "preferCSSPageSize": True, **options}
        answer = self.driver.execute_cdp_cmd("Page.printToPDF", wanted)
        pathlib.Path(path).write_bytes(base64.b64decode(answer["data"]))

    def picture(self, name, height=3000):
        """The page, or the upper part of a long one, if somebody wants to look."""
        folder = os.environ.get("FLASHLINE_PICTURES")
        if not folder:
            return
        width, whole = self.js("return [innerWidth, document.documentElement.scrollHeight]")
        clip = {"x": 0, "y": 0, "width": width, "height": min(height, whole), "scale": 1}
        answer = self.driver.execute_cdp_cmd("Page.captureScreenshot", {"captureBeyondViewport": True, "clip": clip})
        pathlib.Path(folder, name + ".png").write_bytes(base64.b64decode(answer["data"]))


class PageTest(unittest.TestCase):
    driver = None

    @classmethod
    def setUpClass(cls):
        cls.driver = new_driver()
        cls.addClassCleanup(cls.driver.quit)
        folder = tempfile.TemporaryDirectory(prefix="flashline-browser-")
        cls.addClassCleanup(folder.cleanup)
        cls.folder = pathlib.Path(folder.name)

    def setUp(self):
        self.opened = set()
        self.addCleanup(self.judge_every_page)
        for kind in ("browser", "performance"):
            self.driver.get_log(kind)  # what another test left

    def open(self, where, scheme="light", width=1280, height=900):
        """`where`: a path, or an address on this machine."""
        address = str(where)
        if not address.startswith("http://127.0.0.1"):
            address = pathlib.Path(where).resolve().as_uri()
        self.opened.add(address)
        page = Page(self.driver)
        self.driver.execute_cdp_cmd(
            "Emulation.setDeviceMetricsOverride",
            {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False},
        )
        page.media(scheme=scheme)
        self.driver.get(address)
        return page

    def judge_every_page(self):
        said = [entry["message"] for entry in self.driver.get_log("browser")]
        elsewhere = sorted(address for address in set(self.requests()) if not self.is_allowed(address))
        self.assertEqual(elsewhere, [], "asked for from elsewhere")
        self.assertEqual(said, [], "the console is not empty")

    def requests(self):
        for entry in self.driver.get_log("performance"):
            message = json.loads(entry["message"])["message"]
            if message["method"] == "Network.requestWillBeSent":
                yield message["params"]["request"]["url"]

    def is_allowed(self, address):
        if address.startswith(("data:", "blob:", "about:")):
            return True
        wanted = urllib.parse.urlsplit(address)
        for opened in map(urllib.parse.urlsplit, self.opened):
            if opened.scheme == "file" and address.split("#")[0] == opened.geturl().split("#")[0]:
                return True
            if opened.scheme == "http" and wanted[:2] == opened[:2]:
                return True
        return False


def main():
    unittest.main(verbosity=2)
