"""One connection to a product: sends the calls that it makes, and reads leads in words of ours."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from itertools import islice
from typing import cast

from leadops.clients.answer_shapes import AnswerShapeError
from leadops.clients.call_outcomes import (
    Answered,
    Failure,
    HttpAnswer,
    Outcome,
    Refused,
    Throttled,
    TokenExpired,
    Unknown,
)
from leadops.clients.lead_absence import AbsenceWord, LeadAbsence
from leadops.clients.transport import Transport, expect
from leadops.errors import TransientError
from leadops.products.product_rows import Call, ListedLead, QuotaReading
from leadops.products.reading import ReadAnswer, Reading, RefusedCallError, T
from leadops.products.registry import choose_product
from leadops.settings import Endpoint

#: How often one call of a reading waits for a limit of the product, and for how many seconds at most.
PAUSES, LONGEST_PAUSE = 3, 10.0


@dataclass(frozen=True)
class LeadAnswer:
    """What a call about one lead came to.

    `score` is None where the answer holds no whole number. `absence` says that the lead is gone. `failure`
    is the outcome of a call that read no lead; the others are None then. `is_misshapen`: there was a 2xx
    answer, and it was not a lead. `score_seq` is the row of the ledger that stands beside the score, if any.
    """

    score: int | None = None
    absence: LeadAbsence | None = None
    failure: Failure | None = None
    is_misshapen: bool = False
    score_seq: int | None = None

    @property
    def is_refused(self) -> bool:
        """Whether the lead itself is refused, not our credentials."""
        return isinstance(self.failure, Refused) and not self.failure.concerns_caller


def read_date(text: str | None) -> datetime | None:
    """Return the time of an HTTP date (RFC 9110, 5.6.7); None for any other text."""
    try:
        return parsedate_to_datetime(text).astimezone(UTC) if text else None
    except (ValueError, OverflowError):
        return None


#: Refusals of us altogether; any other is of the one call.
NOT_LET_IN = (401, 402, 407)
#: Merges of this time are looked for.
MERGES_SINCE = timedelta(days=7)
#: So long what the log of merges said is not asked again.
MERGES_KNOWN = timedelta(minutes=1)


class ProductClient:
    """Talks to the product that the connection names; not thread-safe."""

    def __init__(self, endpoint: Endpoint, *, sleep: Callable[[float], None] | None = None) -> None:
        """Raise ConfigError where the connection names a product that leadops does not have.

        With `sleep` a reading waits where the product asks for a short pause.
        """
        self.product = choose_product(endpoint)
        self._sleep = sleep
        self.transport = Transport(
            endpoint,
            access=self.product.open_access(endpoint),
            classify=self._classify_answer,
            fill_body=self._fill_body if self.product.has_token_in_body else None,
        )
        self._quota: QuotaReading | None = None
        self._outcomes: Counter[str] = Counter()
        #: What the last answer says of the time (UTC), its Date; None where it says none.
        self.server_time: datetime | None = None
        self._merges: Mapping[str, str] = {}
        self._merges_at: datetime | None = None
        self._merges_refusal: RefusedCallError | None = None

    def _fill_body(self, body: bytes, token: str) -> bytes:
        return self.product.fill_access(body.decode(), token).encode()

    def _classify_answer(self, answer: HttpAnswer, outcome: Outcome) -> Outcome | TokenExpired:
        self.server_time = read_date(answer.headers.get("Date"))
        self._quota = self.product.read_quota(answer) or self._quota
        return self.product.classify_answer(answer, outcome)

    def take_quota(self) -> QuotaReading | None:
        """Return what the last answers said of the account's day, once."""
        reading, self._quota = self._quota, None
        return reading

    def take_outcomes(self) -> Counter[str]:
        """Return how many calls ended in each way since it was asked last; two tries for a token are one."""
        outcomes, self._outcomes = self._outcomes, Counter()
        return outcomes

    @property
    def place(self) -> str:
        """Where the connection leads: its address without the scheme, and the database it names."""
        endpoint = self.transport.endpoint
        address = endpoint.base_url.partition("://")[2].rstrip("/").lower()
        database = endpoint.extra.get("database")
        return f"{address} {database}" if database else address

    def find_account(self) -> str | Failure | None:
        """Return the permanent id of the account that the connection leads to, as the product says it.

        None: it does not say one, or not to us. A `Failure`: there is no whole answer, or we are not let in,
        or the id alone says which of the accounts at this host it is, and it is not said.
        """
        call = self.product.make_account_call()
        if call is None:
            return None
        outcome = self.send(call)
        if isinstance(outcome, Answered):
            account = self.product.read_account(outcome.body)
            if account is None and self.product.has_shared_host:
                return Unknown("the answer does not say which account it is")
            return account
        is_kept_secret = isinstance(outcome, Refused) and outcome.status not in NOT_LET_IN
        return None if is_kept_secret and not self.product.has_shared_host else outcome

    def send(self, call: Call, *, key: str | None = None) -> Outcome:
        """Send `call`, under `key` where the product remembers keys; never raises for HTTP faults."""
        outcome = self.transport.send(
            call.method,
            call.path,
            body=call.body.encode() or None,
            key=key if self.product.remembers_keys else None,
            headers=call.headers,
            **call.params,
        )
        self._outcomes[type(outcome).__name__.lower()] += 1
        return outcome

    def read(self, reading: Reading[T], what: str) -> T:
        """Make the calls of `reading`, and return what they come to; errors name `what` is read.

        A call that fails raises at its place in the reading: RefusedCallError where it is refused,
        TransientError without a whole answer.
        """
        try:
            call = next(reading)
            while True:
                outcome = self._send_patiently(call)
                if isinstance(outcome, Refused):
                    call = reading.throw(RefusedCallError(f"{what}: {outcome.reason}", outcome.status))
                elif not isinstance(outcome, Answered):
                    call = reading.throw(TransientError(f"{what}: {outcome.reason}"))
                else:
                    call = reading.send(ReadAnswer(outcome.body, self.server_time))
        except StopIteration as end:
            return cast(T, end.value)

    def _send_patiently(self, call: Call) -> Outcome:
        """Send a call of a reading; wait out short pauses, since many calls meet the limits of seconds."""
        outcome = self.send(call)
        for _ in range(PAUSES):
            if (
                self._sleep is None
                or not isinstance(outcome, Throttled)
                or outcome.retry_after > LONGEST_PAUSE
            ):
                break
            self._sleep(outcome.retry_after)
            outcome = self.send(call)
        return outcome

    def get_lead(self, external_id: str) -> Outcome:
        """Read one lead; the answer is as the product gives it."""
        return self.send(self.product.make_lead_call(external_id))

    def read_lead(
        self, external_id: str, *, is_lead_certain: bool = False, is_merge_certain: bool = False
    ) -> LeadAnswer:
        """Read one lead: its score, or that it is gone.

        With `is_lead_certain` the base URL and the route are known to be right, because the list of leads was
        read: then a 404 or 410 without a word says that there is no such lead. With `is_merge_certain` a lead
        is gone only if no other one stands for it: a log of merges that may not be read is a refusal then.
        """
        outcome = self.get_lead(external_id)
        if isinstance(outcome, Answered):
            try:
                reading = self.product.read_lead(outcome.body, external_id)
            except AnswerShapeError as error:
                return LeadAnswer(failure=Unknown(str(error)), is_misshapen=True)
            absence = reading.absence
            if absence is not None and absence.merged_into is None:
                try:
                    absence = self._follow_merge(external_id, absence, is_certain=is_merge_certain)
                except TransientError as error:
                    return LeadAnswer(failure=Unknown(str(error)))
                except RefusedCallError as error:
                    return LeadAnswer(failure=Refused(error.status, str(error)))
            return LeadAnswer(reading.score, absence, score_seq=reading.score_seq)
        if isinstance(outcome, Refused):
            if outcome.absence is not None:
                return LeadAnswer(absence=outcome.absence)
            if is_lead_certain and outcome.status in (404, 410):
                return LeadAnswer(absence=LeadAbsence(AbsenceWord.NOT_FOUND))
        return LeadAnswer(failure=outcome)

    def _follow_merge(self, external_id: str, absence: LeadAbsence, *, is_certain: bool) -> LeadAbsence:
        """Return which lead stands for one that is not there, where only a log of merges says it.

        A log that may not be read changes nothing: the lead counts as gone, and the next audit looks again.
        Where that has to be certain, raise RefusedCallError.
        """
        now = self.server_time
        if not self.product.has_merge_log or now is None:
            return absence
        if self._merges_at is None or now - self._merges_at > MERGES_KNOWN:
            self._merges_refusal = None
            try:
                self._merges = self.read(self.product.read_merges(now - MERGES_SINCE), "merged leads")
            except RefusedCallError as error:
                self._merges, self._merges_refusal = {}, error
            self._merges_at = now
        if is_certain and self._merges_refusal is not None:
            raise self._merges_refusal
        into = self._merges.get(external_id)
        return absence if into is None else LeadAbsence(AbsenceWord.MERGED, into)

    def iterate_leads(self, known: Iterable[str] = ()) -> Iterator[ListedLead]:
        """Yield every lead that the product lists, page by page; a lead may lack anything.

        A product that cannot list its leads is asked for the `known` ids: one that is not there is left out,
        and a lead that leadops does not know is never seen. Raises TransientError or PermanentError when a
        page cannot be had.
        """
        if not self.product.lists_leads:
            yield from self._iterate_known(known)
            return
        cursor: str | None = None
        while True:
            body = expect(self.send(self.product.make_list_call(cursor)), "MA leads")
            leads, next_cursor = self.product.read_list(body)
            yield from leads
            if next_cursor is None:
                return
            if next_cursor == cursor:
                raise AnswerShapeError("MA leads: the page's cursor leads to no other page")
            cursor = next_cursor

    def _iterate_known(self, known: Iterable[str]) -> Iterator[ListedLead]:
        ids = iter(known)
        while asked := list(islice(ids, self.product.read_limit)):
            body = expect(self.send(self.product.make_leads_call(asked)), "MA leads")
            yield from self.product.read_leads(body)

    def close(self) -> None:
        """Close the kept-alive connection."""
        self.transport.close()
