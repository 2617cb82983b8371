"""The docstring of `leadops.errors` draws every exception of the package, and each name ends in Error."""

import ast
import builtins
import re
from pathlib import Path

import leadops
from leadops import errors

PACKAGE = Path(leadops.__file__).parent
ROOT = "LeadopsError"
DRAWN = re.compile(r"^    (?P<branch>(?:[│ ] {3})*[├└]── |)(?P<name>\w+Error)(?: {2,}|$)", re.MULTILINE)


def read_drawing(text: str) -> dict[str, str]:
    """Return the parent of each exception that the tree in `text` draws; the root has none ("")."""
    parents: dict[str, str] = {}
    path: list[str] = []
    for line in DRAWN.finditer(text):
        depth = len(line["branch"]) // 4
        path[depth:] = [line["name"]]
        parents[line["name"]] = path[depth - 1] if depth else ""
    return parents


def find_exceptions(package: Path) -> dict[str, str]:
    """Return the first base of each exception class in `package`, by name; the root has none ("")."""
    bases = {
        node.name: [ast.unparse(base).rpartition(".")[2] for base in node.bases]
        for path in package.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.ClassDef)
    }

    def is_exception(name: str) -> bool:
        builtin = getattr(builtins, name, None)
        if isinstance(builtin, type) and issubclass(builtin, BaseException):
            return True
        return any(is_exception(base) for base in bases.get(name, []))

    found = {name: parents[0] for name, parents in bases.items() if is_exception(name)}
    return found | {ROOT: ""} if ROOT in found else found


def test_the_drawing_is_the_hierarchy_of_the_package() -> None:
    assert read_drawing(errors.__doc__ or "") == find_exceptions(PACKAGE)


def test_every_exception_ends_in_error() -> None:
    assert [name for name in find_exceptions(PACKAGE) if not name.endswith("Error")] == []


def test_the_comparison_can_fail(tmp_path: Path) -> None:
    (tmp_path / "errors.py").write_text(
        "class LeadopsError(Exception): ...\nclass LateError(LeadopsError): ...\nclass Odd(ValueError): ...\n"
    )
    assert find_exceptions(tmp_path) == {"LeadopsError": "", "LateError": "LeadopsError", "Odd": "ValueError"}
    drawing = "\n".join(
        [
            "    LeadopsError",
            "    ├── LateError   why",
            "    │   └── DeepError   why",
            "    └── LastError   why",
        ]
    )
    assert read_drawing(drawing) == {
        "LeadopsError": "",
        "LateError": "LeadopsError",
        "DeepError": "LateError",
        "LastError": "LeadopsError",
    }
