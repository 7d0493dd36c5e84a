"""The board against `flashline run` with a virtual line: units are plugged and pulled by a hand from outside, and what
people see, hear and press is the real thing, up to the record."""

import json
import os
import pathlib
import queue
import signal
import socket
import subprocess
import threading
import time

import browser
from board_browser import BoardTest
from selenium.webdriver.support.ui import Select

HUBS, PORTS = 2, 4


class Station:
    """`flashline run` with eight sockets A1..A4, B1..B4, all of them empty at first. `faults`: (kind, at, times) of every
    unit that comes to a port."""

    def __init__(self, folder, *arguments, speed=20, faults=None, people=None, before=(), generation=12, insert_after=0.5):
        self.folder = pathlib.Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        self.build = pathlib.Path(browser.setting("FLASHLINE_BUILD_DIR"))
        self.arguments = arguments
        self.port = 0
        places = [(hub, port) for hub in range(1, HUBS + 1) for port in range(1, PORTS + 1)]
        line = f'[line]\nspeed = {speed}\ncontrol = "line.ctl"\n'
        line += "".join(f'[[hub]]\nport = "1-{hub}"\nports = {PORTS}\n' for hub in range(1, HUBS + 1))
        for hub, port in places:
            line += f'[[unit]]\nport = "1-{hub}.{port}"\ngeneration = {generation}\nstarts = "absent"\n'
            for kind, at, times in (faults or {}).get(f"1-{hub}.{port}", []):
                line += f'[[unit.fault]]\nkind = "{kind}"\nat = "{at}"\ntimes = {times}\n'
        (self.folder / "line.toml").write_text(line)
        slots = "".join(f'[[slot]]\nport = "1-{hub}.{port}"\nlabel = "{"AB"[hub - 1]}{port}"\n' for hub, port in places)
        (self.folder / "station.toml").write_text(f'name = "line-3"\ninsert_after = {insert_after}\n' + slots)
        for name, (pin, role) in (people or {}).items():
            self.ask("operator", "add", name, "--role", role, said=pin + "\n")
        for command in before:
            self.ask(*command)
        self.start()

    def start(self):
        self.program = subprocess.Popen(
            [self.build / "station" / "flashline", "run", self.build / "config" / "examples" / "photon.toml",
             "--line", "line.toml", "--station", "station.toml", "--db", "flashline.db", "--json",
             "--board", f"127.0.0.1:{self.port}", *self.arguments],
            cwd=self.folder, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        self.events = queue.Queue()
        self.board = queue.Queue()
        self.reader = threading.Thread(target=self._read, args=(self.program.stdout,), daemon=True)
        self.reader.start()
        self.url = self.board.get(timeout=browser.PATIENCE).rstrip("/")
        self.port = int(self.url.rsplit(":", 1)[1])

    def _read(self, stream):
        for line in stream:
            event = json.loads(line)
            self.events.put(event)
            if event.get("board"):
                self.board.put(event["board"])

    def hand(self, command):
        end = time.monotonic() + browser.PATIENCE
        while True:
            with socket.socket(socket.AF_UNIX) as line:
                try:
                    line.connect(str(self.folder / "line.ctl"))
                    line.sendall(command.encode() + b"\n")
                    answer = line.makefile().readline().strip()
                    break
                except OSError:
                    if time.monotonic() > end:
                        raise
                    time.sleep(.05)
        if answer != "ok":
            raise AssertionError(f"{command}: {answer}")

    def stop(self, how=signal.SIGTERM):
        if self.program.poll() is None:
            self.program.send_signal(how)
        try:
            self.program.wait(browser.PATIENCE)
        except subprocess.TimeoutExpired:
            self.program.kill()
            self.program.wait()
        self.reader.join()
        self.program.stdout.close()
        return self.program.returncode

    def ask(self, *command, said=""):
        """Another flashline about the same record."""
        ran = subprocess.run([self.build / "station" / "flashline", *command, "--db", self.folder / "flashline.db"],
                             input=said, capture_output=True, text=True, check=False)
        if ran.returncode != 0:
            raise AssertionError(f"{command}: exit status {ran.returncode}\n{ran.stdout}{ran.stderr}")
        return ran.stdout


class RealTest(BoardTest):
    def station(self, *arguments, **options):
        name = self.id().rsplit(".", 1)[1]
        folder = self.folder / str(abs(hash(name)) % 10000)  # a socket's path must be short
        station = Station(folder, *arguments, **options)
        self.addCleanup(station.stop)
        self.url = station.url
        return station

    def attempts(self, station):
        return json.loads(station.ask("report", "--format", "json"))["attempts"]


class AUnitsDay(RealTest):
    def test_plug_flash_pass_unplug_next(self):
        station = self.station(speed=4)
        page = self.board()
        self.wait_tile(page, "A2", "Plug in")
        station.hand("fresh 1-1.2")
        page.wait(lambda: self.tile(page, "A2")["tone"] == "busy", "work")
        self.wait_tile(page, "A2", "PASS", "Unplug")
        self.assertEqual(page.texts(".call-word"), ["Unplug 1"])
        station.hand("pull 1-1.2")
        self.wait_tile(page, "A2", "PASS", "Plug in next")
        page.wait(lambda: page.js("return document.querySelector('.figure-value').textContent") == "1", "the count")
        station.hand("fresh 1-1.2")
        page.wait(lambda: self.tile(page, "A2")["tone"] == "busy", "work")
        self.wait_tile(page, "A2", "PASS", "Unplug")
        self.assertEqual([one["outcome"] for one in self.attempts(station)], ["passed", "passed"])

    def test_a_faulty_unit_fails_with_what_to_do(self):
        station = self.station(faults={"1-1.1": [("corrupt", "address:0x08061000", 9)]})
        page = self.board()
        self.wait_tile(page, "A1", "Plug in")
        station.hand("fresh 1-1.1")
        self.wait_tile(page, "A1", "FAIL", "Set aside", "Wrong data in memory")
        self.go(page, "#/slot/1-1.1")
        page.wait(lambda: page.texts(".story-what") == ["Wrong data in memory."], "what happened")
        page.wait(lambda: len(page.all(".slot-more tbody tr")) == 2, "both tries in the slot's history")
        page.wait(lambda: page.texts(".step[data-state=failed] .step-name"), "the step that failed")

    def test_a_unit_pulled_too_early_is_told_so_and_passes_when_it_comes_back(self):
        station = self.station(speed=3)
        page = self.board()
        self.wait_tile(page, "B1", "Plug in")
        station.hand("fresh 1-2.1")
        self.wait_tile(page, "B1", "Writing")
        station.hand("pull 1-2.1")
        self.wait_tile(page, "B1", "Unplugged too early", "Plug it back in")
        station.hand("plug 1-2.1")
        self.wait_tile(page, "B1", "PASS", "Unplug")

    def test_eight_at_once_are_all_shown_and_counted(self):
        station = self.station(speed=5)
        page = self.board(width=1920, height=1080)
        for hub in (1, 2):
            for port in range(1, PORTS + 1):
                station.hand(f"fresh 1-{hub}.{port}")
        page.wait(lambda: page.js("return document.querySelectorAll('.tile[data-tone=busy]').length") == 8, "eight in work")
        page.wait(lambda: page.texts(".call-word") == ["Unplug 8"], "eight results")
        page.wait(lambda: page.js("return document.querySelector('.figure-value').textContent") == "8", "the count")
        page.picture("board-real-8")

    def test_a_reload_during_a_run_shows_the_line_as_it_is(self):
        station = self.station(speed=.5)
        page = self.board()
        self.wait_tile(page, "A1", "Plug in")
        station.hand("fresh 1-1.1")
        self.wait_tile(page, "A1", "Writing")
        self.driver.refresh()
        page.wait(lambda: (self.tile(page, "A1") or {}).get("tone") == "busy", "the unit in work")
        self.wait_tile(page, "A1", "PASS", "Unplug")

    def test_the_language_is_switched_while_units_are_in_work(self):
        station = self.station(speed=3)
        page = self.board()
        self.wait_tile(page, "A1", "Plug in")
        station.hand("fresh 1-1.1")
        page.wait(lambda: self.tile(page, "A1")["tone"] == "busy", "work")
        Select(page.find("select.tool")).select_by_value("zh-CN")
        self.wait_tile(page, "A1", "合格", "请拔下")


class People(RealTest):
    expected_on_console = ("status of 401", "status of 403", "status of 429")
    PEOPLE = {"li": ("1234", "operator"), "wang": ("98765", "supervisor")}

    def test_pause_holds_units_back_until_somebody_goes_on(self):
        station = self.station()
        page = self.board()
        page.wait(lambda: page.texts(".pause") == ["Pause"], "the button")
        page.click(".pause")
        self.sign_in(page, "li")
        page.wait(lambda: page.texts(".call-word") == ["Paused"], "the pause")
        station.hand("fresh 1-1.1")
        self.wait_tile(page, "A1", "Waiting", "Line is paused")
        page.click(".pause")
        self.wait_tile(page, "A1", "PASS", "Unplug")

    def test_stop_all_stops_the_work_and_the_page_lets_it_go_on(self):
        station = self.station()
        page = self.board()
        self.wait_tile(page, "A1", "Plug in")
        self.press(page, "Stop all")
        self.press(page, "Stop at a safe point", "dialog")
        self.sign_in(page, "li")
        page.wait(lambda: page.texts(".call-word") == ["Stopped"], "the stop")
        station.hand("fresh 1-1.1")
        self.wait_tile(page, "A1", "Waiting", "Line is paused")
        self.assertIsNone(station.program.poll(), "the station stays on")
        self.press(page, "Go on", ".call")
        self.wait_tile(page, "A1", "PASS", "Unplug")

    def test_a_pin_is_asked_for_and_wrong_ones_are_refused(self):
        self.station(people=self.PEOPLE)
        page = self.board()
        self.press(page, "Sign in", "#refused")
        self.sign_in(page, "li", "0000")
        page.wait(lambda: page.texts("dialog .form-error") == ["Wrong name or PIN."], "the refusal")
        self.assertEqual(page.all(".tile"), [], "the line is out of sight")
        self.sign_in(page, "li", "1234")
        page.wait(lambda: page.texts(".pause") == ["Pause"], "the button")
        page.click(".pause")
        page.wait(lambda: page.texts(".call-word") == ["Paused"], "the pause")
        self.assertEqual(page.texts(".who"), ["li"])
        self.driver.refresh()
        page.wait(lambda: page.texts(".who") == ["li"], "li after a reload")

    def test_guessing_a_pin_is_slowed_down(self):
        self.station(people=self.PEOPLE)
        page = self.board()
        page.click(".who")
        for _ in range(12):
            page.wait(lambda: page.all("dialog [name=pin]") and not page.find("dialog [name=pin]").get_attribute("value"), "an empty field")
            self.sign_in(page, "li", "0000")
            page.wait(lambda: page.texts("dialog .form-error") != [], "a refusal")
            if page.texts("dialog .form-error") == ["Too many wrong PINs. Wait a minute."]:
                return
        self.fail("twelve PINs were tried")


class Orders(RealTest):
    expected_on_console = ("status of 401", "status of 403", "status of 409")

    def test_from_an_empty_station_to_the_first_certificate_with_nothing_but_the_page(self):
        station = self.station()
        page = self.board("#/job")
        page.wait(lambda: page.all("#field-order"), "the form")
        self.fields(page, order="ORD-1", quantity=2, lot="L-7")
        self.press(page, "Start this order", "main")
        self.sign_in(page, "wang")
        page.wait(lambda: "Still to make · ORD-1" in page.texts(".figure-name"), "the order on the line")
        station.hand("fresh 1-1.1")
        self.wait_tile(page, "A1", "PASS", "Unplug")
        page.wait(lambda: page.texts(".figure-job .figure-value") == ["1"], "one left to make")
        station.hand("fresh 1-1.2")
        self.wait_tile(page, "A2", "PASS", "Unplug")
        station.hand("pull 1-1.1")
        station.hand("pull 1-1.2")
        page.wait(lambda: page.texts(".call-word") == ["Order complete"], "the end of the order")
        self.press(page, "Close the order", "main")
        self.press(page, "Close order", "main")
        self.press(page, "Close order", "dialog")
        page.wait(lambda: any("made: 2" in text for text in page.texts(".paper")), "the certificate")
        self.assertEqual(len([line for line in page.texts(".paper")[0].splitlines() if line.startswith("unit: passed")]), 2)
        self.go(page, "#/line")
        page.wait(lambda: page.texts(".call-word") == ["No order yet"], "the question for the next order")
        self.assertIsNone(station.program.poll())

    def test_an_order_that_the_station_was_started_for_is_followed_by_the_next_one(self):
        station = self.station("--job", "ORD-1", before=[("job", "open", "ORD-1", "--quantity", "1"),
                                                         ("job", "open", "ORD-2", "--quantity", "3")])
        page = self.board()
        page.wait(lambda: "Still to make · ORD-1" in page.texts(".figure-name"), "the order on the line")
        station.hand("fresh 1-1.1")
        self.wait_tile(page, "A1", "PASS", "Unplug")
        station.hand("fresh 1-1.2")
        self.wait_tile(page, "A2", "Waiting", "Starts with the next order")
        station.hand("pull 1-1.1")
        page.wait(lambda: page.texts(".call-word") == ["Order complete"], "the end of the order, though a unit waits")
        page.wait(lambda: page.texts(".bound") == ["No unit is started before the next order."], "what the line waits for")
        self.go(page, "#/job")
        self.press(page, "Make this now", "main")
        self.sign_in(page, "li")
        page.wait(lambda: "Still to make · ORD-2" in page.texts(".figure-name"), "the next order on the line")
        self.wait_tile(page, "A2", "PASS", "Unplug")
        page.wait(lambda: page.texts(".figure-job .figure-value") == ["2"], "two left to make")
        self.assertEqual([one["job"] for one in self.attempts(station)], ["ORD-1", "ORD-2"])

    def test_an_order_is_opened_and_closed_on_the_page_and_its_certificate_is_there(self):
        station = self.station()
        page = self.board()
        page.wait(lambda: page.all(".tile"), "tiles")
        page.click("[data-tab=job]")
        page.wait(lambda: page.all("#field-order"), "the form")
        self.fields(page, order="ORD/2", quantity=3, lot="L-7")
        self.press(page, "this order", "main")
        self.sign_in(page, "wang")
        page.wait(lambda: "Still to make · ORD/2" in page.texts(".figure-name"), "the order on the line")
        self.go(page, "#/job/ORD%2F2")
        page.wait(lambda: page.texts(".job-order") == ["ORD/2"], "the order")
        self.press(page, "Close order", "main")
        page.wait(lambda: any("3 units are still missing." in t for t in page.texts("dialog p")), "the warning")
        self.press(page, "Close order", "dialog")
        page.wait(lambda: any("flashline certificate 1" in text for text in page.texts(".paper")), "the certificate")
        page.picture("board-certificate")
        shown = page.texts(".paper")[0]
        self.assertIn("order: ORD/2", shown)
        self.assertIn("made: 0", shown)
        links = page.js("return [...document.querySelectorAll('.certificate a')].map(a => a.href)")
        files = [self.driver.execute_async_script("fetch(arguments[0]).then(a => a.text()).then(arguments[1])", link) for link in links]
        self.assertIn("<h1>ORD/2</h1>", files[0])
        self.assertEqual(files[1].strip(), shown.strip())
        self.assertIn("trusted comment", files[2])
        self.driver.get("about:blank")  # a page that is open misses its station, and says so
        station.stop()
        self.assertIn("ORD/2", station.ask("job", "list"))

    def test_an_operator_does_not_open_an_order(self):
        station = self.station(people=People.PEOPLE)
        page = self.board("#/job")
        self.press(page, "Sign in", "#refused")
        self.sign_in(page, "li", "1234")
        page.wait(lambda: page.all("#field-order"), "the form")
        self.fields(page, order="ORD-6", quantity=1)
        self.press(page, "this order", "main")
        self.sign_in(page, "li", "1234")
        page.wait(lambda: page.texts("dialog .form-error") == ["Only a supervisor may do this."], "the refusal")
        self.press(page, "Cancel", "dialog")
        self.driver.get("about:blank")  # a page that is open misses its station, and says so
        station.stop()
        self.assertNotIn("ORD-6", station.ask("job", "list"))


class Places(RealTest):
    expected_on_console = ("status of 401", "status of 404", "status of 409")

    def test_a_printed_label_is_paired_by_two_scans_and_found_again(self):
        station = self.station()
        page = self.board()
        self.wait_tile(page, "A1", "Plug in")
        station.hand("fresh 1-1.1")
        self.wait_tile(page, "A1", "PASS", "Unplug")
        self.scan("A1")
        page.wait(lambda: any("now scan the unit's label" in t for t in page.notes()), "the second question")
        self.scan("SN-1001")
        self.sign_in(page, "li")
        page.wait(lambda: any("SN-1001 belongs to the unit in A1" in t for t in page.notes()), "the answer")
        page.js("document.activeElement.blur()")
        self.scan("SN-1001")
        page.wait(lambda: page.texts(".job-order") == ["SN-1001"], "the unit")
        page.wait(lambda: any("PASS" in t for t in page.texts("main .chip")), "its verdict")

    def test_health_shows_what_the_station_stands_on(self):
        station = self.station()
        page = self.board()
        self.wait_tile(page, "A1", "Plug in")
        station.hand("fresh 1-1.1")
        self.wait_tile(page, "A1", "PASS", "Unplug")
        self.go(page, "#/health")
        page.wait(lambda: any("GB free" in t for t in page.texts(".state")), "the disk")
        page.wait(lambda: any(t.startswith("A1") for t in page.texts("tbody th")), "the slot")
        page.picture("board-health")


class OutOfUse(RealTest):
    expected_on_console = ("status of 401", "status of 403", "status of 404", "status of 409")

    def take_out(self, page, why="Cable is bad"):
        self.press(page, "Take out of use", "main")
        self.press(page, why, "dialog")

    def test_a_slot_is_taken_out_of_use_and_used_again(self):
        station = self.station(speed=4)
        page = self.board("#/slot/1-1.2")
        page.wait(lambda: page.texts(".now-act") == ["Plug in"], "the empty slot")
        self.take_out(page)
        self.sign_in(page, "wang")
        page.wait(lambda: page.texts(".story-what") == ["This slot is not in use. Cable is bad."], "the reason")
        self.go(page, "#/line")
        self.wait_tile(page, "A2", "Not in use", "Cable is bad")
        tile = self.tile(page, "A2")
        self.assertEqual((tile["tone"], tile["sign"]), ("muted", "#sign-skipped"))
        page.wait(lambda: page.texts(".call-word") == ["Plug in 7"], "seven slots to use")
        station.hand("fresh 1-1.2")
        station.hand("fresh 1-1.1")
        self.wait_tile(page, "A1", "PASS", "Unplug")
        self.wait_tile(page, "A2", "Not in use")
        station.hand("pull 1-1.2")
        self.go(page, "#/slot/1-1.2")
        self.press(page, "Use the slot again", "main")
        page.wait(lambda: page.texts(".now-act") == ["Plug in"], "the empty slot")
        station.hand("fresh 1-1.2")
        self.go(page, "#/line")
        self.wait_tile(page, "A2", "PASS", "Unplug")
        self.assertEqual(sorted(one["slot"] for one in self.attempts(station)), ["A1", "A2"])

    def test_a_unit_in_work_is_finished_first(self):
        station = self.station(speed=2)
        page = self.board("#/slot/1-1.1")
        page.wait(lambda: page.texts(".now-act") == ["Plug in"], "the empty slot")
        station.hand("fresh 1-1.1")
        page.wait(lambda: page.texts(".now-word") == ["Writing"], "work")
        self.take_out(page, "Cleaning")
        self.sign_in(page, "wang")
        page.wait(lambda: any("After this unit the slot is out of use." in t for t in page.texts(".story-do")), "what comes")
        self.go(page, "#/line")
        self.wait_tile(page, "A1", "PASS", "Unplug")
        station.hand("pull 1-1.1")
        self.wait_tile(page, "A1", "Not in use", "Cleaning")

    def test_a_slot_that_the_station_file_skips_says_so_and_cannot_be_opened_here(self):
        station = self.station()
        file = station.folder / "station.toml"
        file.write_text(file.read_text() + '[[slot]]\nport = "1-2.5"\nlabel = "B5"\nskip = true\n')
        station.program.send_signal(signal.SIGHUP)
        page = self.board()
        self.wait_tile(page, "B5", "Not in use", "The station file says: skip")
        self.go(page, "#/slot/1-2.5")
        page.wait(lambda: any("The station file says: skip" in t for t in page.texts(".story-what")), "the reason")
        self.assertEqual(page.texts(".story button"), [])


class ANewFixture(RealTest):
    expected_on_console = ("status of 401", "status of 403", "status of 404", "status of 409")

    def begin(self, page):
        self.press(page, "Name the sockets", "main")
        self.press(page, "Name the sockets", "dialog")

    def test_sockets_get_new_names_while_nothing_is_flashed_and_the_line_works_by_them(self):
        station = self.station(speed=4)
        page = self.board("#/commissioning")
        self.begin(page)
        self.sign_in(page, "wang")
        page.wait(lambda: page.texts(".guide-label") == ["A1"], "the first socket")
        for port, label in (("1-2.4", "A2"), ("1-2.3", "A3")):
            station.hand(f"fresh {port}")
            page.wait(lambda: page.texts(".guide-label") == [label], "the next socket")
        self.press(page, "Leave out A3", "main")
        page.wait(lambda: page.texts(".guide-label") == ["A4"], "the one after it")
        self.go(page, "#/line")
        page.wait(lambda: page.texts(".call-word") == ["Being set up"], "that on the line")
        self.go(page, "#/commissioning")
        self.press(page, "Save the names", "main")
        page.wait(lambda: any("The names are saved." in text for text in page.notes()), "the answer")
        self.go(page, "#/line")
        self.wait_tile(page, "A1", "Plug in again")
        self.assertEqual(page.js("return document.querySelector('[data-port=\"1-2.4\"] .tile-label').textContent"), "A1")
        station.hand("pull 1-2.4")
        self.wait_tile(page, "A1", "Plug in")
        station.hand("fresh 1-2.4")
        self.wait_tile(page, "A1", "PASS", "Unplug")
        self.assertEqual([(one["slot"], one["port"]) for one in self.attempts(station)], [("A1", "1-2.4")])
        self.assertTrue((station.folder / "station.toml").read_text().startswith('name = "line-3"\ninsert_after = 0.5\n'))

    def test_it_is_not_begun_while_a_unit_is_in_work(self):
        station = self.station(speed=.1)
        page = self.board("#/commissioning")
        station.hand("fresh 1-1.1")
        page.wait(lambda: page.js("return import('/live.js').then(m => m.live.slots.get('1-1.1').state)") == "working", "work")
        self.begin(page)
        self.sign_in(page, "wang")
        page.wait(lambda: any("1 unit is in work." in text for text in page.notes()), "the reason")
        self.assertEqual(page.all(".guide"), [])

    def test_a_hub_that_goes_is_an_alarm_until_it_is_back(self):
        station = self.station()
        page = self.board()
        self.wait_tile(page, "A1", "Plug in")
        station.hand("pull 1-1")
        page.wait(lambda: any("4 sockets are not where they were" in t for t in page.texts("#changed")), "the alarm")
        self.go(page, "#/health")
        page.wait(lambda: len(page.all(".changes tbody tr")) == 4, "the list")
        station.hand("plug 1-1")
        page.wait(lambda: not page.all("#changed"), "the end of the alarm")


class ASwappedBoard(RealTest):
    """A board is taken out and another one is put in within a second, which is faster than any debounce."""

    LANGUAGES = {name: json.loads((pathlib.Path(__file__).resolve().parents[2] / "station" / "board" / "www" / "lang" / f"{name}.json").read_text(encoding="utf-8"))
                 for name in ("en", "zh-CN")}
    # What the tile of the port says from now on, each word once it changes.
    WATCH = """
        window.said = [];
        const word = document.querySelector('[data-port="1-1.1"] .tile-word');
        new MutationObserver(() => said.push(word.textContent)).observe(word, {childList: true, characterData: true, subtree: true});
    """

    def swapped(self, language, generation):
        words = self.LANGUAGES[language]
        station = self.station(speed=1, generation=generation, insert_after=2.0)
        page = self.board()
        page.js("localStorage.setItem('flashline.language', arguments[0])", language)
        self.driver.get("about:blank")
        page = self.open(self.url + "/#/line")
        self.wait_tile(page, "A1", words["act.plug"])
        station.hand("fresh 1-1.1")
        self.wait_tile(page, "A1", words["outcome.passed"], words["act.unplug"])
        page.js(self.WATCH)
        station.hand("pull 1-1.1")
        time.sleep(.7)  # a quick hand
        station.hand("fresh 1-1.1")
        page.wait(lambda: words["phase.write"] in page.js("return said"), "the second board is written")
        self.assertNotEqual(self.tile(page, "A1")["tone"], "good", "no verdict of the first board is left")
        self.wait_tile(page, "A1", words["outcome.passed"], words["act.unplug"])
        page.wait(lambda: page.texts(".figure-value")[0] == "2", "two good units")
        page.picture(f"board-swapped-{language}-{generation}")
        self.driver.get("about:blank")
        station.stop()
        attempts = self.attempts(station)
        self.assertEqual([(one["slot"], one["outcome"]) for one in attempts], [("A1", "passed")] * 2)
        self.assertEqual(len({one["visit"] for one in attempts}), 2)
        self.assertTrue(all(step["written_bytes"] > 0 for one in attempts for step in one["steps"]))

    def test_it_is_flashed_again_and_a_person_sees_it(self):
        self.swapped("en", 12)

    def test_it_is_flashed_again_and_a_person_sees_it_in_chinese(self):
        self.swapped("zh-CN", 3)


class ALostStation(RealTest):
    expected_on_console = ("ERR_CONNECTION", "ERR_EMPTY_RESPONSE", "ERR_INCOMPLETE", "ERR_NETWORK")

    def test_a_station_that_ends_and_starts_again_is_shown_again_by_itself(self):
        station = self.station()
        page = self.board()
        self.wait_tile(page, "A1", "Plug in")
        self.assertIn(station.stop(), (0, 130))
        page.wait(lambda: page.all("#offline"), "the banner")
        station.start()
        page.wait(lambda: page.js("return document.body.dataset.link") == "online", "the link")
        self.assertEqual(page.all("#offline"), [])
        station.hand("fresh 1-1.1")
        self.wait_tile(page, "A1", "PASS", "Unplug")

    def test_a_station_that_hangs_counts_as_lost_and_catches_up(self):
        station = self.station()
        page = self.board()
        self.wait_tile(page, "A1", "Plug in")
        os.kill(station.program.pid, signal.SIGSTOP)
        try:
            page.wait(lambda: page.all("#offline"), "the banner")
        finally:
            os.kill(station.program.pid, signal.SIGCONT)
        page.wait(lambda: page.js("return document.body.dataset.link") == "online", "the link")
        station.hand("fresh 1-1.3")
        self.wait_tile(page, "A3", "PASS", "Unplug")


if __name__ == "__main__":
    browser.main()
