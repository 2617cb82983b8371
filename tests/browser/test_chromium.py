from pathlib import Path

import pytest

from tests.browser.chromium import find_chromium, require_chromium


def test_the_systems_comes_first(tmp_path: Path) -> None:
    own = tmp_path / "own"
    own.touch()
    assert find_chromium(str(own), path=str(tmp_path)) == str(own)
    system = tmp_path / "chromium"
    system.touch(mode=0o755)
    assert find_chromium(str(own), path=str(tmp_path)) == str(system)
    assert find_chromium(str(tmp_path / "missing"), path="") is None


def test_without_one_it_says_so() -> None:
    with pytest.raises(pytest.skip.Exception, match="NOT TESTED: install Chromium"):
        require_chromium(None, {})


def test_without_one_ci_fails() -> None:
    with pytest.raises(pytest.fail.Exception, match="install Chromium"):
        require_chromium(None, {"CI": "true"})
