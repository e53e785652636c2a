"""What a page lacks for a screen reader or a poor eye, as inspection.js finds it."""

from pathlib import Path
from typing import Any

from playwright.async_api import Page

INSPECTION = (Path(__file__).parent / "inspection.js").read_text(encoding="utf-8")


async def inspect(page: Page) -> dict[str, Any]:
    """What is wrong with the page by day and by night: lists of words by the kind of fault."""
    found: dict[str, Any] = {}
    for theme in ("dark", "light"):
        await page.evaluate("theme => document.documentElement.dataset.bsTheme = theme", theme)
        for kind, faults in (await page.evaluate(INSPECTION)).items():
            if faults:
                found[f"{kind} ({theme})"] = faults
    return found
