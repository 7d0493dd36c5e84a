"""The HTML report, opened from the file system in a browser: it loads nothing, says nothing in the console, can be
searched and sorted, and is right in light, dark, on a phone and on paper."""

import json

import browser


class ReportPage(browser.PageTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        database = cls.folder / "record.db"
        browser.tool("tests/make_record", database, 500, 450)
        cls.database = database
        cls.report = cls.folder / "report.html"
        browser.program("report", "--db", database, "--format", "html", "-o", cls.report)

    def column(self, page, head):
        heads = page.texts("#attempts thead th")
        at = next(i for i, text in enumerate(heads) if text.startswith(head))
        return page.texts(f"#attempts tbody tr td:nth-child({at + 1})")

    def sort(self, page, head):
        for button in page.all("#attempts thead button"):
            if button.text.startswith(head):
                page.js("arguments[0].click()", button)
                return
        self.fail(f"no column {head}")

    def test_the_search_leaves_the_rows_with_every_word(self):
        page = self.open(self.report)
        self.assertGreaterEqual(len(page.texts("#attempts tbody tr")), 500)
        page.find("#find").send_keys("failed A21")
        rows = page.texts("#attempts tbody tr")
        self.assertGreater(len(rows), 0)
        self.assertLess(len(rows), 100)
        for row in rows:
            self.assertIn("failed", row)
            self.assertIn("A21", row)
        self.assertTrue(page.find("#shown").text.startswith(f"{len(rows)} of 50"))

    def test_a_search_for_what_is_not_there_leaves_nothing_and_says_so(self):
        page = self.open(self.report)
        page.find("#find").send_keys("no such unit")
        self.assertEqual(page.texts("#attempts tbody tr"), [])
        self.assertTrue(page.find("#shown").text.startswith("0 of "))

    def test_each_column_sorts_up_and_down(self):
        page = self.open(self.report)
        for head in ("Slot", "Flash s", "Started"):
            before = self.column(page, head)
            self.sort(page, head)
            up = self.column(page, head)
            self.sort(page, head)
            down = self.column(page, head)
            self.assertEqual(sorted(before), sorted(up))
            self.assertNotEqual(up, down, head)
            self.assertEqual(up[0], down[-1], head)
        self.sort(page, "Slot")
        slots = self.column(page, "Slot")
        self.assertLess(slots.index("A2"), slots.index("A10"), "numbers sort as numbers")

    def test_it_follows_the_scheme_that_the_reader_prefers(self):
        light = self.open(self.report, scheme="light").style("body", "backgroundColor")
        dark = self.open(self.report, scheme="dark").style("body", "backgroundColor")
        self.assertEqual(light, "rgb(255, 255, 255)")
        self.assertNotEqual(light, dark)

    def test_it_never_has_to_be_pushed_sideways(self):
        for width, height in ((1920, 1080), (1024, 768), (390, 844)):
            page = self.open(self.report, width=width, height=height)
            self.assertLessEqual(page.width_needed(), width)
            for scheme in ("light", "dark"):
                page.media(scheme=scheme)
                page.picture(f"report-{width}-{scheme}")

    def test_paper_is_white_whatever_the_screen_is_and_has_no_search_field(self):
        page = self.open(self.report, scheme="dark")
        page.media(medium="print", scheme="dark")
        self.assertEqual(page.style("body", "backgroundColor"), "rgb(255, 255, 255)")
        self.assertEqual(page.style("#find", "display"), "none")

    def test_it_prints(self):
        page = self.open(self.report)
        paper = self.folder / "report.pdf"
        page.print_pdf(paper)
        self.assertTrue(paper.read_bytes().startswith(b"%PDF-"))
        self.assertGreater(paper.stat().st_size, 50_000)

    def test_every_drawing_is_there_and_says_what_it_is(self):
        page = self.open(self.report)
        names = page.js("return [...document.querySelectorAll('svg[role=img]')].map(e => e.getAttribute('aria-label'))")
        self.assertEqual(len(names), 7)
        self.assertTrue(all(names))
        self.assertEqual(page.texts("section h2")[:8], [
            "Yield over time", "Good units per hour", "Faults", "Cycle times", "Outcomes", "Retries",
            "Yield per slot", "Timeline"])
        self.assertEqual(len(page.all(".hub")), 8)
        self.assertEqual(len(page.all(".slot")), 64)

    def test_nothing_is_drawn_outside_of_its_drawing(self):
        page = self.open(self.report)
        outside = page.js("""
          const wrong = [];
          for (const svg of document.querySelectorAll('svg[role=img]')) {
            const box = svg.getBoundingClientRect();
            for (const text of svg.querySelectorAll('text')) {
              const at = text.getBoundingClientRect();
              if (at.left < box.left - 1 || at.right > box.right + 1 || at.bottom > box.bottom + 1)
                wrong.push(svg.getAttribute('aria-label') + ': ' + text.textContent);
            }
          }
          return wrong;""")
        self.assertEqual(outside, [])


class CappedPage(browser.PageTest):
    def test_a_table_that_is_cut_says_so_and_the_rest_is_still_searched(self):
        database, report = self.folder / "record.db", self.folder / "report.html"
        browser.tool("tests/make_record", database, 2100, 60)
        browser.program("report", "--db", database, "--format", "html", "-o", report)
        page = self.open(report)
        self.assertIn("The table holds the last 2000 of 21", page.find("body").text)
        self.assertEqual(page.js("return document.querySelectorAll('#attempts tbody tr').length"), 2000)


class JobPage(browser.PageTest):
    def test_the_certificate_of_a_closed_order_is_saved_as_it_was_signed(self):
        database, report, certificate = (self.folder / name for name in ("record.db", "job.html", "certificate"))
        browser.tool("tests/make_record", database, 300, 450)
        browser.program("job", "open", "J-0", "--quantity", 250, "--db", database)
        browser.program("job", "close", "J-0", "--db", database, "-o", certificate)
        browser.program("report", "--db", database, "--job", "J-0", "--format", "html", "-o", report)
        page = self.open(report)
        page.click("summary")
        text = page.js("return atob(document.querySelector('#certificate').href.split(',')[1])")
        self.assertEqual(text, certificate.read_text())
        self.assertEqual(page.texts("pre"), [certificate.read_text().strip()])
        self.assertRegex(page.find("section.card p").text, r"^\d+ of 250 units made")


class UnitPage(browser.PageTest):
    def test_the_page_of_one_unit_tells_what_it_holds_and_all_that_happened(self):
        database, report = self.folder / "record.db", self.folder / "unit.html"
        browser.tool("tests/make_record", database, 500, 450)
        attempts = json.loads(browser.program("report", "--db", database, "--outcome", "failed", "--format", "json"))
        unit = attempts["attempts"][0]["unit"]
        browser.program("report", "--db", database, "--unit", unit, "--format", "html", "-o", report)
        page = self.open(report)
        self.assertEqual(page.texts("h1"), ["Unit " + unit])
        self.assertEqual(len(page.all("#holds tbody tr")), 3)
        self.assertGreaterEqual(len(page.all(".attempt")), 2)
        for width in (1920, 390):
            page = self.open(report, width=width)
            self.assertLessEqual(page.width_needed(), width)
            page.picture(f"unit-{width}")


if __name__ == "__main__":
    browser.main()
