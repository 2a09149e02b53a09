"""The sidebar as its user sees it: found by roles and names, as a screen reader finds it."""

import re

from playwright.async_api import FrameLocator, Locator, Page, expect

_OURS = "iframe.webview.ready[src*='extensionId=firsthand.firsthand']"


class SidebarView:
    """The page inside the sidebar's frame."""

    def __init__(self, page: Page) -> None:
        self._page = page

    @property
    def frame(self) -> FrameLocator:
        """The document of the webview."""
        return self._page.frame_locator(_OURS).frame_locator("iframe#active-frame")

    async def wait_until_ready(self) -> None:
        """Return once the sidebar knows what there is to show."""
        await self.frame.locator("body[data-ready='true']").wait_for()

    # --- asking

    @property
    def question_box(self) -> Locator:
        """Where questions are written."""
        return self.frame.get_by_role("textbox", name="Ask about your code")

    @property
    def ask_button(self) -> Locator:
        """Sends the question."""
        return self.frame.get_by_role("button", name="Ask", exact=True)

    @property
    def stop_button(self) -> Locator:
        """Stops the answer; there only while one is made."""
        return self.frame.get_by_role("button", name="Stop", exact=True)

    async def ask(self, question: str) -> "Turn":
        """Write a question and send it; returns the turn that it begins."""
        before = await self.turns.count()
        await self.question_box.fill(question)
        await self.ask_button.click()
        await expect(self.turns).to_have_count(before + 1)
        return self.turn(before)

    # --- what was said

    @property
    def turns(self) -> Locator:
        """The questions with their answers, the oldest first."""
        return self.frame.get_by_role("log", name="Conversation").locator("article[data-turn]")

    def turn(self, index: int) -> "Turn":
        """One question with its answer."""
        return Turn(self.turns.nth(index))

    @property
    def welcome(self) -> Locator:
        """What is shown before the first question."""
        return self.frame.locator("[data-part='welcome']")

    @property
    def server_notice(self) -> Locator:
        """What is shown while there is no server."""
        return self.frame.locator("[data-part='server']")

    def button(self, name: str) -> Locator:
        """A button anywhere in the sidebar."""
        return self.frame.get_by_role("button", name=name, exact=True)


class Turn:
    """A question and what came of it."""

    def __init__(self, article: Locator) -> None:
        self.article = article
        self.question = article.locator("[data-part='question']")
        self.answer = article.locator("[data-part='answer']")
        self.looked_in = article.get_by_role("list", name="Looked in").locator("li")
        self.stage = article.locator("[data-part='stage']")
        self.failure = article.locator("[data-part='failure']")
        self.way_forward = article.locator("[data-part='way-forward']")
        self.what_was_read = article.locator("[data-part='context']")
        self.excerpts = self.what_was_read.locator("[data-excerpt]")
        self.citations = article.locator("[data-citation]")
        self.sources = article.get_by_role("list", name="Sources").locator("[data-source]")
        self.checks = article.locator("[data-part='checks']")

    async def wait_until(self, phase: str, status: str | None = None) -> None:
        """Return once it is running, done, failed or cancelled, with this status if one is given."""
        await expect(self.article).to_have_attribute("data-phase", phase)
        if status is not None:
            await expect(self.article).to_have_attribute("data-status", status)

    async def show_what_was_read(self) -> None:
        """Unfold the list of what was read."""
        await self.what_was_read.locator("summary").click()
        await self.excerpts.first.wait_for()

    async def text(self) -> str:
        """The answer as it reads."""
        return re.sub(r"\s+", " ", await self.answer.inner_text()).strip()
