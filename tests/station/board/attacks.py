#!/usr/bin/env python3
"""Attacks on the board of a running line: each must be refused, and neither the line nor the next visitor may notice.

    attacks.py FLASHLINE RECIPE [--connections N]

Starts a virtual line of its own with a board that anybody can reach (PIN needed), attacks it with nothing but sockets,
and prints a line per attack. Exit status 1: something was let in, the board did not come back within 30 s, or a unit
of the line did not pass.
"""
import argparse
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time

LINE = '[line]\ncontrol = "line.ctl"\n[[hub]]\nport = "1-1"\nports = 7\n' + "".join(
    f'[[unit]]\nport = "1-1.{n}"\ngeneration = 3\n' for n in range(1, 8))
BACK_WITHIN = 30.0

failures = []


def say(name, good, seen):
    print(f"{'ok  ' if good else 'FAIL'}  {name}: {seen}", flush=True)
    if not good:
        failures.append(name)


class Board:
    def __init__(self, port):
        self.port = port

    def connect(self, timeout=10):
        return socket.create_connection(("127.0.0.1", self.port), timeout)

    def send(self, data, timeout=15):
        """The status of the answer; 0: the connection was closed without one; -1: silence."""
        try:
            with self.connect(timeout) as link:
                try:
                    link.sendall(data)
                except OSError:
                    pass  # closed while we still talk: the answer may be there all the same
                heard = b""
                while b"\r\n" not in heard:
                    more = link.recv(4096)
                    if not more:
                        break
                    heard += more
                return int(heard.split()[1]) if heard.startswith(b"HTTP/1.1 ") else 0
        except TimeoutError:
            return -1
        except OSError:
            return 0

    def ask(self, method="GET", path="/", headers=None, body=b"", host=None):
        head = {"Host": host or f"127.0.0.1:{self.port}", "Connection": "close"}
        if body:
            head["Content-Length"] = str(len(body))
        head.update(headers or {})
        text = f"{method} {path} HTTP/1.1\r\n" + "".join(f"{k}: {v}\r\n" for k, v in head.items() if v is not None)
        return self.send(text.encode() + b"\r\n" + body)

    def own(self):
        return {"Origin": f"http://127.0.0.1:{self.port}", "Content-Type": "application/json"}

    def is_back(self):
        """Seconds until the page is given again; None: not in time."""
        begin = time.monotonic()
        while time.monotonic() - begin < BACK_WITHIN:
            if self.ask() == 200:
                return time.monotonic() - begin
            time.sleep(0.2)
        return None


def attack(board, name, statuses, send):
    seen = send()
    back = board.is_back()
    good = seen in statuses and back is not None
    say(name, good, f"status {seen}, " + (f"page after {back:.1f} s" if back is not None else "the page did not come back"))


def refused_requests(board):
    ask, own = board.ask, board.own()
    post = lambda path="/api/line/stop", headers=None, body=b'{"kind":"now"}': ask(
        "POST", path, {**own, **(headers or {})}, body)
    rebinding = {"Origin": "http://evil.example"}
    table = [
        ("wrong host", {421}, lambda: ask(host="evil.example")),
        ("wrong host with our port", {421}, lambda: ask(host=f"evil.example:{board.port}")),
        ("two hosts", {400, 421, 0}, lambda: ask(host="evil.example\r\nHost: 127.0.0.1")),
        ("two hosts, ours first", {400, 0}, lambda: ask(host="127.0.0.1\r\nHost: evil.example")),
        ("host with a name before it", {400, 421}, lambda: ask(host="127.0.0.1:x@evil.example")),
        ("host with a port that is none", {400, 421}, lambda: ask(host="127.0.0.1:x")),
        ("host with a list", {400, 421}, lambda: ask(host="127.0.0.1, evil.example")),
        ("whole address of another host", {400, 404, 421}, lambda: ask(path="http://evil.example/api/state")),
        ("whole address of ours", {400, 404}, lambda: ask(path=f"http://127.0.0.1:{board.port}/api/session")),
        ("two origins", {400, 403, 0}, lambda: post(headers={"Origin": f"http://127.0.0.1:{board.port}\r\nOrigin: http://evil.example"})),
        ("two cookies", {400, 401, 0}, lambda: ask(path="/api/state", headers={"Cookie": "flashline=a\r\nCookie: flashline=b"})),
        ("forwarded for the station itself", {401}, lambda: ask(path="/api/state", headers={"X-Forwarded-For": "127.0.0.1"})),
        ("from another port of this machine", {403}, lambda: ask(path="/api/state", headers={"Sec-Fetch-Site": "same-site"})),
        ("no host", {400, 421}, lambda: board.send(b"GET / HTTP/1.1\r\nConnection: close\r\n\r\n")),
        ("wrong origin", {403}, lambda: post(headers=rebinding)),
        ("no origin", {403}, lambda: post(headers={"Origin": None})),
        ("null origin", {403}, lambda: post(headers={"Origin": "null"})),
        ("read from a page elsewhere", {403}, lambda: ask(path="/api/state", headers={"Sec-Fetch-Site": "cross-site"})),
        ("no session", {401}, post),
        ("made-up session", {401}, lambda: post(headers={"Cookie": f"flashline-{board.port}=" + "0" * 64,
                                                           "X-Flashline-Token": "0" * 64})),
        ("state without a session", {401}, lambda: ask(path="/api/state")),
        ("events without a session", {401}, lambda: ask(path="/api/events")),
        ("method", {405, 501, 0}, lambda: ask("DELETE")),
        ("method that is none", {400, 405, 501, 0}, lambda: ask("FLASH" * 100)),
    ]
    for name, statuses, send in table:
        attack(board, name, statuses, send)


def traversal(board):
    for path in ["/../../../../etc/passwd", "/%2e%2e/%2e%2e/etc/passwd", "/..%2f..%2fetc/passwd", "//etc/passwd",
                 "/lang/../../../etc/passwd", "/\\..\\..\\etc\\passwd", "/%c0%ae%c0%ae/etc/passwd", "/file:///etc/passwd"]:
        attack(board, f"traversal {path}", {404, 400}, lambda: board.ask(path=path))


def oversized(board):
    own = board.own()
    attack(board, "address of 1 MB", {414, 431, 400, 0}, lambda: board.ask(path="/" + "a" * 1_000_000))
    attack(board, "head of 1 MB", {431, 413, 400, 0}, lambda: board.ask(headers={"X": "a" * 1_000_000}))
    attack(board, "10,000 headers", {431, 413, 400, 0}, lambda: board.ask(headers={f"X-{n}": "a" for n in range(10_000)}))
    attack(board, "body of 1 MB", {413}, lambda: board.ask("POST", "/api/session", own, b"x" * 1_000_000))
    attack(board, "length of 10^30", {413, 400, 0},
           lambda: board.ask("POST", "/api/session", {**own, "Content-Length": "1" + "0" * 30}))
    chunks = b"".join(b"1000\r\n" + b"x" * 4096 + b"\r\n" for _ in range(256))
    attack(board, "endless pieces", {413, 400, 0},
           lambda: board.send(f"POST /api/session HTTP/1.1\r\nHost: 127.0.0.1\r\nOrigin: http://127.0.0.1\r\n"
                      f"Transfer-Encoding: chunked\r\n\r\n".encode() + chunks))


def malformed(board):
    for name, data in [("noise", os.urandom(4096)), ("TLS", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + os.urandom(200)),
                       ("HTTP/9.9", b"GET / HTTP/9.9\r\nHost: 127.0.0.1\r\n\r\n"), ("HTTP/2", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"),
                       ("zero bytes", b"\0" * 1000 + b"\r\n\r\n"), ("folded header", b"GET / HTTP/1.1\r\nHost:\r\n evil\r\n\r\n"),
                       ("length and pieces", b"POST /api/session HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 5\r\n"
                                             b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /")]:
        attack(board, name, {0, -1, 400, 403, 405, 413, 421, 426, 501, 505}, lambda: board.send(data))
    for body in [b"[" * 16000, b"{\"operator\":" * 1000, b"\xff" * 1000, b"{}", b"null", b'{"operator":{},"pin":[]}']:
        attack(board, f"body {body[:12]!r}", {400}, lambda: board.ask("POST", "/api/session", board.own(), body))


def pin_guessing(board):
    """All at once and one after the other: a handful may be tried."""
    statuses = []

    def guess(pin):
        body = json.dumps({"operator": "wang", "pin": f"{pin:04}"}).encode()
        statuses.append(board.ask("POST", "/api/session", board.own(), body))

    threads = [threading.Thread(target=guess, args=(pin,)) for pin in range(100)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for pin in range(100, 120):
        guess(pin)
    tried = statuses.count(403)
    say("PIN guessing", 200 not in statuses and tried <= 5, f"{tried} of {len(statuses)} were tried, {statuses.count(429)} had to wait")


def names(board):
    """Nobody learns from the outside who the operators are: neither by asking nor by what is said to a guess."""

    def said(name):
        body = json.dumps({"operator": name, "pin": "0000"}).encode()
        with board.connect() as link:
            head = {"Host": f"127.0.0.1:{board.port}", "Connection": "close", "Content-Length": str(len(body)), **board.own()}
            link.sendall(b"POST /api/session HTTP/1.1\r\n" + "".join(f"{k}: {v}\r\n" for k, v in head.items()).encode() + b"\r\n" + body)
            heard = b""
            while more := link.recv(4096):
                heard += more
        return heard.split(b"\r\n\r\n", 1)[-1]

    with board.connect() as link:
        link.sendall(f"GET /api/session HTTP/1.1\r\nHost: 127.0.0.1:{board.port}\r\nConnection: close\r\n\r\n".encode())
        heard = b""
        while more := link.recv(4096):
            heard += more
    differs = [n for n in range(4) if said("zhao") != said("nobody")]
    say("names", b"zhao" not in heard and b"wang" not in heard and not differs, "no name is told, and a guess says nothing of one")


def keep_talking(board, name, links):
    """A byte a second on each: all must be ended."""
    begin = time.monotonic()
    open_links = set(links)
    while open_links and time.monotonic() - begin < BACK_WITHIN:
        for link in list(open_links):
            try:
                link.setblocking(False)
                link.send(b"a")
                if link.recv(100) == b"":
                    open_links.discard(link)
            except BlockingIOError:
                pass
            except OSError:
                open_links.discard(link)
        time.sleep(1)
    say(name, not open_links and board.is_back() is not None,
        f"{len(links) - len(open_links)} of {len(links)} were ended, the last after {time.monotonic() - begin:.0f} s")
    for link in links:
        link.close()



def slow_bodies(board):
    """Bodies that come a byte a second."""
    links = []
    for _ in range(50):
        link = board.connect()
        link.sendall(f"POST /api/session HTTP/1.1\r\nHost: 127.0.0.1\r\nOrigin: http://127.0.0.1\r\nContent-Length: 16000\r\n\r\n".encode())
        links.append(link)
    keep_talking(board, "slow bodies", links)


def flood(board):
    """Refusals as fast as they can be asked for, each with a long name: main looks at what the log has of them."""
    begin, asked = time.monotonic(), 0
    while time.monotonic() - begin < 5:
        asked += board.ask(path="/" + "\x1b" * 1000, host="evil.example" + "x" * 3000) != 0
    say("flood of refusals", board.is_back() is not None, f"{asked} in 5 s")


def slow(board):
    """Connections that send a byte a second, to keep their places: all must be ended while they still talk."""
    links = []
    for _ in range(100):
        link = board.connect()
        link.sendall(b"GET / HTTP/1.1\r\nX: ")
        links.append(link)
    keep_talking(board, "slow heads", links)


def many(board, number):
    """Thousands of connections that say nothing."""
    links = []
    for _ in range(number):
        try:
            links.append(socket.create_connection(("127.0.0.1", board.port), 0.5))
        except OSError:
            pass
    back = board.is_back()
    say("many connections, held", back is not None, f"{len(links)} of {number} connected, page after "
        + (f"{back:.1f} s" if back is not None else "never"))
    for link in links:
        link.close()
    back = board.is_back()
    say("many connections, let go", back is not None, "page after " + (f"{back:.1f} s" if back is not None else "never"))


def hand(folder, command):
    with socket.socket(socket.AF_UNIX) as control:
        control.connect(os.path.join(folder, "line.ctl"))
        control.sendall(command.encode() + b"\n")
        return control.recv(1000).decode().strip()


def keep_plugging(folder, done):
    """New units all the time, as people bring them: a socket is empty for a while in between."""
    while not done.wait(10):
        for n in range(1, 8):
            hand(folder, f"pull 1-1.{n}")
        if done.wait(3):
            break
        for n in range(1, 8):
            hand(folder, f"fresh 1-1.{n}")


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("flashline")
    arguments.add_argument("recipe")
    arguments.add_argument("--connections", type=int, default=3000)
    options = arguments.parse_args()
    program, recipe = os.path.abspath(options.flashline), os.path.abspath(options.recipe)
    with tempfile.TemporaryDirectory() as folder:
        open(os.path.join(folder, "line.toml"), "w").write(LINE)
        subprocess.run([program, "operator", "add", "wang", "--role", "supervisor", "--db", "r.db"], cwd=folder,
                       input=b"7391-xyz\n", check=True, stdout=subprocess.DEVNULL)
        subprocess.run([program, "operator", "add", "zhao", "--db", "r.db"], cwd=folder, input=b"8642-abc\n", check=True,
                       stdout=subprocess.DEVNULL)
        log = open(os.path.join(folder, "out"), "w+")
        line = subprocess.Popen([program, "run", recipe, "--line", "line.toml", "--db", "r.db", "--json", "--board",
                                 "0.0.0.0:0"], cwd=folder, stdout=log)
        try:
            attack_all(folder, line, options)
        finally:
            if line.poll() is None:
                line.send_signal(signal.SIGTERM)
                line.wait(30)
        events = [json.loads(text) for text in open(os.path.join(folder, "out"))]
        verdicts = [event["outcome"] for event in events if event["event"] == "verdict"]
        bad = [outcome for outcome in verdicts if outcome not in ("passed", "cancelled")]
        say("the line", not bad and verdicts.count("passed") >= 14, f"{verdicts.count('passed')} units passed meanwhile, {len(bad)} did not")
        logs = os.path.join(folder, "logs")
        text = "".join(open(os.path.join(logs, name), errors="replace").read() for name in os.listdir(logs))
        refused = [line for line in text.splitlines() if "board: " in line]
        longest = max(map(len, refused), default=0)
        say("the log", any("board: refused" in line for line in refused) and len(refused) < 300 and longest < 600 and "\x1b" not in text,
            f"{len(refused)} lines of the board are in it, the longest of {longest} characters")
    return 1 if failures else 0


def started(folder):
    end = time.monotonic() + 30
    while time.monotonic() < end:
        first = open(os.path.join(folder, "out")).readline()
        if first.endswith("\n"):
            return json.loads(first)
        time.sleep(0.1)
    raise SystemExit("the line did not start")


def attack_all(folder, line, options):
    board = Board(int(started(folder)["board"].rstrip("/").rsplit(":", 1)[1]))
    done = threading.Event()
    people = threading.Thread(target=keep_plugging, args=(folder, done))
    people.start()
    try:
        refused_requests(board)
        traversal(board)
        oversized(board)
        malformed(board)
        pin_guessing(board)
        names(board)
        flood(board)
        slow(board)
        slow_bodies(board)
        many(board, options.connections)
    finally:
        done.set()
        people.join()
    say("the program", line.poll() is None, "still runs" if line.poll() is None else f"ended with {line.returncode}")


if __name__ == "__main__":
    sys.exit(main())
