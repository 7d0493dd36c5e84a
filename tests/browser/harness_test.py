"""The harness sees what it is there to see: a page that complains, and one that asks for something from elsewhere."""

import browser


class Harness(browser.PageTest):
    def setUp(self):
        super().setUp()
        self.addCleanup(self.forget)  # runs before the judge: these pages do wrong on purpose

    def forget(self):
        self.driver.get("about:blank")
        for kind in ("browser", "performance"):
            self.driver.get_log(kind)

    def page_with(self, markup):
        path = self.folder / "page.html"
        path.write_text("<!doctype html><meta charset=utf-8><title>made up</title>" + markup)
        return self.open(path)

    def assert_judged(self, complaint):
        with self.assertRaisesRegex(AssertionError, complaint):
            self.judge_every_page()

    def is_quiet(self):
        self.judge_every_page()
        return False

    def test_a_page_that_is_quiet_passes(self):
        self.page_with("<p>quiet<script>document.title = 'quiet'</script>")
        self.judge_every_page()

    def test_an_error_in_the_console_is_seen(self):
        self.page_with("<script>throw new Error('made on purpose')</script>")
        self.assert_judged("made on purpose")

    def test_a_request_to_elsewhere_is_seen_and_comes_to_nothing(self):
        for markup in (
            "<img src='http://flashline.invalid/x.png'>",
            "<img src='other.png'>",
            "<script>fetch('https://flashline.invalid/').catch(() => {})</script>",
            "<style>body { background: url(http://127.0.0.1:9/x.png) }</style>",
        ):
            page = self.page_with(markup)
            with self.assertRaisesRegex(AssertionError, "asked for from elsewhere", msg=markup):
                page.wait(self.is_quiet, "a request")

    def test_what_a_page_looks_like_can_be_asked(self):
        page = self.page_with("<style>@media (prefers-color-scheme: dark) { p { color: rgb(1, 2, 3) } }</style><p>words")
        self.assertEqual(page.texts("p"), ["words"])
        self.assertEqual(page.style("p", "color"), "rgb(0, 0, 0)")
        page.media(scheme="dark")
        self.assertEqual(page.style("p", "color"), "rgb(1, 2, 3)")


if __name__ == "__main__":
    browser.main()
