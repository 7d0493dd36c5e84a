#!/usr/bin/python3
"""Edits the pages of records and gives them to every command that reads a file of somebody else.

  databases.py PROGRAM RECIPE [SECONDS] [SEED]

No command may end by a signal, say "internal error", use more than 10 s of CPU, sleep for 15 s, grow past 512 MiB, or
write a byte that steers a terminal. (A busy host makes it wait for the CPU, which is no fault of its.) What breaks that is left in ./found-databases. By hand: 600 seconds.
"""
import os
import random
import re
import resource
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time

CPU_SECONDS = 10
SLEEP_SECONDS = 15  # SQLite waits 5 s for a lock
WALL_SECONDS = 600
MOST_MEMORY_KIB = 512 << 10
GOOD_STATUS = {0, 1, 64, 65, 66, 69, 73, 74, 75, 77, 78}
# What a terminal obeys, as UTF-8: C0 but line breaks and tabs, DEL, C1, marks that turn the line.
STEERS = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]|\r(?!\n)")


def limits():
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS + 1))
    resource.setrlimit(resource.RLIMIT_FSIZE, (256 << 20, 256 << 20))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def state_of(pid):
    """"R" where it works or waits for a CPU; and the CPU that it has used, in ticks."""
    with open(f"/proc/{pid}/stat", encoding="ascii", errors="replace") as file:
        fields = file.read().rpartition(")")[2].split()
    return fields[0], int(fields[11]) + int(fields[12])


def run(program, arguments, folder):
    """What is wrong with how the command went; None if nothing is."""
    with open(folder + "/out", "wb") as out, open(folder + "/err", "wb") as err:
        child = subprocess.Popen([program, *arguments], stdin=subprocess.DEVNULL, stdout=out, stderr=err,
                                 preexec_fn=limits, cwd=folder,
                                 env={"HOME": folder, "PATH": os.environ["PATH"], "LANG": "C.UTF-8",
                                      "ASAN_OPTIONS": "quarantine_size_mb=8:detect_leaks=0"})
        begun = asleep_since = time.monotonic()
        used = -1
        while True:
            pid, status, usage = os.wait4(child.pid, os.WNOHANG)
            if pid:
                break
            now = time.monotonic()
            state, used_now = state_of(child.pid)
            if state == "R" or used_now != used:
                asleep_since, used = now, used_now
            if now - asleep_since > SLEEP_SECONDS or now - begun > WALL_SECONDS:
                os.kill(child.pid, signal.SIGKILL)
                os.wait4(child.pid, 0)
                child.returncode = -9
                return f"waits: asleep for {now - asleep_since:.0f} of {now - begun:.0f} s"
            time.sleep(0.005)
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode < 0:
        return f"ended by signal {-child.returncode}"
    if child.returncode not in GOOD_STATUS:
        return f"ended with status {child.returncode}"
    if usage.ru_maxrss > MOST_MEMORY_KIB:
        return f"grew to {usage.ru_maxrss >> 10} MiB"
    for name in ("out", "err"):
        with open(folder + "/" + name, "rb") as file:
            said = file.read()
        if b"internal error" in said or b"AddressSanitizer" in said or b"runtime error" in said:
            return "has an error of its own: " + said[-300:].decode(errors="replace")
        try:
            text = said.decode()
        except UnicodeDecodeError as error:
            return f"wrote bytes to {name} that are no UTF-8: {error}"
        if found := STEERS.search(text):
            return f"wrote {found.group()!a} to {name}: {text[max(0, found.start() - 40):found.end()]!a}"
    return None


def commands(record, target):
    yield ["audit", "verify", "--db", record]
    yield ["audit", "verify", "--images", "--db", record]
    yield ["report", "--db", record]
    for form in ("json", "jsonl", "csv", "html"):
        yield ["report", "--db", record, "--format", form]
    yield ["report", "--db", record, "--by", "slot"]
    yield ["report", "--db", record, "--holds", "user.bin"]
    yield ["report", "--db", record, "--unit", "3b002c001847353236343033"]
    yield ["job", "list", "--db", record]
    yield ["job", "export", "J-1", "--db", record, "-o", target + ".order"]
    yield ["job", "import", record, "--db", target]
    yield ["db", "merge", record, "--db", target]
    yield ["db", "backup", target + ".backup", "--db", record]
    yield ["audit", "verify", "--db", target, "--against", record]


def make_records(program, recipe, folder):
    """Records to begin with: a whole one, one with its -wal, an export."""
    def do(*arguments):
        # A unit may fail on a busy host; there is a record of it all the same.
        subprocess.run([program, *arguments], cwd=folder, check=False, stdout=subprocess.DEVNULL,
                       stderr=subprocess.DEVNULL,
                       env={"HOME": folder, "PATH": os.environ["PATH"], "LANG": "C.UTF-8"})
    base = folder + "/base.db"
    do("job", "open", "J-1", "--quantity", "4", "--db", base)
    do("flash", recipe, "--line", "virtual", "--units", "4", "--speed", "20", "--job", "J-1", "--db", base)
    do("job", "export", "J-1", "--db", base, "-o", folder + "/order.db")
    connection = sqlite3.connect(base)
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()
    whole = open(base, "rb").read()
    # A -wal with every page of the record in it.
    connection = sqlite3.connect(base, isolation_level=None)
    connection.execute("PRAGMA wal_autocheckpoint = 0")
    connection.execute("VACUUM")
    wal = open(base + "-wal", "rb").read()
    shm = open(base + "-shm", "rb").read()
    connection.close()
    order = open(folder + "/order.db", "rb").read()
    return [(whole, b"", b""), (whole, wal, shm), (order, b"", b"")]


def page_size(data):
    size = int.from_bytes(data[16:18], "big")
    return 65536 if size == 1 else size if 512 <= size <= 32768 else 4096


def change_bytes(rng, page):
    for _ in range(rng.choice((1, 1, 2, 8))):
        page[rng.randrange(len(page))] = rng.choice((0, 1, 5, 0x0D, 0x1B, 0x7F, 0x80, 0xFF, rng.randrange(256)))


def change_head(rng, page):
    """The header of a page of a tree: kind, cells, where they begin, the right child."""
    at, size = rng.choice(((0, 1), (1, 2), (3, 2), (5, 2), (7, 1), (8, 4)))
    page[at:at + size] = rng.choice((0, 1, 2, 5, 255, rng.randrange(1 << 8 * size))).to_bytes(4, "big")[4 - size:]


def change_pointer(rng, page):
    """Where a cell lies, or which page is its child."""
    cells = int.from_bytes(page[3:5], "big")
    if not cells:
        return
    at = (12 if page[0] in (2, 5) else 8) + 2 * rng.randrange(min(cells, 200))
    if at + 2 > len(page):
        return
    cell = int.from_bytes(page[at:at + 2], "big")
    if rng.random() < 0.5 or cell + 9 > len(page):
        page[at:at + 2] = rng.choice((0, cell + 1, len(page) - 1, rng.randrange(65536))).to_bytes(4, "big")[2:]
    else:
        page[cell:cell + 4] = rng.choice((1, 2, 3, rng.randrange(40), 1 << 31)).to_bytes(4, "big")


def edit_pages(rng, data):
    size = page_size(data)
    data = bytearray(data)
    pages = max(1, len(data) // size)
    for _ in range(rng.choice((1, 1, 1, 2, 5))):
        number = rng.randrange(pages)
        at = number * size
        page = bytearray(data[at:at + size])
        skip = 100 if number == 0 else 0
        body = page[skip:]
        kind = rng.randrange(8)
        if kind < 2:
            change_bytes(rng, body)
        elif kind < 4:
            change_head(rng, body)
        elif kind < 6:
            change_pointer(rng, body)
        elif kind == 6:
            other = rng.randrange(pages) * size
            body = bytearray(data[other + skip:other + size])
        else:
            body = bytearray(len(body))
        page[skip:] = body[:size - skip].ljust(size - skip, b"\0")
        data[at:at + size] = page
    if rng.random() < 0.2:  # the header of the file
        at, length = rng.choice(((16, 2), (18, 1), (19, 1), (20, 1), (24, 4), (28, 4), (32, 4), (36, 4), (40, 4), (44, 4),
                                 (52, 4), (56, 4), (60, 4), (64, 4), (92, 4)))
        data[at:at + length] = rng.choice((0, 1, 2, 0xFFFFFFFF, rng.randrange(1 << 32))).to_bytes(4, "big")[4 - length:]
    if rng.random() < 0.05:
        del data[rng.randrange(len(data)):]
    return bytes(data)


ENDLESS = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT i AS chain, i AS seq, 0 AS at FROM n"


def edit_schema(rng, path):
    """What somebody who knows SQL would do."""
    connection = sqlite3.connect(path, isolation_level=None)
    tables = [name for name, in connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")]
    table = rng.choice(tables)
    other = rng.choice(tables)
    try:
        connection.execute("PRAGMA foreign_keys = OFF")
        connection.execute("PRAGMA writable_schema = ON")
        for statement in rng.choice((
                ["DROP TABLE " + table, f"CREATE VIEW {table} AS {ENDLESS}"],
                [f"CREATE VIEW extra AS {ENDLESS}"],
                [f"UPDATE sqlite_schema SET rootpage = (SELECT rootpage FROM sqlite_schema WHERE name = '{other}') "
                 f"WHERE name = '{table}'"],
                [f"UPDATE sqlite_schema SET rootpage = {rng.randrange(60)} WHERE name = '{table}'"],
                [f"UPDATE sqlite_schema SET sql = replace(sql, 'TEXT', 'BLOB') WHERE name = '{table}'"],
                [f"UPDATE sqlite_schema SET sql = sql || ' -- \x1b[31m' WHERE name = '{table}'"],
                [f"UPDATE sqlite_schema SET sql = 'CREATE VIEW {table} AS {ENDLESS}', type = 'view', rootpage = 0 "
                 f"WHERE name = '{table}'"],
                ["DELETE FROM sqlite_schema WHERE type = 'trigger'",
                 "UPDATE attempt_started SET serial = CAST(x'1b5b33316dff0a' AS TEXT), operator = CAST(x'c29b' AS TEXT)"],
                ["DELETE FROM sqlite_schema WHERE type = 'trigger'",
                 "UPDATE station SET name = CAST(x'1b5d303b780a07e280ae' AS TEXT)"],
                ["PRAGMA user_version = " + str(rng.choice((-1, 0, 1, 2, 3, 4, 5, 99)))],
                ["PRAGMA application_id = " + str(rng.randrange(3))],
        )):
            connection.execute(statement)
    except sqlite3.Error:
        pass
    connection.close()


def make_hostile(rng, records, path):
    whole, wal, shm = rng.choice(records)
    kind = rng.randrange(10)
    with open(path, "wb") as file:
        file.write(edit_pages(rng, whole) if kind < 6 else whole)
    if kind >= 8:
        edit_schema(rng, path)
    if wal:
        for suffix, data in (("-wal", wal), ("-shm", shm)):
            if rng.random() < 0.5:
                data = bytearray(data)
                change_bytes(rng, data)
            with open(path + suffix, "wb") as file:
                file.write(data)
    if rng.random() < 0.05:
        with open(path + "-journal", "wb") as file:
            file.write(bytes.fromhex("d9d505f920a163d7") + rng.randbytes(600))
    if rng.random() < 0.03:
        suffix = rng.choice(("-wal", "-shm", "-journal", ".lock"))
        if not os.path.exists(path + suffix):
            rng.choice((lambda: os.mkfifo(path + suffix), lambda: os.symlink("/dev/zero", path + suffix)))()


def main():
    program, recipe = map(os.path.abspath, sys.argv[1:3])
    seconds = float(sys.argv[3]) if len(sys.argv) > 3 else 600
    seed = int(sys.argv[4]) if len(sys.argv) > 4 else random.randrange(1 << 32)
    rng = random.Random(seed)
    print(f"seed {seed}", flush=True)
    files = runs = broken = 0
    slowest = (0.0, "")
    with tempfile.TemporaryDirectory(prefix="flashline-databases-") as folder:
        records = make_records(program, recipe, folder)
        end = time.monotonic() + seconds
        while time.monotonic() < end and broken < 10:
            work = folder + "/work"
            os.mkdir(work)
            make_hostile(rng, records, work + "/hostile.db")
            files += 1
            all_commands = list(commands(work + "/hostile.db", work + "/target.db"))
            for command in rng.sample(all_commands, 4):
                keep = [name for name in os.listdir(work) if name.startswith("hostile.db")]
                before = time.monotonic()
                problem = run(program, command, work)
                slowest = max(slowest, (time.monotonic() - before, " ".join(command[:2])))
                runs += 1
                if problem:
                    broken += 1
                    print(f"file {files}: {' '.join(command)}: {problem}", flush=True)
                    found = f"found-databases/{seed}-{files}"
                    os.makedirs(found, exist_ok=True)
                    for name in keep:
                        if os.path.isfile(work + "/" + name) and not os.path.islink(work + "/" + name):
                            shutil.copy(work + "/" + name, found)
            shutil.rmtree(work)
    print(f"{files} files, {runs} commands, the slowest {slowest[1]} in {slowest[0]:.1f} s, {broken} broken promises")
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
