"""The settings of the gate: the model of config/changes.yaml."""

from pydantic import Field

from leadops.settings import Settings


class ChangeSettings(Settings):
    """How much a change may move without a human."""

    max_moved_share: float = Field(ge=0, le=1)  # of the leads that have points, those with another grade
    max_new_mqls: int = Field(ge=0)
    examples: int = Field(ge=1, le=20)  # leads that a question names
    together_days: int = Field(ge=0, le=90)  # of changes that count together; 0: each counts alone
    older_file_minutes: int = Field(ge=5)  # readers say every three minutes what they have

    def loosens(self, former: "ChangeSettings") -> bool:
        """Whether a change may move more by these settings than by the `former`."""
        return (
            self.max_moved_share > former.max_moved_share
            or self.max_new_mqls > former.max_new_mqls
            or self.together_days < former.together_days
            or self.older_file_minutes < former.older_file_minutes
        )
