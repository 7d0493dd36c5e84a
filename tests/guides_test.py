"""The guides in docs/guides against the program and the tree: links and files are there, commands are known to the
program, fault codes are those of the program with what it does about each, and the words for operators are those that
the board shows. verify_record.py is run on a record that the program wrote, and on one that was changed.

    guides_test.py SOURCE PROGRAM EXAMPLES
"""

import functools
import json
import pathlib
import re
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import unittest
import urllib.parse

SOURCE, PROGRAM, EXAMPLES = (pathlib.Path(word).resolve() for word in sys.argv[1:4])
# Pages are named without their ending: tests/citation_test.cpp would look for a heading behind it.
DOCS = SOURCE / "docs"
GUIDES = sorted((DOCS / "guides").glob("*.md"))
OPERATORS = (("guides/operators", "en"), ("guides/operators.zh", "zh-CN"))


def run(*command, cwd=None, status=0):
    ran = subprocess.run([str(word) for word in command], cwd=cwd, capture_output=True, text=True, check=False)
    if ran.returncode != status:
        raise AssertionError(f"{command}: exit status {ran.returncode}\n{ran.stdout}{ran.stderr}")
    return ran.stdout + ran.stderr


def page(name):
    return (DOCS / f"{name}.md").read_text()


def blocks_of(text):
    return re.findall(r"^```\w*\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)


def prose_of(text):
    return re.sub(r"^```\w*\n.*?^```$", "", text, flags=re.MULTILINE | re.DOTALL)


def anchors_of(document):
    headings = re.findall(r"^#+ (.+)$", prose_of(document.read_text()), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


class Links(unittest.TestCase):
    def test_each_leads_to_a_file_and_to_a_heading_in_it(self):
        for guide in GUIDES:
            for link in re.findall(r"\]\(([^)\s]+)\)", prose_of(guide.read_text())):
                name, _, heading = link.partition("#")
                target = (guide.parent / name) if name else guide
                with self.subTest(guide=guide.name, link=link):
                    self.assertTrue(target.is_file(), "there is no such file")
                    if heading:
                        self.assertIn(heading, anchors_of(target))

    def test_files_of_the_tree_that_commands_name_are_there(self):
        for guide in GUIDES:
            for word in re.findall(r"(?<![\w/.])(?:docs|station|config|tests|debian)/[\w./*-]+", "\n".join(blocks_of(guide.read_text()))):
                with self.subTest(guide=guide.name, word=word):
                    self.assertTrue(list(SOURCE.glob(word)), "there is no such file")

    def test_pictures_are_small_and_each_is_in_a_guide(self):
        texts = "".join(guide.read_text() for guide in GUIDES)
        pictures = [picture for picture in (DOCS / "pictures").glob("*.png") if picture.name != "board.png"]
        self.assertGreater(len(pictures), 3)
        for picture in pictures:
            with self.subTest(picture=picture.name):
                self.assertTrue(f"../pictures/{picture.name})" in texts, "it is in no guide")
                self.assertLess(picture.stat().st_size, 100_000)


@functools.cache
def help_of(command):
    """Subcommands and options of a command, by what the program prints."""
    text = run(PROGRAM, *command, "--help")
    commands = re.search(r"^Commands:\n(.*?)\n\n", text + "\n\n", re.MULTILINE | re.DOTALL)
    names = set(re.findall(r"^  ([a-z-]+)", commands[1], re.MULTILINE)) if commands else set()
    options = set(re.findall(r"(?<![\w-])(--?[a-z][a-z-]*)", "\n".join(re.findall(r"^  (-\S+)", text, re.MULTILINE))))
    return names, options


def commands_of(text):
    """Every command line of flashline: in blocks after `$ `, in prose between backquotes."""
    found = [line[2:] for block in blocks_of(text) for line in block.splitlines() if line.startswith("$ flashline ")]
    return found + re.findall(r"`(flashline [^`]+)`", prose_of(text))


class Commands(unittest.TestCase):
    def test_each_command_and_option_is_known_to_the_program(self):
        seen = 0
        for guide in GUIDES:
            for line in commands_of(guide.read_text()):
                words = line.split()[1:]
                command = []
                while words and words[0] in help_of(tuple(command))[0]:
                    command.append(words.pop(0))
                seen += 1
                with self.subTest(guide=guide.name, line=line):
                    self.assertTrue(command, "no such command")
                    names, options = help_of(tuple(command))
                    self.assertFalse(names, "a command of its own is missing behind it")
                    for word in words:
                        if word.startswith("-"):
                            self.assertIn(word.partition("=")[0], options)
        self.assertGreater(seen, 30, "commands were not found")


def table_rows(text, columns):
    for line in text.splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if line.startswith("| `") and len(cells) == columns:
            yield cells


class FaultCodes(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        text = page("guides/engineers")
        cls.rows = {cells[0].strip("`"): cells for cells in table_rows(text[text.index("## Fault codes"):], 6)}

    def test_each_of_the_formats_is_in_the_guide_and_the_reverse(self):
        text = page("formats")
        section = text[text.index("### Fault codes"):]
        section = section[:section.index("\n## ")]
        listed = [code for cells in table_rows(section, 2) for code in re.findall(r"`([^`]+)`", cells[1])]
        self.assertGreater(len(listed), 20)
        self.assertEqual(sorted(listed), sorted(self.rows))

    def test_the_guide_says_what_the_station_does(self):
        recovery = {"none": "none", "rungs": "steps", "start": "restart"}
        policies = re.findall(r"FaultPolicy\{FaultCode::(\w+), \w+, (true|false), (\w+), (\w+)\}",
                              (SOURCE / "scheduler" / "fault_policy.cpp").read_text())
        self.assertEqual(len(policies), len(self.rows))
        for code, retry, does, remedy in policies:
            wanted = ["yes" if retry == "true" else "no", recovery[does], remedy.replace("_", " ")]
            with self.subTest(code=code):
                self.assertEqual(self.rows[code.replace("_", "-")][2:5], wanted)


class Words(unittest.TestCase):
    def test_bold_words_for_operators_are_those_of_the_board(self):
        for guide, language in OPERATORS:
            texts = json.loads((SOURCE / "station/board/www/lang" / f"{language}.json").read_text())
            shown = {re.sub(r"\{n\}", "0", form) for value in texts.values()
                     for form in (value.values() if isinstance(value, dict) else [value])}
            words = re.findall(r"\*\*(.+?)\*\*", page(guide))
            self.assertGreater(len(words), 40)
            for word in words:
                with self.subTest(guide=guide, word=word):
                    self.assertTrue(re.sub(r"\d+", "0", word) in shown, "the board shows no such words")

    def test_each_advice_of_the_board_is_explained(self):
        for guide, language in OPERATORS:
            texts = json.loads((SOURCE / "station/board/www/lang" / f"{language}.json").read_text())
            text = page(guide)
            for key, word in texts.items():
                if key.startswith(("act.", "outcome.", "phase.")) and key != "outcome.running":
                    with self.subTest(guide=guide, key=key):
                        self.assertTrue(f"**{word}**" in text, "it is not explained")


def bare(text):
    """Its lines without what differs from run to run: ids, hashes, keys, numbers, times, blanks."""
    text = re.sub(r"\b[0-9a-f]{8}-[0-9a-f-]{27}\b|\b[0-9a-f]{12,}\b|\bRW[\w+/=]{50,}|\d[\d.,:]*", "#", text)
    return [re.sub(r"\s+", " ", line).strip() for line in text.splitlines()]


class AsShown(unittest.TestCase):
    def test_who_types_the_commands_of_the_guides_sees_what_they_show(self):
        """From the virtual line on to the forgeries, one after the other in one folder."""
        for tool in ("minisign", "sqlite3"):
            if not shutil.which(tool):
                self.skipTest(f"there is no {tool}")
        text = page("guides/first-line")
        text = text[text.index("### 1. Look at the line"):text.index("### 6. The board")] + page("guides/auditors")
        with tempfile.TemporaryDirectory() as name:
            folder = pathlib.Path(name)
            for file in (*(DOCS / "guides" / "first-line").iterdir(), *EXAMPLES.iterdir(), DOCS / "guides" / "verify_record.py"):
                shutil.copy(file, folder)
            for block in blocks_of(text):
                if block.startswith("$ "):
                    self.type_and_compare(block, folder)

    def test_recipes_and_faults_are_as_engineers_read(self):
        recipes = DOCS / "guides" / "recipes"
        shown = [block for block in blocks_of(page("guides/engineers")) if not block.startswith("$ ")]
        for file in recipes.glob("*.toml"):
            with self.subTest(file=file.name):
                self.assertIn(file.read_text().split("\n", 1)[1], shown, "it is not in the guide as it is")
        with tempfile.TemporaryDirectory() as name:
            folder = pathlib.Path(name)
            for file in (*EXAMPLES.iterdir(), *recipes.iterdir()):
                shutil.copy(file, folder)
            for block in blocks_of(page("guides/engineers")):
                if block.startswith("$ "):
                    self.type_and_compare(block, folder)

    def type_and_compare(self, block, folder):
        for command, shown in re.findall(r"^\$ (.*)\n((?:(?!\$ ).*\n)*)", block, re.MULTILINE):
            typed = re.sub(r"^flashline\b", f"'{PROGRAM}'", command)
            ran = subprocess.run(["bash", "-c", typed], cwd=folder, capture_output=True, text=True, check=False)
            if "This computer did not run the program for" in ran.stdout:
                continue  # it has other work, and a virtual line that is faster than a real one cannot wait for that
            printed = bare(ran.stdout + ran.stderr)
            for line in bare(shown):
                with self.subTest(command=command, line=line):
                    self.assertTrue(line == "..." or line in printed, "printed was:\n" + "\n".join(printed))


class Record(unittest.TestCase):
    def test_the_chain_is_checked_without_flashline(self):
        script = DOCS / "guides" / "verify_record.py"
        with tempfile.TemporaryDirectory() as name:
            folder = pathlib.Path(name)
            for file in (DOCS / "guides" / "first-line").iterdir():
                shutil.copy(file, folder)
            station = ("--station", "station.toml")
            run(PROGRAM, "job", "open", "WO-1", "--quantity", 4, *station, cwd=folder)
            run(PROGRAM, "flash", EXAMPLES / "photon.toml", *station, "--line", "line.toml", "--speed", 2, "--job", "WO-1",
                cwd=folder)
            run(PROGRAM, "job", "close", "WO-1", *station, "-o", "WO-1.txt", cwd=folder)
            report = run(PROGRAM, "report", *station, cwd=folder)
            for unit in re.findall(r'^id = "(\w+)"', (folder / "line.toml").read_text(), re.MULTILINE):
                self.assertIn(unit, report, "a row of the first report has no id")
            run(PROGRAM, "db", "backup", "copy.db", *station, cwd=folder)
            said = run(sys.executable, script, "copy.db", "WO-1.txt", cwd=folder)
            self.assertIn("is in this record, with the same hash", said)

            changed = sqlite3.connect(folder / "copy.db")
            changed.executescript("DROP TRIGGER visit_no_update; UPDATE visit SET slot = 'A9' WHERE slot = 'A3'")
            changed.close()
            self.assertIn("(visit) is not as it was written", run(sys.executable, script, "copy.db", cwd=folder, status=1))

            (folder / "other.txt").write_text(re.sub(r"(?m)^hash: .*", "hash: " + 64 * "0", (folder / "WO-1.txt").read_text()))
            run(PROGRAM, "db", "backup", "again.db", *station, cwd=folder)
            self.assertIn("BROKEN", run(sys.executable, script, "again.db", "other.txt", cwd=folder, status=1))


@unittest.skipUnless(shutil.which("lowdown"), "there is no lowdown")
class Site(unittest.TestCase):
    def test_each_link_within_it_leads_somewhere(self):
        with tempfile.TemporaryDirectory() as name:
            site = pathlib.Path(name).resolve()
            run(DOCS / "site.sh", site)
            pages = {page: page.read_text() for page in site.rglob("*.html")}
            self.assertGreater(len(pages), 20)
            for page, text in pages.items():
                for link in set(re.findall(r'(?:href|src)="([^"]+)"', text)):
                    if "://" in link or link.startswith("mailto:"):
                        continue
                    target, _, heading = urllib.parse.unquote(link).partition("#")
                    file = (page.parent / target).resolve() if target else page
                    with self.subTest(page=str(page.relative_to(site)), link=link):
                        self.assertTrue(file.exists(), "there is no such file")
                        if heading and file in pages:
                            self.assertTrue(f'id="{heading}"' in pages[file], "there is no such heading")


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1] + sys.argv[4:])
