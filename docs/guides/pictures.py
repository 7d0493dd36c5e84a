#!/usr/bin/python3
"""Makes the pictures of the guides from the running program, so that they show what it shows today.

    docs/guides/pictures.py PROGRAM EXAMPLES [FOLDER]

PROGRAM is a built flashline, EXAMPLES the folder with the example recipes and their images (build/config/examples),
FOLDER where the pictures go (docs/pictures). It starts `flashline run --board` on a virtual line with two bad units, and
looks at it with Chromium, in English and in Chinese. Debian's packages chromium, chromium-driver, python3-selenium, and
fonts-liberation and fonts-wqy-zenhei to write with, and pngquant, without which a picture is larger than its limit.
"""

import base64
import json
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

from selenium import webdriver
from selenium.webdriver.chrome.service import Service

PATIENCE = 60  # seconds
WIDTH, HEIGHT = 1280, 800

# Unit 3 stores a wrong byte at each attempt: set aside. Unit 6 stops answering at each attempt: try again.
FAULTS = {3: ("corrupt", "address:0x08044000", 99), 6: ("hang", "block:60", 9)}
LATE = 8  # plugged in while the pictures are taken, and slow enough to be seen at work


def line_file():
    text = '[line]\nspeed = 3\ncontrol = "line.ctl"\n[[hub]]\nport = "1-1"\nports = 8\ntt = "multi"\npower = "none"\n'
    for unit in range(1, 9):
        text += f'[[unit]]\nport = "1-1.{unit}"\ngeneration = 8\nid = "3b00{20 + unit}001847353236343033"\n'
        if unit >= LATE - 1:
            text += 'starts = "absent"\n'
        if unit in FAULTS:
            kind, at, times = FAULTS[unit]
            text += f'[[unit.fault]]\nkind = "{kind}"\nat = "{at}"\ntimes = {times}\n'

    return text


def station_file():
    slots = "".join(f'[[slot]]\nport = "1-1.{n}"\nlabel = "A{n}"\n' for n in range(1, 9))
    return f'name = "line-1"\n[[hub]]\nport = "1-1"\nlabel = "left"\n{slots}'


def wait(condition, what):
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        found = condition()
        if found:
            return found
        time.sleep(0.1)
    raise SystemExit(f"never seen: {what}")


def hand(folder, command):
    with socket.socket(socket.AF_UNIX) as line:
        line.connect(str(folder / "line.ctl"))
        line.sendall(command.encode() + b"\n")
        answer = line.makefile().readline().strip()
    if answer != "ok":
        raise SystemExit(f"{command}: {answer}")


def browser(home):
    options = webdriver.ChromeOptions()
    options.binary_location = shutil.which("chromium")
    for argument in ("--headless=new", "--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu", "--no-first-run",
                     "--disable-background-networking", "--hide-scrollbars", f"--window-size={WIDTH},{HEIGHT}"):
        options.add_argument(argument)
    service = Service(shutil.which("chromedriver"), env={**os.environ, "HOME": home})
    return webdriver.Chrome(service=service, options=options)


class Photographer:
    def __init__(self, driver, url, folder):
        self.driver, self.url, self.folder = driver, url, folder

    def speak(self, language):
        self.driver.get(self.url)
        self.driver.execute_script("localStorage.setItem('flashline.language', arguments[0])", language)
        self.driver.get("about:blank")
        self.driver.get(self.url)

    def open(self, where, text):
        self.driver.execute_script("location.hash = arguments[0]", f"#/{where}")
        wait(lambda: text in self.text(), f"{text} on {where}")
        time.sleep(1)  # for what comes with the next message of the station

    def text(self):
        return self.driver.execute_script("return document.body.innerText")

    def shoot(self, name, height=HEIGHT):
        clip = {"x": 0, "y": 0, "width": WIDTH, "height": height, "scale": 1}
        self.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride",
                                    {"width": WIDTH, "height": height, "deviceScaleFactor": 1, "mobile": False})
        time.sleep(0.3)
        answer = self.driver.execute_cdp_cmd("Page.captureScreenshot", {"clip": clip})
        path = self.folder / f"{name}.png"
        path.write_bytes(base64.b64decode(answer["data"]))
        if shutil.which("pngquant"):
            subprocess.run(["pngquant", "--force", "--ext", ".png", "--strip", path], check=True)
        size = path.stat().st_size
        print(f"{path.name}: {size:,} bytes")
        if size > 100_000:
            raise SystemExit(f"{path} is larger than 100 kB" + ("" if shutil.which("pngquant") else ": install pngquant"))


def take(program, examples, pictures, work):
    (work / "line.toml").write_text(line_file())
    (work / "station.toml").write_text(station_file())
    record = ["--station", "station.toml", "--db", "line-1.db"]
    subprocess.run([program, "job", "open", "WO-1", "--quantity", "12", "--product", "sensor", "--lot", "L-48",
                    "--operator", "Li", *record], cwd=work, check=True, stdout=subprocess.DEVNULL)
    station = subprocess.Popen(
        [program, "run", examples / "photon.toml", *record, "--line", "line.toml", "--job", "WO-1", "--operator", "Li",
         "--board", "127.0.0.1:0", "--json"], cwd=work, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    driver = None
    try:
        url, verdicts = "", 0
        for line in station.stdout:
            event = json.loads(line)
            url = event.get("board") or url
            verdicts += event["event"] == "verdict"
            if verdicts == 6:
                break
        driver = browser(str(work))
        photographer = Photographer(driver, url.rstrip("/"), pictures)
        for language, pass_word, fail_word, order_word, work_word in (
                ("en", "PASS", "FAIL", "still to make of 12", "Writing"), ("zh-CN", "合格", "不合格", "还需生产", "写入中")):
            suffix = "" if language == "en" else ".zh"
            photographer.speak(language)
            photographer.open("line", pass_word)
            hand(work, f"fresh 1-1.{LATE}")  # another unit in this socket, which is seen at work
            wait(lambda word=work_word: word in photographer.text(), f"a unit at work, {work_word}")
            photographer.shoot("line" + suffix)
            time.sleep(4)  # until it has passed
            hand(work, f"pull 1-1.{LATE}")
            photographer.open("slot/1-1.3", fail_word)
            photographer.shoot("slot" + suffix, 900)
            photographer.open("job", order_word)
            photographer.shoot("order" + suffix)
    finally:
        if driver:
            driver.quit()
        station.send_signal(signal.SIGTERM)
        try:
            station.communicate(timeout=PATIENCE)
        except subprocess.TimeoutExpired:
            station.kill()


def main():
    if len(sys.argv) not in (3, 4):
        raise SystemExit(__doc__)
    program, examples = (pathlib.Path(word).resolve() for word in sys.argv[1:3])
    pictures = pathlib.Path(sys.argv[3] if len(sys.argv) > 3 else pathlib.Path(__file__).parent.parent / "pictures").resolve()
    with tempfile.TemporaryDirectory(prefix="flashline-pictures-") as work:
        take(program, examples, pictures, pathlib.Path(work))


main()
