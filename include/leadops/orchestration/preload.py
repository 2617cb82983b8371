"""What tasks and DAG files need, imported once by the process of which each of them is a fork.

LEADOPS_PRELOAD names this module. Without it nothing fails; each of them imports for itself.
"""

import holidays.countries  # noqa: F401  all of them come with the first that is asked for

import leadops.orchestration.check_and_ask
import leadops.orchestration.defaults
import leadops.orchestration.task
import leadops.orchestration.tasks.changes
import leadops.orchestration.tasks.checks
import leadops.orchestration.tasks.delivery
import leadops.orchestration.tasks.nurture
import leadops.orchestration.tasks.scoring
import leadops.orchestration.tasks.sla  # noqa: F401
from leadops.configuration import SECTIONS, find_model

for section in SECTIONS:
    find_model(section)
