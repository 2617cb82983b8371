"""A pytest plugin: each test begins with empty function caches.

Else only the first test that needs a value runs the function behind the cache. The others, which may notice a
mutant of it, are never tried.
"""

import sys


def pytest_runtest_setup() -> None:
    """Empty every `functools` cache of the package."""
    for name, module in list(sys.modules.items()):
        if name.startswith("leadops"):
            for value in list(vars(module).values()):
                if clear := getattr(value, "cache_clear", None):
                    clear()
