"""dbt takes a minute for each target: `make test-dbt` runs it, and no other run does."""

import os

collect_ignore_glob = [] if os.environ.get("LEADOPS_DBT_TESTS") else ["test_*.py"]
