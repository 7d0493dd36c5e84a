#!/usr/bin/env python3
"""What boards cost a line: 64 virtual units flash, watched by none, one and fifty boards.

    board_bench.py FLASHLINE RECIPE [--units 64] [--boards 50] [--rounds 3]

Prints, for each number of boards, the line's makespan (from the start to the last verdict), the bytes a second and the
messages a second that one board gets, and the CPU that the board's threads use, in percent of one core. In one run
and in turn, so that whatever else the machine does meets all of them. Asserts nothing.
"""
import argparse
import json
import os
import signal
import socket
import statistics
import subprocess
import tempfile
import threading
import time

TICKS = os.sysconf("SC_CLK_TCK")


def cpu_of(process, of_board):
    """Seconds of CPU of the threads of the board (which are nice), or of all the others."""
    total = 0
    for thread in os.listdir(f"/proc/{process}/task"):
        try:
            fields = open(f"/proc/{process}/task/{thread}/stat").read().rsplit(")", 1)[1].split()
        except OSError:
            continue
        if (int(fields[16]) >= 10) == of_board:
            total += int(fields[11]) + int(fields[12])
    return total / TICKS


class Watcher(threading.Thread):
    """An open board: counts what it is sent."""

    def __init__(self, port):
        super().__init__()
        self.bytes = self.messages = 0
        self.link = socket.create_connection(("127.0.0.1", port))
        self.link.sendall(b"GET /api/events HTTP/1.1\r\nHost: localhost\r\n\r\n")
        self.start()

    def run(self):
        try:
            while data := self.link.recv(65536):
                self.bytes += len(data)
                self.messages += data.count(b"event: ")
        except OSError:
            pass


def one_run(program, recipe, units, boards):
    with tempfile.TemporaryDirectory() as folder:
        command = [program, "run", recipe, "--line", "virtual", "--units", str(units), "--db", "r.db", "--json",
                   "--board", "127.0.0.1:0"]
        line = subprocess.Popen(command, cwd=folder, stdout=subprocess.PIPE, text=True)
        port = int(json.loads(line.stdout.readline())["board"].rstrip("/").rsplit(":", 1)[1])
        begin, cpu = time.monotonic(), cpu_of(line.pid, True)
        watchers = [Watcher(port) for _ in range(boards)]
        verdicts = 0
        while verdicts < units:
            verdicts += json.loads(line.stdout.readline())["event"] == "verdict"
        seconds = time.monotonic() - begin
        cpu = cpu_of(line.pid, True) - cpu
        whole = cpu_of(line.pid, False)
        line.send_signal(signal.SIGTERM)
        line.communicate()
        for watcher in watchers:
            watcher.join()
    each = max(1, boards)
    return {"seconds": seconds, "bytes": sum(w.bytes for w in watchers) / each / seconds,
            "messages": sum(w.messages for w in watchers) / each / seconds, "cpu": 100 * cpu / seconds,
            "line_cpu": 100 * whole / seconds}


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("flashline")
    arguments.add_argument("recipe")
    arguments.add_argument("--units", type=int, default=64)
    arguments.add_argument("--boards", type=int, default=50)
    arguments.add_argument("--rounds", type=int, default=3)
    options = arguments.parse_args()
    program, recipe = os.path.abspath(options.flashline), os.path.abspath(options.recipe)
    runs = {0: [], 1: [], options.boards: []}
    for _ in range(options.rounds):
        for boards, results in runs.items():
            results.append(one_run(program, recipe, options.units, boards))
    print(f"{options.units} units, median of {options.rounds} rounds")
    print("boards  makespan s  ratio  bytes/s of each  messages/s  CPU of the board %  CPU of the line %")
    alone = statistics.median(run["seconds"] for run in runs[0])
    for boards, results in runs.items():
        median = {key: statistics.median(run[key] for run in results) for key in results[0]}
        print(f"{boards:6}  {median['seconds']:10.2f}  {median['seconds'] / alone:5.3f}  {median['bytes']:15.0f}  "
              f"{median['messages']:10.1f}  {median['cpu']:18.1f}  {median['line_cpu']:17.1f}")


if __name__ == "__main__":
    main()
