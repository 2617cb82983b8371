"""Every link between the pages leads to a file, and to a heading where it names one."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), ROOT / "benchmarks" / "README.md"])
LINK = re.compile(r"\]\((?!https?:)([^)\s]+)\)")


def find_anchors(text: str) -> set[str]:
    """Return the anchors of the headings, as GitHub forms them."""
    prose = re.sub(r"^```.*?^```", "", text, flags=re.MULTILINE | re.DOTALL)
    headings = re.findall(r"^#+ (.+)$", prose, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def find_broken_links(page: Path) -> list[str]:
    """Return the relative links of `page` that lead nowhere."""
    broken = []
    for link in LINK.findall(page.read_text(encoding="utf-8")):
        name, _, anchor = link.partition("#")
        target = page.parent / name if name else page
        if not target.exists() or (anchor and anchor not in find_anchors(target.read_text(encoding="utf-8"))):
            broken.append(link)
    return broken


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_leads_somewhere(page: Path) -> None:
    assert find_broken_links(page) == []


def test_the_search_can_fail(tmp_path: Path) -> None:
    page = tmp_path / "a.md"
    page.write_text(
        "# One, two: `x.yaml`\n[a](#one-two-xyaml) [b](b.md) [c](a.md#three) [d](https://x.example)\n"
    )
    assert find_broken_links(page) == ["b.md", "a.md#three"]
