"""The files of the pages: ECharts is what npm serves, nothing reads HTML, all of them are installed."""

import json
import re
import tomllib
from glob import glob
from hashlib import sha256
from pathlib import Path

from leadops.dashboard.pages import PAGES
from leadops.dashboard.static_files import STATIC
from tests.renew_charts import FILE, LICENCES, VENDOR, VERSION_FILE

ROOT = Path(__file__).parents[2]

#: What turns text into HTML or code; a page builds elements (dom.js) and says text.
DANGEROUS = re.compile(
    r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function|DOMParser|srcdoc"
    r"|createContextualFragment"
)


def test_echarts_is_the_file_of_the_release() -> None:
    version = json.loads(VERSION_FILE.read_text(encoding="utf-8"))
    assert version["licence"] == "Apache-2.0"
    assert version["files"] == {
        name: sha256((VENDOR / name).read_bytes()).hexdigest() for name in (FILE, *LICENCES.values())
    }
    assert re.fullmatch(r"\d+\.\d+\.\d+", version["version"])
    assert f'"{version["version"]}"' in (VENDOR / FILE).read_text(encoding="utf-8")
    assert {path.name for path in VENDOR.iterdir()} == {*version["files"], VERSION_FILE.name}


def test_no_file_of_ours_reads_html_or_code() -> None:
    for path in [*STATIC.glob("*.js"), *STATIC.glob("pages/*.js")]:
        assert not DANGEROUS.findall(path.read_text(encoding="utf-8")), path


def test_no_file_loads_anything_from_elsewhere() -> None:
    for path in [*STATIC.glob("*.js"), *STATIC.glob("pages/*.js"), *STATIC.glob("*.css")]:
        text = path.read_text(encoding="utf-8")
        assert not re.findall(r"""(?:from|import\(|url\()\s*["']?(?:https?:)?//""", text), path


def test_all_files_are_installed() -> None:
    """What setuptools copies besides modules: the patterns of the project's file, below the package."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    patterns = project["tool"]["setuptools"]["package-data"]["leadops.dashboard"]
    folder = STATIC.parent
    copied = {name for pattern in patterns for name in glob(pattern, root_dir=folder, recursive=True)}
    files = [
        path for path in folder.rglob("*") if path.is_file() and path.suffix not in (".py", ".pyc", ".sql")
    ]
    assert len(files) > 20
    assert [path for path in files if str(path.relative_to(folder)) not in copied] == []


def test_pages_that_draw_charts_fetch_the_library_at_once() -> None:
    for page in PAGES:
        source = (STATIC / "pages" / f"{page.name}.js").read_text(encoding="utf-8")
        assert page.has_charts == ('from "../charts.js"' in source), page.name
