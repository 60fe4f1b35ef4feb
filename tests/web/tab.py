"""A tab of a browser with the playground in it, and what a person does there."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import urlsplit

from local.assembly import ROOT
from tests.local_client import LocalClient

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Locator, Page

# Machines that run tests are slow.
PATIENCE_MS = 40_000
AXE = ROOT / "node_modules" / "axe-core" / "axe.min.js"

# An answer that is no success is a line on the browser's console.
_EXPECTED = "Failed to load resource"


@dataclass
class Tab:
    """`hosts` are those that requests went to, `complaints` what the browser's console said."""

    page: "Page"
    easel: LocalClient
    url: str
    hosts: set[str] = field(default_factory=set)
    complaints: list[str] = field(default_factory=list)

    @classmethod
    @contextmanager
    def of(
        cls, browser: "Browser", easel: LocalClient, url: str | None = None, **options: Any
    ) -> Iterator[Self]:
        """Opens a tab, and makes sure at its end that the browser had nothing to complain of."""
        context = browser.new_context(**options)
        context.set_default_timeout(PATIENCE_MS)
        page = context.new_page()
        tab = cls(page, easel, url or f"{easel.api_url}/")
        page.on("request", lambda request: tab.hosts.add(urlsplit(request.url).netloc))
        page.on("console", tab._hear)
        page.on("pageerror", lambda error: tab.complaints.append(str(error)))
        page.on("dialog", lambda dialog: tab.complaints.append(f"dialog {dialog.message}"))
        tab.open()
        yield tab
        context.close()
        assert tab.complaints == []

    def open(self, view: str = "") -> None:
        """Opens a view by its address, as a link that somebody sent would."""
        self.page.goto("about:blank")
        self.page.goto(f"{self.url}#/{view}")
        self.page.locator("h1").wait_for(state="attached")

    def fill(self, prompt: str, *, seed: int, model: str = "", fault: str = "") -> None:
        """Fills the form."""
        page = self.page
        if model:
            page.get_by_label("Model", exact=True).select_option(model)
        page.get_by_label("Prompt", exact=True).fill(prompt)
        page.get_by_label("Seed", exact=True).fill(str(seed))
        if fault:
            with page.expect_response("**/web/faults"):
                page.get_by_label(fault, exact=True).check()

    def draw(self, prompt: str, **rest: Any) -> None:
        """Fills the form and sends it."""
        self.fill(prompt, **rest)
        self.press("Draw")

    def drawn(self, prompt: str, **rest: Any) -> str:
        """Draws a picture, and returns its id once it is shown."""
        self.draw(prompt, **rest)
        return self.shown_id()

    def shown_id(self) -> str:
        self.page.wait_for_url("**#/picture/*")
        self.picture().wait_for()
        return str(self.page.url).rpartition("/")[2]

    def picture(self) -> "Locator":
        return self.page.locator(".wall img").first

    def settle(self) -> None:
        """Waits until the picture is there whole."""
        self.picture().evaluate("image => image.decode()")

    def fact(self, name: str) -> str:
        """Returns what a list of facts says of a name."""
        row = self.page.locator(".facts div", has=self.page.get_by_text(name, exact=True))
        return str(row.locator("dd").first.inner_text())

    def press(self, name: str) -> None:
        self.page.get_by_role("button", name=name, exact=True).click()

    def unfold(self, name: str) -> None:
        self.page.locator("summary", has_text=name).click()

    def problem(self, field: str) -> str:
        """Returns what is said at a field once something is."""
        problem = self.page.locator(f"[data-field={field}] .problem")
        problem.wait_for()
        return str(problem.inner_text())

    def copied(self, name: str) -> str:
        """Presses a button that copies something, and returns what."""
        self.press(name)
        self.page.get_by_text(f"Copied: {name}").wait_for()
        return str(self.page.evaluate("navigator.clipboard.readText()"))

    def trace(self) -> None:
        """Follows the link to the picture's trace."""
        self.page.get_by_role("link", name="Trace", exact=True).click()
        self.page.locator(".row").first.wait_for()

    def rows(self) -> list[str]:
        """Returns the timeline's rows as texts."""
        return [" ".join(text.split()) for text in self.page.locator(".row").all_inner_texts()]

    def drop(self, file: Path | bytes, name: str = "picture.png") -> None:
        """Drops a file onto the page."""
        content = file if isinstance(file, bytes) else file.read_bytes()
        transfer = self.page.evaluate_handle(
            """([bytes, name]) => {
              const transfer = new DataTransfer();
              transfer.items.add(new File([new Uint8Array(bytes)], name));
              return transfer;
            }""",
            [list(content), name],
        )
        for event in ("dragover", "drop"):
            self.page.locator("body").dispatch_event(event, {"dataTransfer": transfer})

    def recall(self, file: Path | bytes) -> None:
        """Drops a picture, whose recipe fills the form."""
        self.drop(file)
        self.page.locator("figcaption", has_text="Its recipe is in the form").wait_for()

    def findings(self) -> list[str]:
        """Returns what axe-core finds that is serious or critical."""
        self.page.evaluate(AXE.read_text())
        found = self.page.evaluate("axe.run()")
        return [
            f"{each['id']}: {node['target']} {node['failureSummary']}"
            for each in found["violations"]
            if each["impact"] in ("serious", "critical")
            for node in each["nodes"]
        ]

    def is_wider_than_its_window(self) -> bool:
        return bool(self.page.evaluate("document.documentElement.scrollWidth > window.innerWidth"))

    def _hear(self, message: Any) -> None:
        if message.type in ("error", "warning") and _EXPECTED not in message.text:
            self.complaints.append(message.text)
