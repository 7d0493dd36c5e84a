"""What people do at the board: signing in, orders, scanners, commissioning. Before a station that plays fixed
states (mock_station.py)."""

import time

import browser
import mock_station as mock
from mocked_board import MockedTest
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.keys import Keys


class People(MockedTest):
    expected_on_console = ("status of 401", "status of 403", "status of 409")

    def test_stop_all_is_asked_twice_and_no_means_no(self):
        station = self.station()
        for where in ("#/line", "#/slot/1-1.1", "#/job", "#/units", "#/health", "#/commissioning"):
            page = self.board(where)
            self.press(page, "Stop all")
            page.wait(lambda: page.all("dialog.stop[open]"), "the question")
            self.press(page, "No, go on", "dialog")
            page.wait(lambda: not page.all("dialog"), "the end of the question")
        self.assertEqual(station.posts, [])
        self.press(page, "Stop all")
        self.press(page, "Stop at a safe point", "dialog")
        self.sign_in(page, "li")
        page.wait(lambda: station.posts[-1:] == [("/api/line/stop", {"kind": "safe"})], "the stop")
        self.go(page, "#/line")
        page.wait(lambda: page.texts(".call-word") == ["Stopped"], "the line is stopped")
        self.press(page, "Go on", ".call")
        page.wait(lambda: station.posts[-1:] == [("/api/line/resume", {})], "it goes on")
        page.wait(lambda: page.texts(".call-word") != ["Stopped"], "the line runs")

    def test_a_supervisor_lets_the_line_work_without_an_order(self):
        station = self.station()
        station.can.append("without-order")
        page = self.board()
        station.tell(line={"job": None, "order_wanted": True})
        page.wait(lambda: page.texts(".call-word") == ["No order yet"], "no order")
        self.press(page, "Work without an order", ".call")
        self.press(page, "Work without an order", "dialog")
        self.sign_in(page, "wang")
        page.wait(lambda: station.posts[-1:] == [("/api/line/without-order", {})], "the word of the supervisor")
        page.wait(lambda: page.texts(".call-word") != ["No order yet"], "the line works")

    def test_a_name_that_signed_in_here_is_a_button_and_no_other_name_is_told(self):
        self.station(pins={"li": ("1234", "operator"), "wang": ("9876", "supervisor")})
        page = self.board()
        self.press(page, "Sign in", "#refused")
        page.wait(lambda: page.all("dialog.sign-in[open]"), "the sign-in")
        self.assertEqual(page.all("dialog .names button"), [])
        self.assertNotIn("wang", page.js("return document.querySelector('dialog').innerHTML"))
        self.sign_in(page, "li", "1234")
        page.wait(lambda: page.texts(".who") == ["li"], "li")
        page.click(".who")
        self.press(page, "Sign out", "dialog")
        page.wait(lambda: page.all("#refused"), "the lock")
        self.press(page, "Sign in", "#refused")
        page.wait(lambda: page.texts("dialog .names button") == ["li"], "a button with the name")
        page.js("document.querySelector('dialog [name=operator]').value = ''")
        self.press(page, "li", "dialog .names")
        self.fields(page, pin="1234")
        page.click("dialog button[type=submit]")
        page.wait(lambda: page.texts(".who") == ["li"], "li again")

    def test_pause_and_go_on(self):
        station = self.station()
        page = self.board()
        page.wait(lambda: page.texts(".pause") == ["Pause"], "the button")
        page.click(".pause")
        self.sign_in(page, "li")
        page.wait(lambda: page.texts(".call-word") == ["Paused"] and page.texts(".pause") == ["Go on"], "the pause")
        self.assertEqual(self.tile(page, "A1")["text"], ["A1"])
        page.click(".pause")
        self.wait_tile(page, "A1", "Plug in")
        self.assertEqual([path for path, _ in station.posts], ["/api/session", "/api/line/pause", "/api/line/resume"])

    def test_a_wrong_pin_is_refused_and_a_right_one_shows_the_line(self):
        self.station(pins={"li": ("1234", "operator"), "wang": ("9876", "supervisor")})
        page = self.board()
        page.wait(lambda: "Sign in to see the line." in "".join(page.texts("#refused")), "the lock")
        self.assertEqual(page.all(".tile"), [])
        self.press(page, "Sign in", "#refused")
        self.sign_in(page, "li", "0000")
        page.wait(lambda: page.texts("dialog .form-error") == ["Wrong name or PIN."], "the refusal")
        self.assertEqual(page.find("dialog [name=pin]").get_attribute("value"), "")
        self.sign_in(page, "li", "1234")
        page.wait(lambda: len(page.all(".tile")) == 8, "the line")
        self.assertEqual(page.texts(".who"), ["li"])
        page.click(".who")
        self.press(page, "Sign out", "dialog")
        page.wait(lambda: page.all("#refused"), "the lock again")

    def test_an_operator_is_asked_for_a_supervisor_where_it_takes_one(self):
        station = self.station(pins={"li": ("1234", "operator"), "wang": ("9876", "supervisor")})
        station.session = ("li", "operator")
        station.slot("A3").update(state="quarantined", reason="4 of 5 units failed here")
        page = self.board("#/slot/1-1.3")
        self.press(page, "Open the slot again")
        self.press(page, "Open the slot again", "dialog")
        page.wait(lambda: "This needs a supervisor. Sign in as one." in page.texts("dialog p"), "the question")
        self.sign_in(page, "li", "1234")
        page.wait(lambda: page.texts("dialog .form-error") == ["Only a supervisor may do this."], "the refusal")
        self.assertNotIn("/api/slots/1-1.3/release", [path for path, _ in station.posts])
        self.sign_in(page, "wang", "9876")
        page.wait(lambda: station.slot("A3")["state"] == "empty", "the release")
        page.wait(lambda: page.texts(".now-act") == ["Plug in"], "an empty slot")

    def test_an_order_from_the_form_to_its_certificate(self):
        station = self.station()
        page = self.board()
        self.go(page, "#/job")
        page.wait(lambda: page.all("#field-order"), "the form")
        self.fields(page, order="ORD-1", quantity=8, lot="L-1")
        page.js("document.querySelector('[name=valid_until]').value = '2999-01-01T06:00'")
        self.press(page, "Start this order")
        self.sign_in(page, "wang")
        page.wait(lambda: "Still to make · ORD-1" in page.texts(".figure-name"), "the order on the line")
        self.assertEqual(station.posts[1], ("/api/jobs", {"order": "ORD-1", "recipe": "photon-0.4.3-tinker", "lot": "L-1", "quantity": 8,
                                                             "valid_until": page.js("return new Date(2999, 0, 1, 6).toISOString()")}))
        one = station.jobs[0]
        one.update(made=8, left=0)
        station.tell(line={"job": one})
        self.press(page, "Close the order", ".call")
        self.press(page, "Close order", "main")
        self.press(page, "Close order", "dialog")
        page.wait(lambda: any("flashline certificate 1" in text for text in page.texts(".paper")), "the certificate")
        links = page.js("return [...document.querySelectorAll('.certificate a')].map(a => a.getAttribute('href'))")
        self.assertEqual(links, ["/api/jobs/job-ORD-1/" + name for name in ("certificate.html", "certificate", "certificate.minisig")])

    def test_a_refusal_is_said_in_the_persons_words(self):
        station = self.station()
        station.session = ("li", "operator")
        station.refuse["/api/line/pause"] = (503, {"error": "records-unavailable", "message": "disk full", "remedy": "Free some space."})
        self.expected_on_console = ("status of 503",)
        page = self.board()
        page.wait(lambda: page.all(".pause"), "the button")
        page.click(".pause")
        page.wait(lambda: any("The record cannot be written. Call a supervisor." in t and "disk full" in t for t in page.notes()), "the refusal")


class Scanner(MockedTest):
    def test_an_order_code_is_heard_on_any_screen(self):
        station = self.station()
        station.jobs = [mock.job("ORD-77")]
        for where in ("#/line", "#/units", "#/health", "#/slot/1-1.1"):
            page = self.board(where)
            page.wait(lambda: page.all("h1"), where)
            page.js("document.activeElement.blur()")
            self.scan("ORD-77")
            page.wait(lambda: page.js("return location.hash") == "#/job/job-ORD-77", f"the order, from {where}")

    def test_a_scan_presses_no_button_that_has_the_focus(self):
        station = self.station()
        station.session = ("li", "operator")
        page = self.board()
        page.wait(lambda: page.all(".pause"), "the button")
        page.js("document.querySelector('.pause').focus()")
        self.scan("SN 4 711")
        page.wait(lambda: page.js("return decodeURIComponent(location.hash)") == "#/units/find/SN 4 711", "the search")
        self.assertEqual(station.posts, [])

    def test_frames_around_a_scan_are_no_part_of_it(self):
        for frames in (("STX", "SN-7", "ETX", "Enter"), ("STX", "SN-7", "ETX"), ("STX", "SN-7", "Enter"), ("SN-7", "ETX", "Enter")):
            station = self.station()
            station.session = ("li", "operator")
            page = self.board()
            page.wait(lambda: page.all(".pause"), "the button")
            page.js("document.querySelector('.pause').focus()")
            self.scan(*frames)
            page.wait(lambda: page.js("return decodeURIComponent(location.hash)") == "#/units/find/SN-7", f"the search, by {frames}")
            self.assertEqual(station.posts, [], f"{frames} pressed a button")

    def test_a_person_who_copies_a_text_scans_nothing(self):
        self.station()
        page = self.board()
        page.wait(lambda: page.all(".tile"), "tiles")
        self.scan("ETX", "Enter")
        time.sleep(.3)
        self.assertEqual(page.js("return location.hash"), "#/line")

    def test_a_field_keeps_what_is_typed_or_scanned_into_it(self):
        self.station()
        page = self.board("#/job")
        page.wait(lambda: page.all("#field-product"), "the form")
        page.click("#field-product")
        ActionChains(self.driver, duration=0).send_keys("Photon-1").perform()
        self.assertEqual(page.find("#field-product").get_attribute("value"), "Photon-1")
        self.assertEqual(page.js("return location.hash"), "#/job")

    def test_slow_typing_is_no_scan(self):
        self.station()
        page = self.board()
        for key in "ORD1":
            ActionChains(self.driver, duration=0).send_keys(key).perform()
            time.sleep(.12)
        ActionChains(self.driver, duration=0).send_keys(Keys.ENTER).perform()
        time.sleep(.3)
        self.assertEqual(page.js("return location.hash"), "#/line")

    def test_slot_and_unit_are_paired_by_two_scans_in_either_order(self):
        station = self.station()
        station.session = ("li", "operator")
        mock.verdict(station.slot("A3"), "passed")
        mock.verdict(station.slot("A4"), "passed")
        page = self.board()
        page.wait(lambda: page.all(".tile"), "tiles")
        self.scan("A3")
        page.wait(lambda: any("now scan the unit's label" in t for t in page.notes()), "the second question")
        self.scan("SN-1001")
        page.wait(lambda: station.posts == [("/api/labels", {"label": "SN-1001", "slot": "1-1.3"})], "the pair")
        page.wait(lambda: any("SN-1001 belongs to the unit in A3" in t for t in page.notes()), "the answer")
        self.scan("SN-1002")
        self.press(page, "The unit is in a slot", "main")
        self.scan("1-1.4")
        page.wait(lambda: station.posts[-1:] == [("/api/labels", {"label": "SN-1002", "slot": "1-1.4"})], "the other pair")

    def test_a_new_order_code_begins_an_order(self):
        self.station()
        page = self.board("#/job")
        page.wait(lambda: page.all("#field-order"), "the form")
        page.js("document.activeElement.blur()")
        self.scan("ORD-9000")
        page.wait(lambda: page.find("#field-order").get_attribute("value") == "ORD-9000", "the order's number")
        self.assertEqual(page.js("return document.activeElement.id"), "field-quantity")


class Sockets(MockedTest):
    CHANGED = [{"label": f"A{n}", "was": f"1-1.{n}", "is": f"1-3.{n}" if n < 3 else None} for n in range(1, 8)]

    def alarm(self, station, changed):
        station.commissioning["changed"] = changed
        station.tell(line={"changed_slots": len(changed)})

    def test_a_lesson_is_walked_with_the_keyboard_alone_and_disturbs_nobody_who_types(self):
        station = self.station()
        station.session = ("wang", "supervisor")
        page = self.board("#/commissioning")
        page.wait(lambda: page.all("main .button.strong"), "the beginning")
        page.js("document.querySelector('main .button.strong').focus()")
        self.keys(Keys.ENTER)
        page.wait(lambda: page.js("return document.activeElement.closest('dialog') !== null"), "the question")
        self.keys(Keys.ENTER)
        page.wait(lambda: page.texts(".guide-label") == ["A1"], "the first socket")
        station.plug_socket("1-1.2")
        page.wait(lambda: page.texts(".guide-label") == ["A2"], "the next one")
        page.js("document.querySelector('[name=to]').focus()")
        self.keys("B")
        station.plug_socket("1-1.1")
        page.wait(lambda: page.texts(".guide-label") == ["A3"], "the third one")
        self.keys("1", Keys.ENTER)
        page.wait(lambda: page.texts(".guide-label") == ["B1"], "the socket that was asked for")
        self.assertEqual(page.js("return document.activeElement.name"), "to")
        station.plug_socket("1-1.2")
        page.wait(lambda: any("A1 again" in text for text in page.texts(".guide-news")), "that it came twice")
        self.assertEqual(page.js("return document.querySelector('.socket[data-twice]').dataset.port"), "1-1.2")
        self.assertEqual(page.js("return [...document.querySelectorAll('.socket[data-learned]')].map(e => e.dataset.port).sort().join()"), "1-1.1,1-1.2")
        page.wait(lambda: page.js("return import('/sound.js').then(sound => sound.played.join())") == "learned,learned,twice", "what was heard")
        self.assertEqual(station.posts[-1], ("/api/commissioning/skip", {"to": "B1"}))
        self.press(page, "A2 was the wrong socket", "main")
        page.wait(lambda: page.texts(".guide-label") == ["A2"], "the question for it again")
        self.assertEqual(page.js("return [...document.querySelectorAll('.socket[data-learned]')].map(e => e.dataset.port).join()"), "1-1.2")

    def keys(self, *keys):
        ActionChains(self.driver, duration=0).send_keys(*keys).perform()

    def test_the_line_says_that_the_station_is_being_set_up(self):
        station = self.station()
        station.state["line"]["state"] = "commissioning"
        station.slot("A1").update(state="foreign", present=True)
        station.slot("A2").update(state="skipped", reason="Cable is bad", skipped_by="board")
        page = self.board()
        page.wait(lambda: page.texts(".call-word") == ["Being set up"], "the call")
        self.assertEqual(self.tile(page, "A1")["text"], ["A1", "A unit is here"])
        self.assertTrue(page.js("return document.querySelector('.pause').disabled"))
        station.slot("A1").update(missed=True)
        station.tell(station.slot("A1"), line={"state": "running"})
        self.wait_tile(page, "A1", "Plug in again", "Unplug")
        page.wait(lambda: page.texts(".call-word") == ["Unplug 1"], "what to do about it")

    def test_a_station_without_a_file_says_where_names_would_go(self):
        station = self.station()
        station.commissioning["station_file"] = None
        page = self.board("#/commissioning")
        page.wait(lambda: "There is no station file to keep the names in" in page.texts("main strong"), "the reason")
        self.assertIn("flashline run … --station line.toml", page.texts("main pre"))
        self.assertEqual(page.texts("main .button"), [])

    def test_sockets_that_were_moved_are_an_alarm_until_somebody_has_seen_it(self):
        station = self.station()
        page = self.board()
        page.wait(lambda: page.all(".tile"), "tiles")
        self.alarm(station, self.CHANGED)
        page.wait(lambda: any("7 sockets are not where they were" in t for t in page.texts("#changed")), "the alarm")
        said = page.texts("#changed")[0]
        self.assertIn("A1: was 1-1.1, now 1-3.1.", said)
        self.assertIn("A3: was 1-1.3, not found.", said)
        self.assertIn("Put it back, or name the sockets again.", said)
        page.wait(lambda: page.js("return import('/sound.js').then(sound => sound.played.join())") == "alarm", "what was heard")
        self.go(page, "#/health")
        page.wait(lambda: len(page.all(".changes tbody tr")) == 7, "the list")
        self.press(page, "I have seen it", "#changed")
        page.wait(lambda: not page.all("#changed"), "the end of the alarm")
        self.driver.refresh()
        page.wait(lambda: len(page.all(".changes tbody tr")) == 7, "the list, still")
        self.assertEqual(page.all("#changed"), [])
        self.alarm(station, self.CHANGED[:2])
        page.wait(lambda: any("2 sockets are not" in t for t in page.texts("#changed")), "another change is another alarm")
        self.alarm(station, [])
        page.wait(lambda: not page.all("#changed"), "the end")


if __name__ == "__main__":
    browser.main()
