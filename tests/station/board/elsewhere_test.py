#!/usr/bin/env python3
"""A board that listens to the network: who gets in, what they may, and what is on record of it.

    elsewhere_test.py FLASHLINE RECIPE

In a network namespace of its own, whose addresses nothing outside can reach. Exit status 77: this host lets nobody
make one.
"""
import http.client
import json
import os
import signal
import socket
import sqlite3
import subprocess
import sys
import tempfile
import time
import unittest

# Set aside for documentation (RFC 5737): the station, another machine, and a third one.
HERE, BESIDE, OTHER = "192.0.2.1", "192.0.2.2", "192.0.2.3"
PINS = {"li": "1234", "wang": "56789"}
ROLES = {"li": "operator", "wang": "supervisor"}
LINE = '[line]\nspeed = 5\n[[hub]]\nport = "1-1"\n[[unit]]\nport = "1-1.1"\n'
PATIENCE = 60.0

program = recipe = ""  # set by main


def run(folder, *arguments, stdin=b""):
    return subprocess.run([program, *arguments], cwd=folder, input=stdin, capture_output=True, timeout=PATIENCE)


class Visitor:
    """A browser on another machine."""

    def __init__(self, port, place=BESIDE):
        self.port = port
        self.place = place
        self.session = {}

    def stream(self):
        """The events of the line, as a socket."""
        link = socket.create_connection((HERE, self.port), PATIENCE, (self.place, 0))
        head = {"Host": f"{HERE}:{self.port}", "Connection": "close", **self.session}
        link.sendall(b"GET /api/events HTTP/1.1\r\n" + "".join(f"{k}: {v}\r\n" for k, v in head.items()).encode() + b"\r\n")
        return link

    def ask(self, method, path, body=None, **headers):
        """Status and what the answer says, or its headers in `self.heard`."""
        link = http.client.HTTPConnection(HERE, self.port, timeout=PATIENCE, source_address=(self.place, 0))
        head = {"Host": f"{HERE}:{self.port}", **self.session}
        if method == "POST":
            head.update({"Origin": f"http://{HERE}:{self.port}", "Content-Type": "application/json"})
        head.update({name.replace("_", "-"): value for name, value in headers.items()})
        link.request(method, path, None if body is None else json.dumps(body), head)
        answer = link.getresponse()
        text = answer.read().decode()
        self.heard = answer.headers
        link.close()
        return answer.status, json.loads(text) if text.startswith("{") else text

    def get(self, path, **headers):
        return self.ask("GET", path, **headers)[0]

    def post(self, path, body=None, **headers):
        return self.ask("POST", path, body or {}, **headers)[0]

    def sign_in(self, name, pin=None):
        status, said = self.ask("POST", "/api/session", {"operator": name, "pin": pin or PINS[name]})
        if status == 200:
            self.session = {"Cookie": self.heard["Set-Cookie"].split(";")[0], "X-Flashline-Token": said["csrf"]}
        return status


class Elsewhere(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name
        with open(self.path("line.toml"), "w") as file:
            file.write(LINE)
        self.command = ["run", recipe, "--line", "line.toml", "--db", "r.db", "--json", "--board", f"{HERE}:0"]

    def path(self, name):
        return os.path.join(self.folder, name)

    def start(self):
        for name, pin in PINS.items():
            added = run(self.folder, "operator", "add", name, "--role", ROLES[name], "--db", "r.db",
                        stdin=pin.encode() + b"\n")
            self.assertEqual(added.returncode, 0, added.stderr)
        with open(self.path("out"), "w") as out, open(self.path("err"), "w") as err:
            self.line = subprocess.Popen([program, *self.command], cwd=self.folder, stdout=out, stderr=err)
        self.addCleanup(self.stop)
        self.port = int(self.await_event("run_started")["board"].rstrip("/").rsplit(":", 1)[1])

    def stop(self):
        if self.line.poll() is None:
            self.line.send_signal(signal.SIGTERM)
        return self.line.wait(PATIENCE)

    def events(self):
        with open(self.path("out")) as out:
            return [json.loads(line) for line in out if line.endswith("\n")]

    def await_event(self, kind):
        return self.until(lambda: next((event for event in self.events() if event["event"] == kind), None), kind)

    def until(self, is_so, what):
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            if found := is_so():
                return found
            time.sleep(0.05)
        self.fail(f"a minute, and not: {what}")

    def visitor(self, name=None):
        visitor = Visitor(self.port)
        if name:
            self.assertEqual(visitor.sign_in(name), 200)
        return visitor

    def on_record(self):
        """Kind, subject and who did it from where, of all that was done on the board."""
        with sqlite3.connect(self.path("r.db")) as record:
            rows = record.execute("SELECT kind, about, facts FROM event WHERE text LIKE '% on the board.' ORDER BY seq")
            return [(kind, about, *(json.loads(facts)[key] for key in ("operator", "role", "from")))
                    for kind, about, facts in rows]

    def test_without_a_pin_it_does_not_start_and_says_what_to_do(self):
        refused = run(self.folder, *self.command)
        self.assertEqual(refused.returncode, 78)
        self.assertIn(f"the board would listen on {HERE}:0 for everybody, and no operator has a PIN".encode(),
                      refused.stderr)
        self.assertIn(b"flashline operator add NAME --role supervisor", refused.stderr)

    def test_it_listens_on_its_address_alone(self):
        self.start()
        self.assertEqual(self.visitor().get("/"), 200)
        for other in ("127.0.0.1", BESIDE):
            with self.assertRaises(ConnectionRefusedError, msg=other):
                http.client.HTTPConnection(other, self.port, timeout=PATIENCE).request("GET", "/")

    def test_nothing_is_shown_or_done_before_somebody_is_signed_in(self):
        self.start()
        nobody = self.visitor()
        for path in ("/api/state", "/api/events", "/api/jobs", "/api/units?query=x", "/api/slots/1-1.1", "/api/health"):
            self.assertEqual(nobody.get(path), 401, path)
        for path in ("/api/line/pause", "/api/line/stop", "/api/jobs", "/api/labels", "/api/session/end"):
            self.assertEqual(nobody.post(path), 401, path)
        self.assertEqual(self.visitor("li").get("/api/state"), 200)

    def test_it_goes_by_its_own_name_and_takes_changes_from_its_own_page(self):
        self.start()
        li = self.visitor("li")
        for host in ("evil.example", f"evil.example:{self.port}", BESIDE, f"{BESIDE}:{self.port}", "192.0.2.10", ""):
            self.assertIn(li.get("/api/state", Host=host), (421, 400), host)
        for origin in ("http://evil.example", f"http://{BESIDE}:{self.port}", f"http://{HERE}", "null",
                       f"http://127.0.0.1:{self.port}", f"http://{HERE}:{self.port}.evil.example"):
            self.assertEqual(li.post("/api/line/pause", Origin=origin), 403, origin)
            self.assertEqual(li.get("/api/state", Origin=origin), 403, origin)
        self.assertEqual(li.get("/api/state", Sec_Fetch_Site="cross-site"), 403)
        self.assertEqual(li.post("/api/line/pause", X_Flashline_Token="0" * 64), 403)
        self.stop()
        self.assertEqual([row[0] for row in self.on_record()], ["signed-in"], "nothing of that was done")

    def test_the_session_is_a_cookie_that_no_script_and_no_other_page_gets(self):
        self.start()
        li = self.visitor()
        li.sign_in("li")
        cookie, *rules = li.heard["Set-Cookie"].split("; ")
        self.assertRegex(cookie, "^flashline(-[0-9]+)?=[0-9a-f]{64}$")
        self.assertLessEqual({"HttpOnly", "SameSite=Strict", "Path=/"}, set(rules))
        self.assertEqual(li.post("/api/session/end"), 200)
        self.assertEqual(li.get("/api/state"), 401, "signed out")

    def test_a_pin_is_guessed_a_few_times_and_not_once_more(self):
        self.start()
        guess = self.visitor()
        self.assertEqual(guess.ask("GET", "/api/session")[1]["operators"], [], "names are for who is signed in")
        self.assertEqual([guess.sign_in("wang", f"{pin:04}") for pin in range(8)], [403] * 5 + [429] * 3)
        self.assertEqual(guess.sign_in("wang"), 429, "not even with the right one")
        self.assertGreater(int(guess.ask("POST", "/api/session", {"operator": "wang", "pin": PINS["wang"]})[1]
                               ["remedy"].split()[1]), 0)
        self.assertEqual(guess.sign_in("li"), 200, "somebody else is let in")
        self.assertEqual(guess.ask("GET", "/api/session")[1]["operators"], ["li", "wang"])
        elsewhere = Visitor(self.port, OTHER)
        self.assertEqual(elsewhere.sign_in("wang"), 200, "and wang, on another screen")

    def test_many_streams_of_one_do_not_shut_out_the_next_board(self):
        self.start()
        li, wang = self.visitor("li"), self.visitor("wang")
        streams = [li.stream() for _ in range(140)]
        self.assertIn(b"event: replaced", self.read_all(streams[0]))
        last = wang.stream()
        self.assertIn(b"HTTP/1.1 200", last.recv(4096))
        for stream in [*streams, last]:
            stream.close()

    def read_all(self, stream):
        heard = b""
        while more := stream.recv(65536):
            heard += more
        return heard

    def test_an_operator_may_not_what_a_supervisor_may_and_all_is_on_record(self):
        self.start()
        li, wang = self.visitor("li"), self.visitor("wang")
        attempt = self.await_event("attempt_finished")["attempt"]
        order = {"order": "PO-7", "quantity": 5}
        for_supervisors = [("/api/jobs", order), ("/api/slots/1-1.1/release", {}), ("/api/jobs/PO-7/close", {}),
                           ("/api/dispositions", {"attempt": attempt, "kind": "rework", "reason": "bent"}),
                           ("/api/line/stop", {"kind": "safe"})]
        for path, body in for_supervisors:
            self.assertEqual(li.post(path, body), 403, path)
        self.assertEqual(wang.post("/api/jobs", order), 200)
        for path, body in [("/api/jobs/PO-7/use", {}), ("/api/line/pause", {}), ("/api/line/resume", {}),
                           ("/api/labels", {"label": "SN-1", "slot": "1-1.1"})]:
            self.assertEqual(li.post(path, body), 200, path)
        for path, body in for_supervisors[2:]:
            self.assertEqual(wang.post(path, body), 200, path)
        self.until(lambda: wang.ask("GET", "/api/state")[1]["line"]["state"] == "stopped", "all work is stopped")
        self.assertEqual(li.post("/api/line/resume"), 403, "who may not stop it")
        self.assertEqual(li.post("/api/line/without-order"), 403)
        self.assertEqual(wang.post("/api/line/resume"), 200)
        self.assertEqual(wang.post("/api/line/without-order"), 200)
        self.assertIsNone(self.line.poll(), "the station goes on")
        self.assertEqual(self.stop(), 130)
        of_li, of_wang = ("li", "operator", BESIDE), ("wang", "supervisor", BESIDE)
        self.assertEqual(self.on_record(), [
            ("signed-in", "li", *of_li), ("signed-in", "wang", *of_wang), ("order-used", "PO-7", *of_li),
            ("paused", "line", *of_li), ("resumed", "line", *of_li), ("stopped", "line", *of_wang),
            ("resumed", "line", *of_wang), ("order-left", "line", *of_wang)])
        with sqlite3.connect(self.path("r.db")) as record:
            self.assertEqual(record.execute("SELECT operator FROM job UNION ALL SELECT operator FROM job_closed UNION ALL "
                                            "SELECT author FROM label UNION ALL SELECT author FROM disposition"
                                            ).fetchall(), [("wang",), ("wang",), ("li",), ("wang",)])
        self.assertEqual(run(self.folder, "audit", "verify", "--db", "r.db").returncode, 0)

    def test_whoever_is_removed_is_out_while_the_line_runs_on(self):
        self.start()
        li, wang = self.visitor("li"), self.visitor("wang")
        self.assertEqual(run(self.folder, "operator", "remove", "li", "--db", "r.db").returncode, 0)
        self.until(lambda: li.get("/api/state") == 401, "li is out")
        self.assertEqual(li.post("/api/line/pause"), 401)
        self.assertEqual(li.sign_in("li"), 403)
        self.assertEqual(wang.get("/api/state"), 200)
        self.assertEqual(run(self.folder, "operator", "add", "wang", "--db", "r.db", stdin=b"56789\n").returncode, 0)
        self.until(lambda: wang.get("/api/state") == 401, "wang, who is no longer a supervisor, signs in again")
        self.assertEqual(wang.sign_in("wang"), 200)
        self.assertEqual(wang.post("/api/jobs", {"order": "PO-8", "quantity": 1}), 403)


def in_a_namespace():
    """This program once more, where it may give itself addresses."""
    for unshare in (["unshare", "--net"], ["unshare", "--map-root-user", "--net"]):
        try:
            if subprocess.run([*unshare, "ip", "link", "set", "lo", "up"], capture_output=True).returncode == 0:
                return subprocess.run([*unshare, sys.executable, __file__, *sys.argv[1:], "--inside"]).returncode
        except OSError:
            pass
    print("skipped: this host lets nobody make a network namespace (unshare and ip are needed)")
    return 77


def main():
    global program, recipe
    if sys.argv[-1] != "--inside":
        return in_a_namespace()
    program, recipe = (os.path.abspath(path) for path in sys.argv[1:3])
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    for address in (HERE, BESIDE, OTHER):
        subprocess.run(["ip", "address", "add", f"{address}/32", "dev", "lo"], check=True)
    return 0 if unittest.main(argv=[sys.argv[0]], verbosity=2, exit=False).result.wasSuccessful() else 1


if __name__ == "__main__":
    sys.exit(main())
