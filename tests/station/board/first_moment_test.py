#!/usr/bin/env python3
"""What the order page says before the line has told its state: nothing about an order.

    first_moment_test.py WWW

A station that answers every question and is silent about the line, behind a real browser. Exit status 77: there is none.
"""
import http.server
import json
import os
import sys
import threading
import time
import unittest

try:
    from selenium import webdriver
    from selenium.webdriver.chrome.service import Service
except ImportError:
    sys.exit(77)

ORDER = {"id": "4711", "order": "4711", "quantity": 5, "made": 1, "left": 4, "state": "open", "opened": "2026-11-22T06:00:00.000Z"}
ANSWERS = {
    "/api/languages": {"languages": ["en", "zh-CN"]},
    "/api/session": {"session": False, "operators": [], "can": ["use", "without-order"]},
    "/api/jobs": {"jobs": [ORDER], "recipes": []},
    "/api/jobs/4711": ORDER,
}
TYPES = {".html": "text/html", ".js": "text/javascript", ".css": "text/css", ".json": "application/json",
         ".svg": "image/svg+xml"}
www = ""  # set by main
told = threading.Event()


class Station(http.server.BaseHTTPRequestHandler):
    def log_message(self, *_):
        pass

    def give(self, kind, body):
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self):
        path = self.path.split("?")[0]
        if path == "/api/events":
            self.send_response(200)
            self.send_header("Content-Type", "text/event-stream")
            self.end_headers()
            told.wait(60)
            return
        if path in ANSWERS:
            return self.give("application/json", json.dumps(ANSWERS[path]).encode())
        file = os.path.join(www, path.lstrip("/") or "index.html")
        if not os.path.isfile(file):
            return self.send_error(404)
        with open(file, "rb") as content:
            return self.give(TYPES.get(os.path.splitext(file)[1], "application/octet-stream"), content.read())


def browser():
    options = webdriver.ChromeOptions()
    for word in ("--headless=new", "--no-sandbox", "--disable-dev-shm-usage", "--lang=en"):
        options.add_argument(word)
    return webdriver.Chrome(options=options, service=Service("/usr/bin/chromedriver"))


class FirstMoment(unittest.TestCase):
    def setUp(self):
        self.station = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Station)
        self.station.daemon_threads = True
        threading.Thread(target=self.station.serve_forever, daemon=True).start()
        self.address = f"http://127.0.0.1:{self.station.server_port}/"
        self.browser = browser()

    def tearDown(self):
        self.browser.quit()
        told.set()
        self.station.shutdown()

    def said(self, language, place):
        """The text of the page once its questions are answered."""
        self.browser.get(self.address)
        self.browser.execute_script(f"localStorage.clear(); localStorage.setItem('flashline.language', '{language}')")
        self.browser.get(self.address + "?" + language + "#/" + place)
        end = time.monotonic() + 30
        while time.monotonic() < end:
            text = self.browser.execute_script("return document.getElementById('main').textContent")
            if "4711" in text or self.words["loading"] in text:
                time.sleep(0.5)
                return self.browser.execute_script("return document.getElementById('main').textContent")
            time.sleep(0.1)
        self.fail("the page came to nothing: " + text)

    def test_no_order_is_said_to_be_missing_before_the_line_has_told_its_state(self):
        with open(os.path.join(www, "lang", "en.json")) as file:
            self.words = json.load(file)
        page = self.said("en", "job")
        self.assertIn(self.words["loading"], page)
        for word in ("job.none", "job.none.do", "job.none.open", "job.without.now", "job.waiting.none"):
            self.assertNotIn(self.words[word], page)
        page = self.said("en", "job/4711")
        self.assertNotIn(self.words["job.use"], page)


if __name__ == "__main__":
    www = sys.argv.pop(1)
    if not os.path.exists("/usr/bin/chromedriver"):
        sys.exit(77)
    unittest.main(verbosity=2)
