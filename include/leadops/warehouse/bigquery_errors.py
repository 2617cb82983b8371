"""Turns errors of Google's client into ours, without Google's words: they may hold names and accounts."""

from collections.abc import Iterator
from contextlib import contextmanager

from leadops.errors import OutcomeUnknownError, PermanentError, TransientError
from leadops.warehouse.warehouse_target import QuotaUsedError

#: What Google calls a used-up quota, in answers with the status 403.
QUOTA = {"quotaExceeded", "rateLimitExceeded", "billingTierLimitExceeded", "jobRateLimitExceeded"}


@contextmanager
def bigquery_errors() -> Iterator[None]:
    """Raise PermanentError, QuotaUsedError, OutcomeUnknownError or TransientError in place of Google's."""
    import requests
    from google.api_core import exceptions
    from google.auth.exceptions import GoogleAuthError, TransportError

    try:
        yield
    except (exceptions.Forbidden, exceptions.TooManyRequests) as error:
        if reasons := QUOTA & _list_reasons(error):
            raise QuotaUsedError(
                f"BigQuery's quota is used up ({min(reasons)}); the next run goes on"
            ) from error
        if isinstance(error, exceptions.TooManyRequests):
            raise QuotaUsedError("BigQuery takes no more calls for now; the next run goes on") from error
        raise PermanentError(
            "BigQuery refuses (403): the connection's account needs the roles BigQuery Data Editor on the"
            " dataset and BigQuery Job User on the project"
        ) from error
    except (exceptions.DeadlineExceeded, exceptions.RetryError, TimeoutError) as error:
        raise OutcomeUnknownError(
            "BigQuery did not answer in time; the next run sends the same again"
        ) from error
    except exceptions.ClientError as error:
        why = ", ".join(sorted(_list_reasons(error))) or "no reason"
        raise PermanentError(f"BigQuery refuses a statement or a load ({error.code}: {why})") from error
    except TransportError as error:
        raise TransientError("Google's sign-in does not answer") from error
    except GoogleAuthError as error:
        raise PermanentError(
            f"Google does not accept the connection's credentials ({type(error).__name__});"
            " see docs/warehouse.md"
        ) from error
    except exceptions.GoogleAPICallError as error:
        raise TransientError(f"BigQuery does not answer ({error.code or type(error).__name__})") from error
    except (requests.RequestException, OSError) as error:
        raise TransientError(f"BigQuery does not answer ({type(error).__name__})") from error


def _list_reasons(error: Exception) -> set[str]:
    """Return the reasons of an answer: words of Google's own list."""
    return {str(each.get("reason")) for each in getattr(error, "errors", ()) if isinstance(each, dict)}
