"""Docs, settings, messages, help, docstrings, comments, errors and logs avoid phrases that one reads twice.

Write short sentences: subject, verb, object; active; present tense; the words of docs/glossary.md.
"""

import ast
import io
import re
import tokenize
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "include" / "leadops"

#: What we do not write, and what to write instead.
AVOIDED = {
    r"(?P<fine>\bthere )?\b(is|are|was|were) no (?!longer|more|less|later|other|such)\w+": "is not a …",
    r"\banew\b": "again",
    r"\bfor ever\b": "permanently; at any time",
    r"\btold\b": "notified, reported, known",
    r"\bmend(s|ed|ing)?\b": "fix",
    r"\bstrangers?\b": "unauthenticated, unmatched, foreign",
    r"\bon the wall\b": "wall-clock",
    r"\bwork(s|ed)? (it |them |that )?out\b": "compute, derive",
    r"\bput(s|ting)? right\b": "correct",
    r"\bso many\b": "this many; a number",
    r"\bripe(ness)?\b": "mature, maturity",
    r"\bunripe\b": "not mature",
    r"\bjudg(e|es|ed|ing)\b": "evaluate, classify, validate",
    r"\bquiet(ly)? (MQLs?|leads?)\b": "backfill MQL",
    r"\bFind your way\b": "Where things are",
    r"\bcomes? to a good end\b": "succeeds",
    r"\bnobody (has|knows|looks|hears)\b.{0,30}\byet\b": "not … yet",
    r"\bgives? up\b.{0,20}\bdead letters?\b": "discard",
    r"\bmade-up\b": "simulated",
    r"\bseen the future\b": "target leakage",
    r"\bbells?\b": "notifier",
    r"\btellings?\b": "notification",
    r"\bcrowds?\b": "oversized cluster",
    r"\bwishes\b": "commands, requests",
    r"\bcourier\b": "outbox worker",
    r"\ballot(s|ted|ment)?\b": "allocate",
}

#: Sentences that need such a phrase: (file, a part of the line).
ALLOWED: set[tuple[str, str]] = {
    ("CHANGELOG.md", "`allot_by`"),  # the old names of tables and settings
    ("CHANGELOG.md", "`economics.monthly_costs.allotted`"),
    ("CHANGELOG.md", "`strangers`"),
    ("CHANGELOG.md", "`told_by`"),
    ("CHANGELOG.md", "`told_facts`"),
    ("CHANGELOG.md", "`telling`"),
}


def find_avoided(text: str) -> Iterator[tuple[int, str, str]]:
    """Yield each avoided phrase in `text`: its line, the phrase, and what to write instead.

    A phrase may be broken over two lines.
    """
    for pattern, better in AVOIDED.items():
        for match in re.finditer(pattern.replace(" ", r"\s+(?:(?:#:?|--) )?"), text, re.IGNORECASE):
            if match.groupdict().get("fine"):
                continue
            yield text.count("\n", 0, match.start()) + 1, " ".join(match[0].split()), better


def list_documents() -> list[Path]:
    """Return every page, settings file and catalogue of messages."""
    pages = [ROOT / name for name in ("README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "CHANGELOG.md")]
    folders = (ROOT / "docs", PACKAGE, ROOT / "benchmarks")
    return pages + sorted(
        path
        for folder in folders
        for path in folder.rglob("*")
        if path.suffix in (".md", ".yaml") and "results" not in path.parts
    )


def read_prose(source: str) -> str:
    """Return what humans read of Python's `source`, each in its line, nothing else.

    That is docstrings, comments, help, the texts of errors, and what goes to the log or the terminal.
    """
    lines = source.split("\n")
    kept = [""] * len(lines)
    for node in ast.walk(ast.parse(source)):
        texts: list[ast.expr] = []
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            first = node.body[0] if node.body else None
            if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant):
                texts = [first.value]
        elif isinstance(node, ast.keyword) and node.arg in ("help", "doc_md"):
            texts = [node.value]
        elif isinstance(node, ast.Call) and is_message(node):
            for part in ast.walk(node):
                if isinstance(part, ast.Constant) and isinstance(part.value, str):
                    kept[part.lineno - 1] += f" {' '.join(part.value.split())};"
        for text in texts:
            kept[text.lineno - 1 : text.end_lineno] = lines[text.lineno - 1 : text.end_lineno]
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == tokenize.COMMENT:
            kept[token.start[0] - 1] = kept[token.start[0] - 1] or token.string
    return "\n".join(kept)


def is_message(call: ast.Call) -> bool:
    """Return whether the call writes to the log or the terminal, or makes an error."""
    if isinstance(call.func, ast.Name):
        return call.func.id.endswith("Error")
    names = ("log", "logger", "console", "typer")
    return (
        isinstance(call.func, ast.Attribute)
        and isinstance(call.func.value, ast.Name)
        and call.func.value.id in names
    )


def read_sql_comments(source: str) -> str:
    """Return the comments of SQL's `source`, each in its line, nothing else."""
    return "\n".join("".join(line.partition("--")[1:]) for line in source.split("\n"))


def find_faults(name: str, text: str) -> list[str]:
    """Return a line for each avoided phrase of `text`, except where it is allowed."""
    lines = text.split("\n")
    return [
        f"{name}:{line}: {phrase!r}; better: {better}"
        for line, phrase, better in find_avoided(text)
        if not any(file == name and part in lines[line - 1] for file, part in ALLOWED)
    ]


@pytest.mark.parametrize("path", list_documents(), ids=lambda path: str(path.relative_to(ROOT)))
def test_pages_settings_and_messages_are_plain(path: Path) -> None:
    name = str(path.relative_to(ROOT))
    assert not find_faults(name, path.read_text(encoding="utf-8"))


def test_docstrings_help_and_comments_are_plain() -> None:
    faults = []
    for path in sorted([*(ROOT / "include").rglob("*.py"), *(ROOT / "dags").glob("*.py")]):
        faults += find_faults(str(path.relative_to(ROOT)), read_prose(path.read_text(encoding="utf-8")))
    for path in sorted(PACKAGE.rglob("*.sql")):
        text = read_sql_comments(path.read_text(encoding="utf-8"))
        faults += find_faults(str(path.relative_to(ROOT)), text)
    assert not faults, "\n".join(faults)


def test_every_exception_to_the_list_is_needed() -> None:
    unused = {(file, part) for file, part in ALLOWED if part not in (ROOT / file).read_text(encoding="utf-8")}
    assert not unused


def test_the_search_can_fail() -> None:
    text = "It works\nout what was\n# told."
    assert [line for line, *_ in find_avoided(text)] == [3, 1]
    assert [phrase for _, phrase, _ in find_avoided("there is no limit; it is no limit")] == ["is no limit"]
    source = 'def run() -> None:\n    """Judge it."""\n    told = "told"  # anew\n'
    assert [line for line, *_ in find_avoided(read_prose(source))] == [3, 2]
    source = (
        'def run() -> None:\n    log.info("%s anew", told)\n    told("x")\n    raise NoError(f"{a} told")'
    )
    assert [line for line, *_ in find_avoided(read_prose(source))] == [2, 4]
    assert [line for line, *_ in find_avoided(read_sql_comments("select told\n-- told\n"))] == [2]
