"""A person in front of a browser: log in, open, fill in, press, and let axe look at every page on the way."""

import json
import re
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page

from trust.models import User

AXE = Path(__file__).resolve().parents[2] / "node_modules" / "axe-core" / "axe.min.js"
PASSWORD = "a long pass phrase for the journey"
WIDTHS = (1280, 390)


class Walk:
    """One journey through several people's browsers."""

    def __init__(self, browser: Browser, address: str) -> None:
        self.browser, self.address = browser, address
        self.page: Page = None  # type: ignore[assignment]
        self.looked_at: set[str] = set()
        self.people: list[str] = []

    def log_in(self, user: User) -> None:
        """A fresh browser in which ``user`` logs in with e-mail and password."""
        if self.page is not None:
            self.page.context.close()
        user.set_password(PASSWORD)
        user.save()
        self.page = self.browser.new_context().new_page()
        self.page.set_default_timeout(10_000)
        self.page.on("pageerror", lambda error: self._fail(f"script error: {error}"))
        self.open("/accounts/login/")
        self.fill(login=user.email, password=PASSWORD)
        self.press("Log in")
        assert self.path == "/", f"{user} could not log in: {self.words}"
        self.people.append(user.email)

    def _fail(self, words: str) -> None:
        raise AssertionError(f"{self.path}: {words}")

    # Reading

    @property
    def path(self) -> str:
        """The address of the page without host and query."""
        return re.sub(r"^https?://[^/]+", "", self.page.url).split("?")[0].split("#")[0]

    @property
    def words(self) -> str:
        """All words on the page."""
        return self.page.locator("main").inner_text()

    def number(self) -> int:
        """The last number of the address: the id of the record."""
        return int(re.findall(r"\d+", self.path)[-1])

    # Acting

    def open(self, path: str, *, status: int = 200) -> None:
        """Go to an address and expect this status."""
        response = self.page.goto(self.address + path)
        assert response is not None
        assert response.status == status, f"{path}: {response.status}: {self.words[:500]}"
        self.look()

    def follow(self, words: str) -> None:
        """Click a link by its words."""
        self.page.locator("main").get_by_role("link", name=words, exact=False).first.click()
        self.page.wait_for_load_state()
        self.look()

    def press(self, words: str) -> None:
        """Click a button by its words, or by how its words begin when what follows is for screen readers."""
        buttons = self.page.locator("main").get_by_role("button", name=words, exact=True)
        if not buttons.count():
            buttons = self.page.locator("main").get_by_role("button", name=re.compile(f"^{re.escape(words)}"))
        assert buttons.count(), f"no button '{words}' on {self.path}: {self.words[:1500]}"
        buttons.first.click()
        self.page.wait_for_load_state()
        self.look()

    def fill(self, **values: Any) -> None:
        """Fill in fields by name: text, days, a choice, True for a box, a list of values for several boxes."""
        for name, value in values.items():
            field = self.page.locator(f'main [name="{name}"]')
            kind = field.first.evaluate("one => one.tagName === 'SELECT' ? 'select' : one.type")
            if kind == "select":
                field.select_option(str(value))
            elif kind == "radio":
                self.page.locator(f'main [name="{name}"][value="{value}"]').check()
            elif kind == "checkbox":
                for one in value if isinstance(value, list) else [value]:
                    boxes = field if one is True else self.page.locator(f'main [name="{name}"][value="{one}"]')
                    boxes.check()
            else:
                field.fill(str(value))

    def sees(self, *words: str) -> None:
        """The page holds all of these words."""
        found = " ".join(self.words.split())
        for one in words:
            assert one in found, f"'{one}' is not on {self.path}:\n{found[:3000]}"

    def lacks(self, *words: str) -> None:
        """The page holds none of these words, in its text or its source."""
        source = self.page.content()
        for one in words:
            assert one not in source, f"'{one}' is on {self.path}"

    def look(self) -> None:
        """Axe finds nothing, wide and narrow; each address is looked at once."""
        state = "refused" if self.page.locator(".error-summary").count() else ""
        key = f"{re.sub(r'[0-9]+', '0', self.path)} {state}"
        if key in self.looked_at:
            return
        self.looked_at.add(key)
        for width in WIDTHS:
            self.page.set_viewport_size({"width": width, "height": 900})
            self.page.evaluate(AXE.read_text())
            found = self.page.evaluate("async () => (await axe.run()).violations")
            wrong = [{rule["id"]: [node["html"][:200] for node in rule["nodes"][:3]]} for rule in found]
            assert wrong == [], f"axe on {self.path} at {width} px: {json.dumps(wrong, indent=1)}"
            beyond = self.page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
            assert beyond <= 0, f"{self.path} is {beyond} px wider than the window at {width} px"
        self.page.set_viewport_size({"width": WIDTHS[0], "height": 900})
