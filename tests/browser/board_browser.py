"""What tests of the board's page share: opening it, reading its tiles, pressing, typing and scanning."""

import time

import browser


class BoardTest(browser.PageTest):
    url = ""  # of the station
    expected_on_console = ()

    def judge_every_page(self):
        """As for every page, but a refusal that the test provoked may be on the console."""
        said = [entry["message"] for entry in self.driver.get_log("browser")]
        left = "icon.svg - Failed to load resource: net::ERR_FAILED"  # the page was left before its icon came
        said = [text for text in said if not any(part in text for part in (left, *self.expected_on_console))]
        elsewhere = sorted(address for address in set(self.requests()) if not self.is_allowed(address))
        self.assertEqual(elsewhere, [], "asked for from elsewhere")
        self.assertEqual(said, [], "the console is not empty")

    def board(self, where="#/line", **options):
        page = self.open(self.url + "/", **options)
        page.js("localStorage.clear(); localStorage.setItem('flashline.language', 'en')")
        self.driver.get("about:blank")
        self.addCleanup(self.driver.get, "about:blank")  # before the station goes: no page is left that looks for it
        page = self.open(self.url + "/" + where, **options)
        page.wait(lambda: page.js("return document.body.dataset.link") in ("online", "refused"), "a link to the station")
        return page

    def tile(self, page, label):
        """What the tile of this slot shows, line by line."""
        return page.js(
            "const tile = [...document.querySelectorAll('.tile')].find(t => t.querySelector('.tile-label').textContent === arguments[0]);"
            "return tile && {text: tile.innerText.split('\\n').map(t => t.trim()).filter(Boolean), tone: tile.dataset.tone,"
            " loud: 'loud' in tile.dataset, sign: tile.querySelector('use').getAttribute('href')}", label)

    def wait_tile(self, page, label, *texts):
        page.wait(lambda: set(texts) <= set((self.tile(page, label) or {"text": []})["text"]), f"{texts} in {label}")

    FRAMES = {"STX": "b", "ETX": "c"}

    def scan(self, *texts):
        """As a scanner types, by the keys' own times: a busy machine brings them late, and they are no slower for it."""
        began = time.time()
        keys = [key for text in (texts if len(texts) > 1 else (*texts, "Enter"))
                for key in ([text] if text in (*self.FRAMES, "Enter") else text)]
        for number, key in enumerate(keys):
            self.scan_key(key, began + number * .005)

    def scan_key(self, key, timestamp):
        """STX and ETX are Ctrl+B and Ctrl+C, with the key Ctrl pressed before, as a keyboard has to."""
        control = {"key": "Control", "code": "ControlLeft", "windowsVirtualKeyCode": 17, "timestamp": timestamp}
        event = {"key": key, "timestamp": timestamp}
        written = {"text": key}
        if key == "Enter":
            event |= {"code": "Enter", "windowsVirtualKeyCode": 13}
            written = {"text": "\r"}
        if key in self.FRAMES:
            letter = self.FRAMES[key]
            event |= {"key": letter, "code": "Key" + letter.upper(), "windowsVirtualKeyCode": ord(letter.upper()), "modifiers": 2}
            written = {}
            self.dispatch("rawKeyDown", control, {"modifiers": 2})
        self.dispatch("keyDown", event, written)
        self.dispatch("keyUp", event)
        if key in self.FRAMES:
            self.dispatch("keyUp", control)

    def dispatch(self, kind, event, more=None):
        self.driver.execute_cdp_cmd("Input.dispatchKeyEvent", {"type": kind, **event, **(more or {})})

    def go(self, page, where):
        page.js("location.hash = arguments[0]", where)

    def press(self, page, text, within=""):
        selector = f"{within} button, {within} a.button, {within} summary"

        def found():
            return next((b for b in page.all(selector) if text in b.text), None)

        page.wait(found, f"a button {text}")
        page.do(lambda: found().click(), f"the button {text}, to be pressed")

    def fields(self, page, **values):
        for name, value in values.items():
            page.type(f"[name={name}]", str(value))

    def sign_in(self, page, name, pin=None):
        page.wait(lambda: page.all("dialog.sign-in[open]"), "the sign-in")
        page.js("document.querySelector('dialog [name=operator]').value = ''")  # who tried before
        self.fields(page, operator=name, **({} if pin is None else {"pin": pin}))
        page.click("dialog button[type=submit]")
