"""The words of the pages: the same keys in both languages, and none that is missing or unused."""

import json
import re
from pathlib import Path

import pytest

from leadops.dashboard.pages import LANGUAGES, PAGES
from leadops.dashboard.static_files import STATIC, TEXTS

FILES = sorted(TEXTS.glob("*.json"))
#: say("key"), say(`key.${…}`): the key, or its beginning.
SAID = re.compile(r"""\b(?:say|hasWords)\(\s*["`]([\w.\-]+)(["`$])""")
#: Keys that the HTML of a page takes.
OF_SHELLS = {"title", "heading", "skip", "noscript", "made_up"}


def read(path: Path) -> dict[str, dict[str, str]]:
    texts: dict[str, dict[str, str]] = json.loads(path.read_text(encoding="utf-8"))
    return texts


def strip_form(key: str) -> str:
    """A key without the form of its plural: Japanese has one, English two."""
    return key.removesuffix(".one").removesuffix(".other")


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_both_languages_have_the_same_keys_and_placeholders(path: Path) -> None:
    texts = read(path)
    assert tuple(texts) == LANGUAGES
    english, japanese = texts["en"], texts["ja"]
    assert set(map(strip_form, english)) == set(map(strip_form, japanese))
    for key in english.keys() & japanese.keys():
        assert english[key].strip()
        assert japanese[key].strip()
        assert set(re.findall(r"{(\w+)}", english[key])) == set(re.findall(r"{(\w+)}", japanese[key])), key


def test_each_page_has_its_words_and_its_module() -> None:
    for page in PAGES:
        assert {"title", "heading"} <= read(TEXTS / f"{page.name}.json")["en"].keys()
        assert (STATIC / "pages" / f"{page.name}.js").is_file()


def test_every_word_that_is_said_exists_and_every_one_that_exists_is_said() -> None:
    shell = read(TEXTS / "shell.json")["en"].keys()
    shared = "".join(path.read_text(encoding="utf-8") for path in STATIC.glob("*.js"))
    of_shell = SAID.findall(shared)
    for path in FILES:
        if path.stem == "shell":
            continue
        keys = read(path)["en"].keys()
        said = SAID.findall((STATIC / "pages" / f"{path.stem}.js").read_text(encoding="utf-8"))
        known = {strip_form(key) for key in (*keys, *shell)} | {*keys, *shell}
        for key, end in said:
            is_known = key in known if end != "$" else any(known_key.startswith(key) for known_key in known)
            assert is_known, f"{path.stem}: {key}"
        for key in keys - OF_SHELLS:
            plain = strip_form(key)
            uses = any(text in (plain, key) or (end == "$" and key.startswith(text)) for text, end in said)
            assert uses, f"{path.stem}: {key} is not used"
        of_shell += said
    for key in shell - OF_SHELLS:
        plain = strip_form(key)
        assert any(text in (plain, key) or (end == "$" and key.startswith(text)) for text, end in of_shell), (
            key
        )
