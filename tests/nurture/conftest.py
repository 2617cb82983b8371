import pytest

from leadops.db import Connection
from tests.nurture.programme_world import ProgrammeWorld


@pytest.fixture
def world(connection: Connection) -> ProgrammeWorld:
    return ProgrammeWorld(connection)
