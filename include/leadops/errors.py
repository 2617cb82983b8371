"""Every exception of leadops, sorted by what a caller should do about it.

    LeadopsError
    ├── PermanentError             do not retry: the input, a setting or the other system must change
    │   ├── BadRowError            a row of a file cannot be used
    │   ├── ChatRefusedError       Slack will never accept this message
    │   ├── ConfigError            a setting is wrong
    │   │   └── ErasureKeyError    people were erased under a key that is missing
    │   ├── JsonDepthError         JSON is nested too deeply
    │   ├── MessageGoneError       the message in Slack can no longer be changed
    │   ├── NoZoneError            a time names no zone (also a ValueError)
    │   ├── NothingLeftError       no feature is left to train a model with
    │   ├── NothingToSendError     an effect holds nothing for the product, by its settings
    │   ├── OtherAccountError      a connection leads to another account than the one on record
    │   ├── PagerRefusedError      PagerDuty does not accept the event
    │   ├── RefusedCallError       a product refused a call of a reading; its status says how
    │   ├── TargetAheadError       a warehouse has what this database never sent
    │   └── UnsupportedCallError   the product has no call for what is asked of it
    ├── TransientError             retry later: nothing was lost
    │   ├── AnswerShapeError       an answer lacks what its route promises
    │   ├── ChatBusyError          Slack asked us to wait
    │   ├── ChatUnreachableError   the post did not arrive
    │   ├── OutcomeUnknownError    a post may have arrived or not
    │   │   ├── ChatUnknownError   the same of a post to Slack
    │   │   └── PagerUnknownError  the same of an event for PagerDuty
    │   ├── PagerBusyError         PagerDuty asked us to wait
    │   ├── PagerUnreachableError  the event did not arrive
    │   ├── QuotaUsedError         a warehouse takes no more for now
    │   ├── SuspectsFoundError     identity resolves the chunk again (always caught there)
    │   ├── TargetBusyError        another process works on the warehouse
    │   └── _EndlessAnswerError    an answer is too large or too slow (always caught in clients)
    └── ProblemError               the gateway refuses a request; its status says whether to retry

`db_errors` turns psycopg's errors into a PermanentError or TransientError. Python's own exceptions mean a
fault of the code, except ValueError: functions that parse a value raise it, and their callers turn it into
one of these.
"""


class LeadopsError(Exception):
    """Base of every error that leadops raises on purpose; its text is one line for a person."""


class PermanentError(LeadopsError):
    """A retry changes nothing: the input, the setting or the other system's answer must change."""


class TransientError(LeadopsError):
    """The same call may succeed later; nothing was lost."""


class OutcomeUnknownError(TransientError):
    """Sent, but without a whole answer: the other side may have taken it or not."""


class ConfigError(PermanentError):
    """A setting is wrong; the text names the file, the line and what to change."""
