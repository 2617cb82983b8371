"""Every setting and every variable is documented."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_origin

import pytest
import yaml

from leadops.config.load_config import list_shipped_files
from leadops.config.model_keys import find_model as find_settings_model
from leadops.config.model_keys import unwrap
from leadops.configuration import SECTIONS, Config, find_model
from leadops.settings import Settings
from tests.shipped import SHIPPED

ROOT = Path(__file__).parents[1]
DOCS = (ROOT / "docs" / "configuration.md").read_text(encoding="utf-8")

VARIABLE = re.compile(r"\b(?:LEADOPS_[A-Z][A-Z_]*[A-Z]|AIRFLOW_CONN_LEADOPS_[A-Z]+)\b")


def test_every_file_has_a_model_and_a_line_in_the_docs() -> None:
    files = {path.stem for path in (ROOT / "include" / "leadops" / "config").glob("*.yaml")}
    assert files == set(SECTIONS)
    assert set(re.findall(r"\| `(\w+)\.yaml`", DOCS)) == files


@pytest.mark.parametrize("name", sorted(SECTIONS))
def test_the_shipped_file_is_valid_and_has_a_typed_attribute(name: str) -> None:
    assert isinstance(getattr(SHIPPED, name), find_model(name))
    assert Config.__annotations__[name] == find_model(name).__name__


@pytest.mark.parametrize("name", sorted(SECTIONS))
def test_every_setting_stands_in_its_file_with_a_comment(name: str) -> None:
    lines = read_shipped(name).splitlines()
    tree = yaml.compose("\n".join(lines), Loader=yaml.SafeLoader)
    commented = {key for key, line in _keys(tree) if _has_comment(lines, line)}
    top = {key.value for key, _ in tree.value}
    assert set(find_model(name).model_fields) <= top | commented, "a setting does not stand in the file"
    assert top <= commented, "a setting has no comment"


def read_shipped(name: str) -> str:
    """The shipped file with the parts of it that stand elsewhere."""
    files = list_shipped_files(name, find_model(name))
    return "\n".join(file.read_text(encoding="utf-8") for file in files)


def _keys(node: yaml.Node) -> list[tuple[str, int]]:
    found = []
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            found += [(key.value, key.start_mark.line), *_keys(value)]
    if isinstance(node, yaml.SequenceNode):
        for value in node.value:
            found += _keys(value)
    return found


def _has_comment(lines: list[str], line: int) -> bool:
    """Whether the setting's paragraph has a comment above it, or the first line below it is one."""
    first = next((n + 1 for n in range(line - 1, -1, -1) if not lines[n].strip()), 0)
    last = line + 2 if lines[line].rstrip().endswith(":") else line + 1
    return any("#" in text for text in lines[first:last])


def test_every_variable_in_the_code_is_in_the_docs_and_the_other_way_round() -> None:
    used: set[str] = set()
    for folder in ("include", "tests"):
        for path in (ROOT / folder).rglob("*.py"):
            if path != Path(__file__):
                used |= set(VARIABLE.findall(path.read_text(encoding="utf-8")))
    used |= set(VARIABLE.findall((ROOT / "Makefile").read_text(encoding="utf-8")))
    documented = set(VARIABLE.findall(DOCS))
    # Names built from a part of a name, such as AIRFLOW_CONN_LEADOPS_<NAME>, are no variables themselves.
    assert used - documented == set()
    assert documented - used == set()


def test_the_comparison_can_fail() -> None:
    assert VARIABLE.findall("os.environ['LEADOPS_NEW_THING'], LEADOPS_, AIRFLOW_CONN_LEADOPS_MA") == [
        "LEADOPS_NEW_THING",
        "AIRFLOW_CONN_LEADOPS_MA",
    ]


@pytest.mark.parametrize("name", sorted(SECTIONS))
def test_no_setting_has_a_second_default_in_the_code(name: str) -> None:
    tree = yaml.safe_load(read_shipped(name))
    assert list(_defaults(find_model(name), tree, name)) == []


def _defaults(model: type[Settings], tree: dict[str, Any], place: str) -> Iterator[str]:
    """Yield the fields of `model` that have a default; entries of lists and of free mappings may have one."""
    for field_name, field in model.model_fields.items():
        key = field.alias or field_name
        if not field.is_required():
            yield f"{place}.{key}"
        inner = find_settings_model(field.annotation)
        is_item = any(get_origin(each) for each in unwrap(field.annotation))
        if inner and not is_item and tree[key] is not None:
            yield from _defaults(inner, tree[key], f"{place}.{key}")


READS_SETTINGS = re.compile(r"leadops\.config\.load_config|leadops\.configuration\b|LEADOPS_CONFIG_DIR")


def test_only_the_wiring_reads_settings() -> None:
    package = ROOT / "include" / "leadops"
    readers = {
        path.relative_to(package).parts[0]
        for path in package.rglob("*.py")
        if re.search(
            r"leadops\.config\.load_config|leadops\.configuration\b|LEADOPS_CONFIG_DIR", path.read_text()
        )
    }
    assert readers == {"cli", "orchestration", "dashboard", "configuration.py", "config"}


def test_what_runs_goes_by_the_settings_in_force_not_by_the_files_alone() -> None:
    package = ROOT / "include" / "leadops"
    by_file = {
        str(path.relative_to(package))
        for path in package.rglob("*.py")
        if "Config.from_environment()" in path.read_text(encoding="utf-8")
    }
    # These look at the files as such: whether they are right, and whether they changed.
    assert by_file == {"cli/config.py", "cli/gateway.py", "cli/live.py"}
