"""What can go wrong, sorted by what a caller should do about it."""


class LeadopsError(Exception):
    """Base of every error leadops raises on purpose; its text is one line for a person."""


class PermanentError(LeadopsError):
    """Trying again changes nothing: the input, the setting or the other side's answer must change."""


class TransientError(LeadopsError):
    """The same call may succeed later; nothing was lost."""


class ConfigError(PermanentError):
    """A setting is wrong; the text names the file, the line and what to change."""
