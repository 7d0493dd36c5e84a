"""A station that plays fixed states of a line to the page, so that a page can be looked at and tested without one.

It serves station/board/www with the content security policy of the real server, holds one snapshot, and tells every
page what a test changes in it. Standard library only. `python3 tests/browser/mock_station.py [SLOTS]` serves a line that
lives by itself, for looking at.
"""
import json
import math
import os
import queue
import random
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, unquote, urlparse

WWW = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "station", "board", "www")
POLICY = ("default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
          "font-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'")
TYPES = {".html": "text/html; charset=utf-8", ".css": "text/css", ".js": "text/javascript", ".json": "application/json",
         ".svg": "image/svg+xml"}
STEPS = [("system-part1", "0x08020000", 248732), ("system-part2", "0x08060000", 151192), ("user", "0x080a0000", 86192)]


def now():
    return time.strftime("%Y-%m-%dT%H:%M:%S.000Z", time.gmtime())


def empty_slot(port, label):
    return {"port": port, "label": label, "state": "empty", "present": False, "visit": None, "attempt": 0, "phase": "",
            "step": "", "fraction": 0, "left_seconds": None, "bytes_per_second": None, "stuck_seconds": 0,
            "outcome": None, "last": None, "unit": None, "serial": None, "label_of_unit": None, "reason": None,
            "taken_out": False, "failed_in_a_row": 0, "closed": None}


# What the station says a person does after these faults, as station/live/advice.cpp has it.
AFTER = {"verify-mismatch": "set-aside", "back-in-dfu": "set-aside", "access-denied": "get-help", "image-unfit": "get-help"}
PULLED = ("unit-gone", "pulled-before-proof")


def advice_of(slot):
    state, present = slot["state"], slot["present"]
    if state == "verdict" and slot["outcome"] in ("passed", "already"):
        return "unplug" if present else "plug-next"
    if state == "verdict":
        code = ((slot["last"] or {}).get("fault") or {}).get("code")
        after = AFTER.get(code, "try-again")
        if present:
            return after
        if code in PULLED:
            return "plug-back"
        return after if not slot["taken_out"] else "plug-back" if after == "try-again" else "plug-next"
    if state in ("quarantined", "skipped"):
        return "unplug" if present else "none"
    if state == "foreign":
        return "unplug" if slot.get("missed") else "none"
    return {"empty": "plug-in", "queued": "wait", "working": "wait", "between": "wait"}.get(state, "none")


def as_told(slot):
    return {**slot, "advice": slot.get("advice") or advice_of(slot)}


def state_as_told(state):
    return {**state, "hubs": [{**hub, "slots": [as_told(slot) for slot in hub["slots"]]} for hub in state["hubs"]]}


def snapshot(slots=8, ports=7, labelled=True):
    hubs = []
    for i in range(slots):
        hub, port = i // ports + 1, i % ports + 1
        if port == 1:
            hubs.append({"port": f"1-{hub}", "label": "", "tt": "multi", "bus_load": None, "ports": ports, "missing": False, "slots": []})
        label = f"{chr(64 + hub)}{port}" if labelled else ""
        hubs[-1]["slots"].append(empty_slot(f"1-{hub}.{port}", label))
    line = {"state": "running", "seconds": 0.0, "recipe": {"name": "photon-0.4.3-tinker", "revision": "A"}, "units": 0,
            "passed": 0, "already": 0, "failed": 0, "error": 0, "cancelled": 0, "attempts": 0, "first_pass": 0,
            "yield": None, "units_per_hour": None,
            "bound": {"by": "people", "slots": slots, "name": "", "times_slower": 1.0}, "remark": "", "note": None, "job": None,
            "operator": None}
    return {"n": 1, "time": now(), "station": "line-3", "version": "0.1.0", "line": line, "hubs": hubs}


def job(order="ORD-2291", quantity=500, made=212, **more):
    return {"id": "job-" + order, "order": order, "product": "Photon tinker", "recipe": "photon-0.4.3-tinker",
            "lot": "L-44", "quantity": quantity, "made": made, "left": quantity - made, "operator": "li",
            "state": "open", "opened": now(), "closed": None, "valid_until": None, "certificate": None, **more}


def fault(code, about="unit", **more):
    return {"code": code, "about": about, "step": "system-part2", "operation": "read", "address": "0x08061000",
            "block": 3, "text": f"{code} at 0x08061000", **more}


def working(slot, fraction, phase="write", step="system-part1", left=None, attempt=1):
    slot.update(state="working", present=True, visit=slot["visit"] or "v-" + slot["port"], attempt=attempt, phase=phase,
                step=step, fraction=fraction, left_seconds=8 * (1 - fraction) if left is None else left, outcome=None)


def verdict(slot, outcome, code=None, about="unit", present=True, taken_out=True):
    """`taken_out`: of a unit that is not there, a person took it after the verdict."""
    slot.update(state="verdict", present=present, taken_out=taken_out and not present, visit=slot["visit"] or "v-" + slot["port"],
                attempt=max(1, slot["attempt"]), outcome=outcome, phase="", fraction=1, left_seconds=None,
                serial="00000000010C", unit="3b002c001847353236343033",
                last={"outcome": outcome, "fault": fault(code, about) if code else None, "verified": not code,
                      "booted": not code, "seconds": 7.6})


class Station:
    def __init__(self, state, pins=None):
        self.state = state
        self.pins = pins or {}  # name: (pin, role); empty: no PIN is needed, everybody is a supervisor
        self.session = None
        self.posts = []
        self.refuse = {}  # path: (status, body), for the next post
        self.jobs = []
        self.units = []
        self.commissioning = {"active": False, "expect": None, "learned": [], "changed": [], "twice": None, "plugs": 0, "wanted": 0,
                              "station_file": "station.toml",
                              "hubs": [{"port": hub["port"], "ports": [f"{hub['port']}.{i}" for i in range(1, 8)]} for hub in self.state["hubs"]]}
        self.can = ["use", "release", "slots", "commissioning"]
        self.languages = {}  # more of them: {code: words}
        self.down = False
        self.silent = False
        self.on_post = lambda path, body: None
        self.lock = threading.RLock()
        self.clients = []

    def slot(self, name):
        return next(s for h in self.state["hubs"] for s in h["slots"] if name in (s["label"], s["port"]))

    def slots(self):
        return [s for h in self.state["hubs"] for s in h["slots"]]

    def tell(self, *slots, line=None):
        """A delta: these slots, and these keys of the line."""
        with self.lock:
            self.state["n"] += 1
            self.state["line"].update(line or {})
            self._send("delta", {"n": self.state["n"], "time": now(), "line": line or {}, "slots": [as_told(slot) for slot in slots]})

    def tell_all(self):
        with self.lock:
            self.state["n"] += 1
            self._send("state", state_as_told(self.state))

    def _send(self, event, data):
        text = f"id: {self.state['n']}\nevent: {event}\ndata: {json.dumps(data)}\n\n"
        for client in self.clients:
            client.put(text)

    def cut(self):
        """The station goes away: every stream ends and nothing is answered."""
        self.down = True
        for client in self.clients:
            client.put(None)

    def back(self):
        self.down = False

    # ---- answers

    def attempts_of(self, slot):
        if slot["state"] == "empty" and not slot["visit"]:
            return []
        some = [("passed", None), ("passed", None), ("failed", "io-error"), ("passed", None), ("already", None)]
        return [attempt_json(slot, i, o, c) for i, (o, c) in enumerate(some)]

    def read(self, path, query):
        parts = [unquote(p) for p in path.strip("/").split("/")][1:]
        match parts:
            case ["state"]:
                return state_as_told(self.state)
            case ["languages"]:
                return {"languages": sorted([f[:-5] for f in os.listdir(os.path.join(WWW, "lang"))] + list(self.languages))}
            case ["session"]:
                who = self.session
                return {"session": who is not None, "operator": who and who[0], "role": who and who[1], "csrf": "token-1",
                        "pin_required": bool(self.pins), "operators": sorted(self.pins) if who else [], "can": self.can}
            case ["slots", port]:
                slot = self.slot(port)
                reached = {"empty": 0, "queued": 0}.get(slot["state"], 3)
                names = [s[0] for s in STEPS]
                steps = []
                for i, (name, address, size) in enumerate(STEPS):
                    state = "done" if i < reached else "waiting"
                    if slot["state"] == "working" and slot["step"] in names:
                        at = names.index(slot["step"])
                        state = "done" if i < at else "running" if i == at else "waiting"
                    broken = slot["last"] and slot["last"]["fault"] and slot["state"] == "verdict"
                    if broken:
                        at = names.index(slot["last"]["fault"]["step"])
                        state = "done" if i < at else "failed" if i == at else "not-reached"
                    steps.append({"name": name, "state": state, "bytes": size, "address": address,
                                  "seconds": 2.4 if state == "done" else None})
                log = [f"{now()} {slot['port']} survey: 0 of 4 sectors in place", f"{now()} {slot['port']} write system-part1"]
                return {**as_told(slot), "steps": steps if reached else [], "attempts": self.attempts_of(slot), "log": log}
            case ["units"]:
                text = query.get("query", [""])[0]
                found = [u for u in self.units if text.lower() in json.dumps(u).lower()]
                return {"units": found}
            case ["units", key]:
                unit = next((u for u in self.units if u["key"] == key), None)
                return unit and {**unit, "attempts": [unit["last"]], "labels": [], "dispositions": []}
            case ["jobs"]:
                return {"jobs": self.jobs, "recipes": [{"name": "photon-0.4.3-tinker", "revision": "A", "file": "photon.toml"}]}
            case ["jobs", id]:
                return next((j for j in self.jobs if j["id"] == id), None)
            case ["commissioning"]:
                return self.commissioning
            case ["health"]:
                return health(self.slots())
        return None

    def plug_socket(self, port):
        """A unit is plugged in while the sockets get their names."""
        with self.lock:
            lesson = self.commissioning
            lesson["plugs"] += 1
            lesson["twice"] = next((one for one in lesson["learned"] if one["port"] == port), None)
            if not lesson["twice"]:
                lesson["learned"].append({"label": lesson["expect"], "port": port})
                lesson["expect"] = lesson["expect"][0] + str(int(lesson["expect"][1:]) + 1)

    def write(self, path, body):
        if path in self.refuse:
            return self.refuse.pop(path)
        if path == "/api/session":  # needs no token: nobody has one yet
            if self.pins:
                known = self.pins.get(body.get("operator"))
                if not known or known[0] != body.get("pin"):
                    return 403, {"error": "wrong-pin", "message": "Wrong name or PIN."}
                self.session = (body["operator"], known[1])
            else:
                self.session = (body["operator"], "supervisor")
            return 200, {}
        if not self.session:
            return 401, {"error": "no-session", "message": "Sign in first."}
        if path == "/api/session/end":
            self.session = None
        self.on_post(path, body)
        parts = path.strip("/").split("/")
        if path in ("/api/line/pause", "/api/line/resume"):
            self.tell(line={"state": "paused" if path.endswith("pause") else "running"})
        elif path == "/api/line/stop":
            self.tell(line={"state": "stopped"})
        elif path == "/api/line/without-order":
            self.tell(line={"job": None, "order_wanted": False, "without_order": True, "operator": self.session[0]})
        elif path == "/api/jobs":
            self.jobs.append(job(body["order"], body["quantity"], 0, product=body.get("product"), lot=body.get("lot")))
            return 200, self.jobs[-1]
        elif parts[1] == "jobs":
            one = next(j for j in self.jobs if j["id"] == unquote(parts[2]))
            if parts[3] == "use":
                self.tell(line={"job": one})
            if parts[3] == "close":
                one.update(state="closed", closed=now(), certificate=certificate(one))
                if self.state["line"]["job"] and self.state["line"]["job"]["id"] == one["id"]:
                    self.tell(line={"job": None})
        elif parts[1] == "slots":
            slot = self.slot(unquote(parts[2]))
            if parts[3] == "release":
                slot.update(empty_slot(slot["port"], slot["label"]))
            else:
                slot.update(state="skipped" if body["skip"] else "empty", reason=body.get("reason") or None,
                            skipped_by="board" if body["skip"] else None)
            self.tell(slot)
        elif parts[1] == "hubs":
            hub = next(one for one in self.state["hubs"] if one["port"] == unquote(parts[2]))
            hub["trouble"] = None
            for slot in hub["slots"]:
                slot.update(hub_stopped=False, waits_for=None)
            self.tell_all()
        elif path == "/api/labels":
            slot = self.slot(body["slot"])
            slot["label_of_unit"] = body["label"]
            self.tell(slot)
        elif parts[1] == "commissioning":
            lesson = self.commissioning
            if parts[2] == "skip" and body.get("back"):
                lesson.update(expect=lesson["learned"].pop()["label"], twice=None)
            elif parts[2] == "skip":
                lesson.update(expect=body.get("to") or lesson["expect"][0] + str(int(lesson["expect"][1:]) + 1), twice=None)
            else:
                active = parts[2] == "start"
                lesson.update(active=active, expect="A1" if active else None, learned=[], twice=None, plugs=0)
                self.tell(line={"state": "commissioning" if active else "running"})
            return 200, lesson
        return 200, {}


def attempt_json(slot, i, outcome, code=None):
    return {"attempt": f"0193-{slot['port']}-{i}", "port": slot["port"], "slot": slot["label"], "outcome": outcome, "number": 1,
            "fault": fault(code, "cable") if code else None, "finished": f"2026-11-24T08:0{i}:12.000Z", "time": now(),
            "verified": not code, "booted": not code, "unit": "3b002c001847353236343033", "serials": ["00000000010C"],
            "flash_seconds": 7.61, "return_seconds": 1.58, "floor_seconds": 7.52, "job": "ORD-2291", "recipe": "photon-0.4.3-tinker",
            "steps": [{"name": n, "image": n + ".bin", "sha256": "ab" * 32, "address": a, "bytes": b, "written_bytes": b,
                       "unchanged_bytes": 0, "erased_sectors": 2, "seconds": 2.5, "readback_sha256": "ab" * 32, "state": "done"} for n, a, b in STEPS]}


def unit_json(i, outcome="passed", code=None):
    slot = empty_slot(f"1-1.{i % 7 + 1}", f"A{i % 7 + 1}")
    return {"key": f"unit-{i}", "unit": f"3b002c00184735323634{i:04d}", "label": f"SN-{1000 + i}" if i % 2 else None,
            "serials": ["00000000010C"], "attempts": 1, "last": attempt_json(slot, i % 10, outcome, code)}


def certificate(one):
    units = "".join(f"unit: passed 3b002c0018473532363{i:05d} SN-{1000 + i} attempt 0193f2aa-{i:04d} at {now()} in A{i % 7 + 1}\n" for i in range(1, 9))
    return (f"flashline certificate 1\norder: {one['order']}\nproduct: {one['product']}\nlot: {one['lot']}\nquantity: {one['quantity']}\n"
            f"made: {one['made']}\npassed: {one['made']}\nfailed: 3\nrecipe: {'ab' * 32} photon-0.4.3-tinker\n{units}")


def health(slots):
    rows = []
    for i, slot in enumerate(slots):
        failed = 9 if i == 3 else i % 3
        units = 60 + i % 7
        share = 1 - failed / units
        rows.append({"port": slot["port"], "label": slot["label"], "units": units, "failed": failed, "yield": share,
                     "low": max(0, share - .07), "high": min(1, share + .05), "suspect": i == 3})
    hubs = [{"port": "1-1", "label": "left", "units": 420, "failed": 14, "yield": .966, "low": .94, "high": .98, "suspect": False}]
    recipes = [{"name": "photon-0.4.3-tinker", "units": 420, "failed": 14, "yield": .966, "low": .94, "high": .98, "suspect": False}]
    return {"slots": rows, "hubs": hubs, "recipes": recipes, "disk": {"free_bytes": 182e9, "total_bytes": 256e9},
            "clock": {"synchronised": True, "steps": 0},
            "database": {"path": "/var/lib/flashline/flashline.db", "bytes": 48.2e6, "rows": 21894, "last_backup": None, "last_commit_ms": 2.4},
            "station": {"name": "line-3", "version": "0.1.0", "host": "line3", "uptime_seconds": 43210}}


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    station = None

    def log_message(self, *_):
        pass

    def answer(self, status, body, kind="application/json"):
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(data)))
        self.send_header("Content-Security-Policy", POLICY)
        self.send_header("X-Content-Type-Options", "nosniff")
        self.send_header("Cache-Control", "no-store")
        self.end_headers()
        self.wfile.write(data)

    def do_GET(self):
        url = urlparse(self.path)
        station = self.station
        if station.down:
            self.close_connection = True
            return None
        if url.path == "/api/events":
            return self.events(station)
        if url.path.startswith("/api/"):
            locked = station.pins and not station.session and url.path not in ("/api/session", "/api/languages")
            if locked:
                return self.answer(401, {"error": "no-session", "message": "Sign in first."})
            with station.lock:
                found = station.read(url.path, parse_qs(url.query))
            return self.answer(200, found) if found is not None else self.answer(404, {"error": "not-found", "message": "Not here."})
        name = url.path.lstrip("/") or "index.html"
        for code, words in station.languages.items():
            if name == f"lang/{code}.json":
                return self.answer(200, words)
        file = os.path.normpath(os.path.join(WWW, name))
        if not file.startswith(os.path.normpath(WWW)) or not os.path.isfile(file):
            return self.answer(404, {"error": "not-found"})
        with open(file, "rb") as asset:
            return self.answer(200, asset.read(), TYPES[os.path.splitext(file)[1]])

    def do_POST(self):
        station = self.station
        if station.down:
            self.close_connection = True
            return None
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])) or b"{}")
        if self.path != "/api/session" and self.headers.get("X-Flashline-Token") != "token-1":
            return self.answer(403, {"error": "no-token", "message": "No token."})
        with station.lock:
            station.posts.append((self.path, body))
            status, answer = station.write(self.path, body)
        return self.answer(status, answer)

    def events(self, station):
        if station.pins and not station.session:
            return self.answer(401, {"error": "no-session", "message": "Sign in first."})
        mine = queue.Queue()
        self.close_connection = True
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Cache-Control", "no-store")
        self.send_header("Connection", "close")
        self.end_headers()
        with station.lock:
            mine.put(f"id: {station.state['n']}\nevent: state\ndata: {json.dumps(state_as_told(station.state))}\n\n")
            station.clients.append(mine)
        try:
            while True:
                try:
                    text = mine.get(timeout=5)
                except queue.Empty:
                    text = ": beat\n\n"
                if text is None:
                    return
                if station.silent:
                    continue
                self.wfile.write(text.encode())
                self.wfile.flush()
        except OSError:
            pass
        finally:
            station.clients.remove(mine)


class QuietServer(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64

    def handle_error(self, request, client_address):
        if not isinstance(sys.exc_info()[1], OSError):
            super().handle_error(request, client_address)


def serve(station, port=0):
    """Serves in a thread; returns (server, url)."""
    handler = type("ThisHandler", (Handler,), {"station": station})
    server = QuietServer(("127.0.0.1", port), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server, f"http://127.0.0.1:{server.server_address[1]}"


def dress(station, seed=1):
    """Every kind of slot at once: a line in the middle of its day."""
    dice = random.Random(seed)
    slots = station.slots()
    codes = [("failed", "verify-mismatch", "unit"), ("failed", "io-error", "cable"), ("error", "access-denied", "station"),
             ("cancelled", "cancelled", "station"), ("interrupted", "interrupted", "station")]
    phases = ["survey", "erase", "write", "write", "write", "read", "proof"]
    for i, slot in enumerate(slots):
        kind = i % 8
        if kind in (0, 2, 5):
            working(slot, dice.random() * .9 + .05, dice.choice(phases), dice.choice(STEPS)[0])
        elif kind == 1:
            verdict(slot, "passed")
        elif kind == 3:
            verdict(slot, *codes[(i // 8) % len(codes)])
        elif kind == 4:
            verdict(slot, "passed" if i % 16 < 8 else "already", present=i % 24 > 12)
        elif kind == 7 and i // 8 % 3 == 1:
            slot.update(state="quarantined", reason="3 units in a row failed here",
                        closed={"code": "port-closed", "values": {"count": 3, "fault": "io-error"}})
        elif kind == 7 and i // 8 % 3 == 2:
            slot.update(state="skipped", reason="Cable is bad", skipped_by="board")
        elif kind == 6 and i // 8 % 3 == 1:
            slot.update(state="queued", present=True, visit="v")
        elif kind == 6 and i // 8 % 3 == 2:
            verdict(slot, "failed", "not-back", present=False, taken_out=False)
            slot["failed_in_a_row"] = 3
    station.state["line"].update(
        seconds=5400, units=218, passed=207, already=5, failed=5, error=1, attempts=226, first_pass=203, units_per_hour=343, job=job(),
        operator="li", bound={"by": "units", "slots": sum(s["state"] == "working" for s in slots), "name": "", "times_slower": 1.0})
    station.state["line"]["yield"] = 212 / 218
    station.state["line"]["note"] = {"code": "hub-slowed", "about": "1-1", "slot": None,
                                     "values": {"limit": 3, "failed": 5, "attempts": 20, "ports": 3, "others_failed": 1, "others_attempts": 60}}
    station.jobs = [station.state["line"]["job"], job("ORD-2292", 120, 0), job("ORD-2280", 64, 64, state="closed", closed=now())]
    station.jobs[2]["certificate"] = certificate(station.jobs[2])
    station.units = [unit_json(i, "failed" if i == 3 else "passed", "verify-mismatch" if i == 3 else None) for i in range(1, 13)]


def live(station):
    """Moves the line on ten times a second."""
    while True:
        time.sleep(.1)
        with station.lock:
            moved = []
            for slot in station.slots():
                if slot["state"] != "working":
                    continue
                slot["fraction"] += .012
                slot["left_seconds"] = max(0, 8 * (1 - slot["fraction"]))
                slot["phase"] = "survey" if slot["fraction"] < .05 else "write" if slot["fraction"] < .75 else "read" if slot["fraction"] < .9 else "proof"
                slot["step"] = STEPS[min(2, math.floor(slot["fraction"] * 3))][0]
                if slot["fraction"] >= 1:
                    good = random.random() < .9
                    verdict(slot, "passed" if good else "failed", None if good else "verify-mismatch")
                moved.append(slot)
            if random.random() < .05:
                ready = [s for s in station.slots() if s["state"] in ("empty", "verdict")]
                if ready:
                    slot = random.choice(ready)
                    slot.update(empty_slot(slot["port"], slot["label"]), visit=str(random.random()))
                    working(slot, 0)
                    moved.append(slot)
            if moved:
                station.tell(*moved)


if __name__ == "__main__":
    shown = Station(snapshot(int(sys.argv[1]) if len(sys.argv) > 1 else 24))
    dress(shown)
    print(serve(shown, 8099)[1], flush=True)
    live(shown)
