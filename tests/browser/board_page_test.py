"""The board's page with a station that plays fixed states (mock_station.py): what it shows, says and sends."""

import json
import pathlib
import time

from board_checks import fault_codes
import browser
import mock_station as mock
from mocked_board import MockedTest
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.ui import Select

WWW = pathlib.Path(mock.WWW)
WORDS = {name: json.loads((WWW / "lang" / f"{name}.json").read_text(encoding="utf-8")) for name in ("en", "zh-CN")}
SIZES = [(1920, 1080), (1366, 768), (1280, 800), (1024, 768), (390, 844)]


class Line(MockedTest):
    def test_each_slot_says_what_to_do_by_colour_sign_and_word(self):
        station = self.station()
        slots = station.slots()
        mock.working(slots[1], .4, "write", left=12.3)
        mock.verdict(slots[2], "passed")
        mock.verdict(slots[3], "failed", "verify-mismatch")
        mock.verdict(slots[4], "error", "access-denied", "station")
        mock.verdict(slots[5], "passed", present=False)
        slots[6].update(state="quarantined", reason="4 of 5 units failed here")
        slots[7].update(state="skipped", reason="Cable is bad", skipped_by="board")
        page = self.board(width=1920, height=1080)
        page.wait(lambda: len(page.all(".tile")) == 8, "eight tiles")
        shown = {label: self.tile(page, label) for label in ("A1", "A2", "A3", "A4", "A5", "A6", "A7", "B1")}
        self.assertEqual(shown["A1"]["text"], ["A1", "Plug in"])
        self.assertEqual(shown["A2"]["text"], ["A2", "Writing", "13 s"])
        self.assertEqual(shown["A3"]["text"], ["A3", "PASS", "Unplug"])
        self.assertEqual(shown["A4"]["text"], ["A4", "FAIL", "Set aside", "Wrong data in memory"])
        self.assertEqual(shown["A5"]["text"], ["A5", "ERROR", "Get help", "Station may not use the unit"])
        self.assertEqual(shown["A6"]["text"], ["A6", "PASS", "Plug in next"])
        self.assertEqual(shown["A7"]["text"], ["A7", "Do not use", "4 of 5 units failed here"])
        self.assertEqual(shown["B1"]["text"], ["B1", "Not in use", "Cable is bad"])
        self.assertEqual(len({s["sign"] for s in shown.values()}), 7)  # both that passed share one
        self.assertEqual([s["loud"] for s in shown.values()], [False, False, True, True, True, False, False, False])
        colours = {page.style(f'.tile[data-port="{p}"]', "background") for p in ("1-1.3", "1-1.4", "1-1.5", "1-1.1")}
        self.assertEqual(len(colours), 4)
        self.assertEqual(page.find(".call-word").text, "Unplug 3")
        self.assertEqual(page.texts(".call-row"), ["2 not passed\nA4  A5", "1 passed\nA3"])

    def test_sixty_four_slots_fill_the_screen_and_none_is_outside(self):
        self.station(64, dressed=True)
        page = self.board(width=1920, height=1080)
        page.wait(lambda: len(page.all(".tile")) == 64, "64 tiles")
        boxes = page.js("return [...document.querySelectorAll('.tile')].map(t => { const b = t.getBoundingClientRect(); return [b.left, b.top, b.right, b.bottom]; })")
        self.assertTrue(all(b[0] >= 0 and b[1] >= 0 and b[2] <= 1920 and b[3] <= 1080 for b in boxes), boxes[-1])
        self.assertGreater(max(b[3] for b in boxes), 900)
        signs = page.js("return Math.min(...[...document.querySelectorAll('.tile-sign')].map(s => s.getBoundingClientRect().width))")
        self.assertGreaterEqual(signs, 30)
        cut = page.js("return [...document.querySelectorAll('.tile-word, .tile-act, .tile-label')].filter(e => e.scrollWidth > e.clientWidth + 1).map(e => e.textContent)")
        self.assertEqual(cut, [])

    def test_a_telephone_scrolls_the_slots_and_keeps_the_totals(self):
        self.station(24, dressed=True)
        page = self.board(width=390, height=844)
        page.wait(lambda: len(page.all(".tile")) == 24, "24 tiles")
        page.js("document.querySelector('main').scrollTop = 99999")
        top = page.js("const y = one => document.querySelector(one).getBoundingClientRect().top; return ['.call', '.figures'].map(one => y(one) - y('main'))")
        self.assertEqual([round(y) for y in top], [0, 76])
        below = page.js("return document.querySelector('.place:last-child .tile').getBoundingClientRect().bottom <= document.querySelector('#tabs').getBoundingClientRect().top")
        self.assertTrue(below)

    def test_an_update_touches_the_tiles_that_changed_and_no_other(self):
        station = self.station(64)
        for slot in station.slots():
            mock.working(slot, .2, left=5)
        page = self.board(width=1920, height=1080)
        page.wait(lambda: len(page.all(".tile")) == 64, "64 tiles")
        page.js("window.touched = new Set(); new MutationObserver(all => all.forEach(m => touched.add((m.target.nodeType === 1 ? m.target : m.target.parentElement)"
                ".closest('[data-port]')?.dataset.port))).observe(document.querySelector('.hubs'), {subtree: true, childList: true, attributes: true, characterData: true})")
        changed = station.slots()[3]
        mock.working(changed, .5, "read", left=3)
        station.tell(changed, *station.slots()[10:20])
        self.wait_tile(page, "A4", "Checking", "3 s")
        self.assertEqual(page.js("return [...touched]"), ["1-1.4"])

    def test_the_last_result_stays_until_the_next_insertion(self):
        station = self.station()
        slot = station.slot("A1")
        mock.verdict(slot, "failed", "verify-mismatch")
        page = self.board()
        self.wait_tile(page, "A1", "FAIL", "Set aside")
        slot.update(present=False, taken_out=True)
        station.tell(slot)
        self.wait_tile(page, "A1", "FAIL", "Plug in next")
        self.assertFalse(self.tile(page, "A1")["loud"])
        mock.working(slot, 0, "survey", left=8)
        slot["visit"] = "another"
        station.tell(slot)
        self.wait_tile(page, "A1", "Reading", "8 s")

    def test_a_verdict_is_heard_and_read_out_once(self):
        station = self.station()
        page = self.board()
        page.find("h1")
        page.js("document.querySelector('main').click()")
        self.driver.execute_cdp_cmd("Input.dispatchKeyEvent", {"type": "keyDown", "key": "Shift"})
        played = lambda: self.driver.execute_async_script("const done = arguments[0]; import('/sound.js').then(m => done([...m.played]))")
        good, bad = station.slot("A1"), station.slot("A2")
        mock.verdict(good, "passed")
        station.tell(good)
        page.wait(lambda: played() == ["passed"], "the sound of a pass")
        station.tell(good)
        mock.verdict(bad, "failed", "io-error", "cable")
        station.tell(bad)
        page.wait(lambda: played() == ["passed", "failed"], "the sound of a fail")
        said = lambda: page.js("return [...document.querySelectorAll('#spoken p')].map(p => p.textContent).join(' ')")
        page.wait(lambda: said() == "A1: PASS. A2: FAIL. Bad connection.", "two sentences")
        station.tell_all()
        time.sleep(1)
        self.assertEqual(said(), "A1: PASS. A2: FAIL. Bad connection.")
        self.assertEqual(played(), ["passed", "failed"])

    def test_an_order_that_is_complete_asks_to_be_closed(self):
        station = self.station()
        one = mock.job(quantity=8, made=8)
        station.jobs = [one]
        station.state["line"]["job"] = one
        page = self.board()
        page.wait(lambda: page.texts(".call-word") == ["Order complete"], "the call")
        self.assertEqual(page.texts(".call .button"), ["Close the order"])
        self.assertEqual(self.tile(page, "A1")["text"], ["A1"])

    def test_a_station_without_anything_to_make_asks_for_an_order(self):
        station = self.station()
        station.state["line"]["recipe"] = None
        for slot in station.slots():
            slot.update(state="skipped", reason="there is no recipe for this slot", skipped_by="no-recipe")
        page = self.board()
        page.wait(lambda: page.texts(".call-word") == ["No order yet"], "the call")
        page.click(".call .button")
        page.wait(lambda: page.all("#field-order"), "the form")

    def test_what_the_station_has_no_answer_to_is_not_offered(self):
        station = self.station()
        station.can = []
        station.jobs = [mock.job()]
        page = self.board()
        page.wait(lambda: page.all(".tile"), "tiles")
        self.assertEqual(page.texts(".top-tab"), ["Line", "Order", "Units", "Health"])
        self.go(page, "#/slot/1-1.1")
        page.wait(lambda: page.texts(".story-what") == ["The slot is empty."], "the slot")
        self.assertEqual(page.texts(".story button"), [])
        self.go(page, "#/job")
        page.wait(lambda: page.texts(".card-title") == ["ORD-2291"], "the order")
        self.assertNotIn("Make this now", page.texts("main button"))
        self.go(page, "#/job/job-ORD-2291")
        page.wait(lambda: any("--job ORD-2291" in t for t in page.texts(".big-text")), "how it is made")

    def test_names_and_remarks_never_become_markup(self):
        station = self.station()
        evil = "<img src=x onerror=\"document.title='hacked'\">"
        slot = station.slots()[0]
        slot.update(label=evil, state="quarantined", reason=evil)
        station.state["station"] = evil
        station.state["line"]["remark"] = evil
        station.jobs = [mock.job(order=evil, product=evil)]
        station.state["line"]["job"] = station.jobs[0]
        station.units = [{**mock.unit_json(1), "label": evil}]
        page = self.board()
        for where in ("#/line", "#/slot/1-1.1", "#/job", "#/units", "#/health", "#/commissioning"):
            self.go(page, where)
            page.wait(lambda: page.all("h1"), where)
            time.sleep(.3)
            self.assertEqual(page.js("return document.querySelectorAll('main img, header img[src=x]').length"), 0, where)
            self.assertNotEqual(page.js("return document.title"), "hacked")


class Link(MockedTest):
    expected_on_console = ("ERR_CONNECTION", "ERR_EMPTY_RESPONSE", "ERR_INCOMPLETE", "ERR_NETWORK")

    def test_a_lost_station_is_loud_and_comes_back_with_the_whole_state(self):
        station = self.station()
        page = self.board()
        page.wait(lambda: page.all(".tile"), "tiles")
        station.cut()
        page.wait(lambda: "No connection to the station" in "".join(page.texts("#offline")), "the banner")
        self.assertIn("grayscale", page.style("main", "filter"))
        mock.verdict(station.slot("A2"), "passed")  # while nobody could see
        station.back()
        page.wait(lambda: page.js("return document.body.dataset.link") == "online", "the link")
        self.wait_tile(page, "A2", "PASS", "Unplug")
        self.assertEqual(page.all("#offline"), [])
        self.assertEqual(page.style("main", "filter"), "none")

    def test_a_station_that_falls_silent_counts_as_lost(self):
        station = self.station()
        page = self.board()
        station.silent = True
        page.wait(lambda: page.all("#offline"), "the banner")
        station.silent = False
        page.wait(lambda: page.js("return document.body.dataset.link") == "online", "the link")

    def test_a_reload_during_a_run_shows_the_same_line(self):
        station = self.station()
        mock.working(station.slot("A1"), .5, left=4)
        mock.verdict(station.slot("A2"), "passed")
        page = self.board()
        before = [self.tile(page, label) for label in ("A1", "A2", "A3")]
        self.driver.refresh()
        page.wait(lambda: page.all(".tile"), "tiles")
        self.assertEqual([self.tile(page, label) for label in ("A1", "A2", "A3")], before)


class Languages(MockedTest):
    def test_the_language_is_switched_on_the_page_and_kept(self):
        station = self.station(dressed=True)
        page = self.board()
        Select(page.find("select.tool")).select_by_value("zh-CN")
        page.wait(lambda: "产线" in page.texts(".top-tab"), "Chinese")
        self.assertEqual(page.js("return document.documentElement.lang"), "zh-CN")
        self.wait_tile(page, "A2", "合格", "请拔下")
        self.driver.refresh()
        page.wait(lambda: "产线" in page.texts(".top-tab"), "Chinese after a reload")
        mock.verdict(station.slot("A1"), "failed", "unit-gone", "cable")
        station.tell(station.slot("A1"))
        self.wait_tile(page, "A1", "不合格", "重插一次", "拔得太早")

    def test_a_third_language_is_a_file_and_says_in_english_what_it_lacks(self):
        station = self.station()
        station.languages["de"] = {"nav.line": "Linie", "act.plug": "Einstecken"}
        page = self.board()
        Select(page.find("select.tool")).select_by_visible_text("Deutsch")
        page.wait(lambda: "Linie" in page.texts(".top-tab") and "Units" in page.texts(".top-tab"), "German, and English for the rest")
        self.wait_tile(page, "A1", "Einstecken")

    def test_every_fault_is_told_in_every_language_with_what_to_do(self):
        station = self.station()
        slot = station.slot("A1")
        mock.verdict(slot, "failed", "stall")
        page = self.board("#/slot/1-1.1")
        for language, words in WORDS.items():
            Select(page.find("select.tool")).select_by_value(language)
            page.wait(lambda: page.js("return document.documentElement.lang") == language, language)
            for code in fault_codes():
                mock.verdict(slot, "failed", code)
                station.tell(slot)
                page.wait(lambda: words["sentence"].format(text=words["fault." + code]) in page.texts(".story-what") and
                          words["fault." + code + ".do"] in page.texts(".story-do"), f"{code} in {language}")


class WhatTheHandDoes(MockedTest):
    """Tile, call and slot page say the same thing, in each language."""

    def in_each_language(self, where="#/line", **options):
        for language, words in WORDS.items():
            page = self.board(where, **options)
            page.js("localStorage.setItem('flashline.language', arguments[0])", language)
            self.driver.get("about:blank")
            page = self.open(self.url + "/" + where, **options)
            page.wait(lambda: page.all(".tile, .now"), "the page")
            with self.subTest(language=language):
                yield page, words

    def test_a_bad_unit_that_was_pulled_is_not_quieter_than_a_good_one(self):
        station = self.station()
        mock.verdict(station.slot("A1"), "failed", "unit-gone", "cable", present=False, taken_out=False)
        mock.verdict(station.slot("A2"), "failed", "verify-mismatch", present=False)
        mock.verdict(station.slot("A3"), "passed", present=False)
        for page, words in self.in_each_language():
            self.wait_tile(page, "A1", words["outcome.failed"], words["act.back"])
            pulled, aside, good = (self.tile(page, label) for label in ("A1", "A2", "A3"))
            self.assertTrue(pulled["loud"], "something is to be done with it")
            self.assertEqual((aside["loud"], good["loud"]), (False, False))
            ground = [page.style(f'[data-port="1-1.{port}"]', "backgroundColor") for port in (2, 3)]
            edge = [int(page.style(f'[data-port="1-1.{port}"]', "borderTopWidth").removesuffix("px")) for port in (2, 3)]
            self.assertNotEqual(ground[0], ground[1])
            self.assertGreater(edge[0], edge[1])
            self.go(page, "#/slot/1-1.1")
            page.wait(lambda: page.texts(".now-act") == [words["act.back"]], "the same on its page")
            page.wait(lambda: page.texts(".story-do") == [words["fault.unit-gone.do"]], "and what to look at")

    def test_a_unit_that_did_not_come_back_is_still_in_the_socket(self):
        station = self.station()
        mock.verdict(station.slot("A1"), "failed", "not-back", present=False, taken_out=False)
        for page, words in self.in_each_language():
            self.wait_tile(page, "A1", words["outcome.failed"], words["act.unplug-again"])
            self.assertTrue(self.tile(page, "A1")["loud"])
            self.assertNotIn(words["act.next"], self.tile(page, "A1")["text"])
            page.wait(lambda: "A1" in page.texts(".call-where")[0], "it is among those to unplug")
            self.go(page, "#/slot/1-1.1")
            page.wait(lambda: page.texts(".now-act") == [words["act.unplug-again"]], "the same on its page")
            self.assertEqual(page.texts(".story-do"), [words["fault.not-back.do"]])

    def test_good_and_bad_units_are_counted_apart_and_no_list_is_cut_without_a_word(self):
        station = self.station(64)
        for i, slot in enumerate(station.slots()):
            mock.verdict(slot, "failed" if i % 8 == 3 else "passed", "verify-mismatch" if i % 8 == 3 else None)
        for width, height in SIZES:
            for page, words in self.in_each_language(width=width, height=height):
                page.wait(lambda: len(page.all(".call-row")) == 2, "two rows")
                bad, good = page.js("return [...document.querySelectorAll('.call-row')].map(row => row.innerText)")
                self.assertIn(words["call.bad"].format(n=8), bad)
                self.assertIn(words["call.good"].format(n=56), good)
                for row, all_of_them in ((bad, 8), (good, 56)):
                    named = len([word for word in row.split() if word[0] in "ABCDEFGHIJ" and word[1:].isdigit()])
                    more = words["call.and-more"].split("}  ")[1].split("{n}")
                    said = [int(word) for word in row.split(more[0])[-1].split() if word.isdigit()] if more[0].strip() in row.split("\n")[-1] else [0]
                    self.assertEqual(named + said[-1], all_of_them, row)
                cut = page.js("return [...document.querySelectorAll('.call-names')].filter(e => e.scrollWidth > e.clientWidth || e.getBoundingClientRect().bottom > document.querySelector('.call').getBoundingClientRect().bottom + 1).length")
                self.assertEqual(cut, 0)

    def test_an_address_that_leads_nowhere_is_said(self):
        self.station()
        page = self.board("#/unit/zzz")
        page.wait(lambda: any("There is no page #/unit/zzz" in text for text in page.texts(".toast")), "the word about it")
        self.assertEqual(page.js("return document.querySelector('main').dataset.screen"), "line")

    def test_a_line_that_stops_counts_only_units_that_are_in_work(self):
        station = self.station()
        page = self.board()
        station.state["line"]["state"] = "stopping"
        station.tell_all()
        page.wait(lambda: page.texts(".call-word") == ["Stopping"], "the stop")
        self.assertIn("No unit is in work.", page.texts(".call")[0])
        mock.working(station.slot("A1"), .5)
        station.tell_all()
        page.wait(lambda: "1 unit is in work. Do not unplug it." in page.texts(".call")[0], "the unit in work")

    def test_units_that_fail_in_a_row_on_one_port_give_a_hint(self):
        station = self.station(64)
        slot = station.slot("A1")
        mock.verdict(slot, "failed", "verify-mismatch")
        slot["failed_in_a_row"] = 5
        for page, words in self.in_each_language():
            hint = words["slot.in-a-row"]["other"].format(n=5)
            self.wait_tile(page, "A1", hint)
            self.go(page, "#/slot/1-1.1")
            page.wait(lambda: hint in page.texts(".story-what")[0], "the hint on its page")

    def test_sockets_of_a_missing_hub_ask_for_nothing(self):
        station = self.station()
        station.state["hubs"][0]["missing"] = True
        for slot in station.state["hubs"][0]["slots"]:
            slot["state"] = "no-hub"
        for page, words in self.in_each_language():
            self.wait_tile(page, "A1", words["slot.no-hub"])
            self.assertEqual(page.texts(".call-names"), ["B1"])
            self.assertEqual(page.texts(".hub-missing"), [words["hub.missing"]])
            self.go(page, "#/slot/1-1.1")
            page.wait(lambda: page.texts(".story-what") == [words["story.no-hub"].format(hub="1-1")], "the reason")

    def test_a_stopped_hub_is_seen_and_goes_on_when_somebody_says_what_was_done(self):
        station = self.station()
        def stop():
            station.posts.clear()
            hub = station.state["hubs"][0]
            hub["trouble"] = {"state": "stopped", "code": "hub-stopped", "values": {"failed": 5, "attempts": 20}}
            for slot in hub["slots"]:
                slot.update(hub_stopped=True, advice="none")
            station.slot("A1").update(state="queued", present=True, waits_for="hub-stopped", advice="wait")
            station.state["line"]["bound"] = {"by": "hub-stopped", "slots": 1, "name": "1-1", "times_slower": 1.0}
            station.tell_all()
        stop()
        for page, words in self.in_each_language():
            stop()
            self.wait_tile(page, "A1", words["slot.queued"], words["slot.queued.hub"])
            self.wait_tile(page, "A2", words["slot.queued.hub"])
            page.wait(lambda: page.texts(".trouble p") == [words["note.hub-stopped"].format(failed=5, attempts=20)], "why")
            bounds = words["bound.hub-stopped"]
            page.wait(lambda: page.texts(".bound") == [bounds.get("one", bounds["other"]).format(n=1, name="1-1")], "what bounds the line")
            self.assertEqual(page.texts(".call-names"), ["B1"])
            self.press(page, words["hub.release"])
            self.press(page, words["hub.reason.cable"], "dialog")
            if page.all("dialog #field-operator"):
                self.sign_in(page, "li")
            page.wait(lambda: page.all(".trouble") == [], "the hub goes on")
            self.assertIn(("/api/hubs/1-1/release", {"reason": WORDS["en"]["hub.reason.cable"]}), station.posts)

    def test_steps_after_a_failure_are_not_reached(self):
        station = self.station()
        mock.verdict(station.slot("A1"), "failed", "write-failed")
        station.slot("A1")["last"]["fault"]["step"] = "system-part1"
        for page, words in self.in_each_language("#/slot/1-1.1"):
            page.wait(lambda: len(page.all(".step")) == 3, "three steps")
            self.assertEqual(page.texts(".step-state"), [words["step.failed"], words["step.not-reached"], words["step.not-reached"]])
            self.assertEqual(page.js("return [...document.querySelectorAll('.step use')].map(e => e.getAttribute('href'))"), ["#sign-failed", "#sign-skipped", "#sign-skipped"])

    def test_what_the_station_notes_is_said_in_the_language_of_the_page(self):
        station = self.station()
        values = {"count": 3, "limit": 3, "units": 40, "failed": 5, "attempts": 20, "ports": 3, "others_failed": 1, "others_units": 60,
                  "others_attempts": 60, "fault": "verify-mismatch", "rung": "USB reset", "seconds": "2.5", "port": "1-1.4", "name": "A4",
                  "there": "A2", "here": "A3", "order": "ORD-1", "until": "12:00"}
        codes = [key.removeprefix("note.") for key in WORDS["en"] if key.startswith("note.") and key != "note.where"]
        for page, words in self.in_each_language(width=1920, height=1080):
            seen = set()
            for code in codes:
                station.tell(line={"remark": "English for the console", "note": {"code": code, "about": "1-1.1", "slot": "A1", "values": values}})
                page.wait(lambda: page.texts(".remark") and page.texts(".remark")[0] not in seen | {"", "English for the console"}, code)
                said = page.texts(".remark")[0]
                self.assertTrue(said.startswith("A1"), said)
                self.assertNotRegex(said, r"[{}]|undefined|verify-mismatch|USB reset" if words is WORDS["zh-CN"] else r"[{}]|undefined|verify-mismatch")
                seen.add(said)

    def test_a_reason_that_was_chosen_is_said_in_each_language(self):
        station = self.station()
        station.slot("A1").update(state="skipped", reason="Cable is bad", skipped_by="board")
        station.slot("A2").update(state="skipped", reason="自己写的", skipped_by="board")
        for page, words in self.in_each_language():
            self.wait_tile(page, "A1", words["skip.reason.cable"])
            self.wait_tile(page, "A2", "自己写的")


class Everywhere(MockedTest):
    """What holds on each screen in each size and language."""

    SCREENS = ("#/line", "#/slot/1-1.4", "#/slot/1-3.2", "#/job", "#/job/job-ORD-2280", "#/units", "#/units/find/nothing", "#/units/unit-3", "#/health", "#/commissioning")

    def test_nothing_is_pushed_sideways_and_everything_can_be_pressed_and_has_a_name(self):
        self.station(24, dressed=True)
        page = self.board()
        for language in WORDS:
            page.js("localStorage.setItem('flashline.language', arguments[0])", language)
            for width, height in SIZES:
                page = self.open(self.url + "/", width=width, height=height)
                for where in self.SCREENS:
                    with self.subTest(language=language, width=width, where=where):
                        self.go(page, where)
                        page.wait(lambda: page.js("return document.querySelector('main .screen') && !document.querySelector('main').textContent.includes('undefined')"), where)
                        time.sleep(.25)
                        wide = page.js("const m = document.querySelector('main'); return [document.documentElement.scrollWidth, m.scrollWidth - m.clientWidth]")
                        self.assertLessEqual(wide[0], width)
                        self.assertEqual(wide[1], 0)
                        outside = page.js("return [...document.querySelectorAll('header *, .summary *, .panel > *, #tabs *')].filter(e => e.getClientRects().length && !e.closest('svg, .table-room, .call-where, .remark')"
                                          " && e.getBoundingClientRect().right > innerWidth + 1).map(e => e.outerHTML.slice(0, 80))")
                        self.assertEqual(outside, [], "cut off at the right")
                        small = page.js("return [...document.querySelectorAll('a, button, select, input, summary')].filter(e => e.getClientRects().length && !e.classList.contains('skip'))"
                                        ".map(e => [e.outerHTML.slice(0, 80), e.getBoundingClientRect()]).filter(([, b]) => b.width < 24 || b.height < 24).map(([html]) => html)")
                        self.assertEqual(small, [], "targets below 24 px")
                        gloves = page.js("return [...document.querySelectorAll('button, .button, select, input, .top-tab, .tab, .tile')].filter(e => e.getClientRects().length)"
                                         ".map(e => [e.outerHTML.slice(0, 80), e.getBoundingClientRect()]).filter(([, b]) => b.width < 40 || b.height < 44).map(([html]) => html)")
                        self.assertEqual(gloves, [], "too small for gloves")
                        nameless = page.js("return [...document.querySelectorAll('a, button')].filter(e => !(e.innerText.trim() || e.getAttribute('aria-label') || e.textContent.trim())).map(e => e.outerHTML)"
                                           ".concat([...document.querySelectorAll('input, select')].filter(e => !e.labels.length && !e.getAttribute('aria-label')).map(e => e.outerHTML))")
                        self.assertEqual(nameless, [])
                        raw = page.js("return document.querySelector('main').innerText.match(/\\b(act|fault|slot|call|total|story|job|health|units|error|bound|phase|outcome|step|note|rung)\\.[a-z.-]{3,}/g) ?? []")
                        self.assertEqual(raw, [], "keys instead of words")
                        self.assertEqual(page.js("return document.querySelectorAll('h1').length"), 1)

    def test_the_keyboard_reaches_every_control_and_shows_where_it_is(self):
        self.station(8, dressed=True)
        page = self.board()
        wanted = page.js("return [...document.querySelectorAll('a, button, select, input')].filter(e => e.getClientRects().length && !e.disabled).length")
        seen = set()
        for _ in range(wanted + 5):
            ActionChains(self.driver, duration=0).send_keys(Keys.TAB).perform()
            here = page.js("const e = document.activeElement; const s = getComputedStyle(e); return [e.outerHTML.slice(0, 160), s.outlineStyle, parseFloat(s.outlineWidth)]")
            if here[0].startswith("<body"):
                continue
            seen.add(here[0])
            self.assertEqual(here[1], "solid", here[0])
            self.assertGreaterEqual(here[2], 2, here[0])
        self.assertGreaterEqual(len(seen), wanted - 1)

    def test_nothing_moves_by_itself(self):
        station = self.station()
        mock.working(station.slot("A1"), .3)
        page = self.board()
        page.wait(lambda: page.all(".tile"), "tiles")
        mock.working(station.slot("A1"), .6, left=3)
        station.tell(station.slot("A1"))
        self.wait_tile(page, "A1", "3 s")
        self.assertEqual(page.js("return document.getAnimations().length"), 0)

    def test_light_and_dark_follow_the_device_or_the_switch(self):
        self.station()
        page = self.board(scheme="dark")
        dark = page.style("body", "backgroundColor")
        page.media(scheme="light")
        page.wait(lambda: page.style("body", "backgroundColor") != dark, "light")
        for _ in range(2):  # auto, light, dark
            page.click("button.tool[title]:nth-of-type(3)")
        page.wait(lambda: page.style("body", "backgroundColor") == dark, "dark by the switch")


if __name__ == "__main__":
    browser.main()
