"""How what people say of mail is read (config/consent.yaml)."""

from datetime import timedelta
from typing import Literal

from pydantic import Field, StrictBool

from leadops.normalization.word_keys import make_word_key
from leadops.settings import Settings


class ConsentSettings(Settings):
    """config/consent.yaml."""

    mail_purposes: tuple[str, ...]
    form_no: Literal["declined", "opt_out"]
    unsubscribe_by: Literal["ma", "crm"] | None
    unsaid_may_mail: StrictBool
    stuck_after_minutes: float = Field(gt=0, le=10_080)

    @property
    def purpose_keys(self) -> list[str]:
        """The purposes as they are compared."""
        return sorted({make_word_key(purpose) for purpose in self.mail_purposes})

    @property
    def stuck_after(self) -> timedelta:
        """How long an opt-out may be on its way to another system."""
        return timedelta(minutes=self.stuck_after_minutes)
