"""How members of a programme are compared with its hold-out: the section `lift` of nurture.yaml."""

from pydantic import Field, StrictInt

from leadops.nurture.lift_estimate import LiftTarget
from leadops.settings import Settings


class LiftSettings(Settings):
    """How members are compared with the hold-out."""

    window_days: StrictInt = Field(ge=1, le=730)  # of 24 hours, from the entry
    smallest_ratio: float = Field(gt=1, le=10)  # rate of members divided by that of the hold-out
    power: float = Field(ge=0.5, le=0.99)

    @property
    def target(self) -> LiftTarget:
        """The lift that a programme should be able to show."""
        return LiftTarget(self.smallest_ratio, self.power)
