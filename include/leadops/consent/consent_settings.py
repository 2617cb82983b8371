"""How what people say of mail is read (config/consent.yaml)."""

from typing import Literal

from pydantic import StrictBool

from leadops.normalization.word_keys import make_word_key
from leadops.settings import Settings


class ConsentSettings(Settings):
    """config/consent.yaml."""

    mail_purposes: tuple[str, ...]
    form_no: Literal["declined", "opt_out"]
    unsubscribe_by: Literal["ma", "crm"] | None
    unsaid_may_mail: StrictBool

    @property
    def purpose_keys(self) -> list[str]:
        """The purposes as they are compared."""
        return sorted({make_word_key(purpose) for purpose in self.mail_purposes})
