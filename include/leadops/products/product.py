"""What a product is to delivery: the calls that it takes, and what its answers mean."""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Any, ClassVar, TypeVar

from leadops.clients.access import Access, StaticToken
from leadops.clients.call_outcomes import HttpAnswer, Outcome, TokenExpired
from leadops.errors import ConfigError
from leadops.products.check_line import CheckLine
from leadops.products.crm_side import CrmSide
from leadops.products.enrolment import ProgrammeStep
from leadops.products.product_rows import (
    Call,
    EffectRow,
    LeadReading,
    ListedLead,
    QuotaReading,
    RowResult,
    ScoreRow,
    ScoreWay,
    SendCall,
    TotalRow,
    UnsupportedCallError,
)
from leadops.products.reading import Reading
from leadops.settings import Endpoint, Settings

Model = TypeVar("Model", bound=Settings)


def find_settings(endpoint: Endpoint, model: type[Model]) -> Model:
    """Return the product's section of products.yaml, which the wiring gives to the endpoint.

    Raises ConfigError where it is missing.
    """
    if not isinstance(endpoint.product_settings, model):
        raise ConfigError(f"the product needs its settings ({model.__name__}) beside the connection")
    return endpoint.product_settings


class Product(ABC):
    """One product: the calls that it takes, and what its answers mean. It holds its settings, and no state.

    Delivery decides what is sent, when, and what becomes of it. A product decides how a call looks and what
    an answer says. Ids of leads are text; only the product knows whether they are numbers.
    """

    #: Its name: that of its folder, and of the connection's extra.
    name: ClassVar[str]
    #: The most score changes, or totals, that one call takes.
    row_limit: ClassVar[int]
    #: The most bytes that the body of such a call may have; None: no limit is known.
    byte_limit: ClassVar[int | None] = None
    #: Whether scores are added to or set: ADD has the calls of changes, SET those of totals.
    score_way: ScoreWay = ScoreWay.ADD
    #: Whether it knows a repeated call by its key (Idempotency-Key).
    remembers_keys: ClassVar[bool] = True
    #: ADD only: it does not know a repeated change again, but has a log in which a change is found by its
    #: delta_id. After an unknown outcome the change is looked up there before it is sent again.
    has_change_log: ClassVar[bool] = False
    #: Whether it can list all leads. Where it cannot, it is asked for those that leadops knows.
    lists_leads: ClassVar[bool] = True
    #: How many leads one call of `make_leads_call` reads.
    read_limit: ClassVar[int] = 1
    #: Whether it forgets the id of a merged lead, and only a log says which lead stands for it.
    has_merge_log: ClassVar[bool] = False
    #: So long an effect of unknown outcome rests before it is sent again, and a lead after an upsert before
    #: the next one: a call that comes sooner may have a second effect, because the product does not find what
    #: it just made.
    repeat_pause: ClassVar[timedelta] = timedelta()
    #: So far apart are enrolments of one lead, where the fields of the lead carry the message: the product's
    #: automation reads them some time after the call, and would find those of the next message.
    enrolment_spacing: timedelta = timedelta()
    #: The right in the product that an operation needs beyond those of scores and leads, by its name there.
    rights: Mapping[str, str] = MappingProxyType({})
    #: Whether all accounts have one host: then one that does not say its id could be any, and gets nothing.
    has_shared_host: ClassVar[bool] = False
    #: Whether calls carry the token in their body, where `fill_access` puts it, and not in a header.
    has_token_in_body: bool = False
    #: Whether a lead has one id in it as MA and as CRM: a merge in the CRM's feed is one in the MA too.
    has_one_id: ClassVar[bool] = False
    #: How its feed, its users and its leads are read; None: it is not a CRM.
    crm: CrmSide | None = None

    def open_access(self, endpoint: Endpoint) -> Access:
        """Return how a token for `endpoint` is had: the connection's password, unless a product says else."""
        return StaticToken(endpoint.token)

    def fill_access(self, body: str, token: str) -> str:  # noqa: ARG002
        """Return the `body` of a call with the token in it, where `has_token_in_body`.

        It is filled when it is sent: what is stored holds no token.
        """
        return body

    def classify_answer(self, answer: HttpAnswer, outcome: Outcome) -> Outcome | TokenExpired:  # noqa: ARG002
        """Return what an answer means for the call as a whole; `outcome` is what its status means.

        Here a product says that a quota is used up (Throttled, with the seconds until it ends), that its
        token has expired (TokenExpired), or that a status means something else than usual.
        """
        return outcome

    def read_quota(self, answer: HttpAnswer) -> QuotaReading | None:  # noqa: ARG002
        """Return what an answer says of the calls of the account's day, or None."""
        return None

    def make_score_call(self, rows: Sequence[ScoreRow]) -> Call:  # noqa: ARG002
        """Return the call that adds `rows`, at least one and at most `row_limit`; for ADD."""
        raise self._lack("changes of scores")

    def read_score_answer(self, body: Any, rows: Sequence[ScoreRow]) -> Mapping[str, RowResult]:  # noqa: ARG002
        """Return what a 2xx answer says of each of `rows`, by delta_id; a missing row is unknown."""
        raise self._lack("changes of scores")

    def make_lookup_call(self, row: ScoreRow) -> Call:  # noqa: ARG002
        """Return the call that looks for a change in the product's log, where `has_change_log`."""
        raise self._lack("look-ups of changes")

    def read_lookup(self, body: Any, row: ScoreRow) -> bool | None:  # noqa: ARG002
        """Return whether the product has the change, by a 2xx answer; None: the answer does not say."""
        raise self._lack("look-ups of changes")

    def make_total_call(self, rows: Sequence[TotalRow]) -> Call:  # noqa: ARG002
        """Return the call that sets the totals of `rows`, at least one and at most `row_limit`; for SET."""
        raise self._lack("totals")

    def read_total_answer(self, body: Any, rows: Sequence[TotalRow]) -> Mapping[int, RowResult]:  # noqa: ARG002
        """Return what a 2xx answer says of each of `rows`, by lead_id; a missing row is unknown.

        What is unknown is sent again, with the total of that time: DUPLICATE means nothing here.
        """
        raise self._lack("totals")

    @abstractmethod
    def is_repeatable(self, target: str, operation: str) -> bool:
        """Return whether the product itself makes a repetition harmless, as an upsert does."""

    @abstractmethod
    def make_effect_call(self, effect: EffectRow) -> Call:
        """Return the call of an effect; raise UnsupportedCallError if the product has none."""

    @abstractmethod
    def read_effect_answer(self, body: Any, effect: EffectRow) -> RowResult:
        """Return what a 2xx answer says of an effect."""

    def make_effect_lookup(self, effect: EffectRow) -> Call | None:  # noqa: ARG002
        """Return the call that shows whether an effect took place, which only reads; None: nothing shows it.

        It is made after an unknown outcome of an operation that is not repeatable and whose key nobody
        remembers. Without it such an effect is a dead letter.
        """
        return None

    def read_effect_lookup(self, body: Any, effect: EffectRow, *, since: datetime) -> bool | None:  # noqa: ARG002
        """Return whether the effect took place, by a 2xx answer; None: the answer does not say.

        `since` is the time (UTC) from which on its call may have arrived.
        """
        raise self._lack("look-ups of effects")

    @abstractmethod
    def make_lead_call(self, external_id: str) -> Call:
        """Return the call that reads one lead."""

    @abstractmethod
    def read_lead(self, body: Any, external_id: str) -> LeadReading:
        """Return the lead of a 2xx answer; raise AnswerShapeError if the answer is not a lead."""

    def make_list_call(self, cursor: str | None) -> Call:  # noqa: ARG002
        """Return the call that reads one page of all leads; the first without a `cursor`."""
        raise self._lack("a list of all leads")

    def read_list(self, body: Any) -> tuple[list[ListedLead], str | None]:  # noqa: ARG002
        """Return the leads of a page and the cursor of the next, or None; raise AnswerShapeError."""
        raise self._lack("a list of all leads")

    def make_leads_call(self, external_ids: Sequence[str]) -> Call:  # noqa: ARG002
        """Return the call that reads up to `read_limit` leads by their ids, where it cannot list them."""
        raise self._lack("leads by their ids")

    def read_leads(self, body: Any) -> list[ListedLead]:  # noqa: ARG002
        """Return the leads of such an answer; one that is not there is left out. Raise AnswerShapeError."""
        raise self._lack("leads by their ids")

    def read_merges(self, since: datetime) -> Reading[Mapping[str, str]]:  # noqa: ARG002
        """Read which leads were merged `since` (UTC), each with the one that stands for it in the end."""
        raise self._lack("merges")

    def make_ping_call(self, target: str) -> Call | None:  # noqa: ARG002
        """Return a cheap call to `target` that only reads and that every valid token may make.

        `leadops check` makes it first: its answer proves the way, the token and the clocks. None: there is no
        such call, and the lines of `check` prove the token.
        """
        return None

    def make_quota_call(self) -> Call | None:
        """Return a call that only reads and whose answer `read_quota` understands.

        None where other answers say what is left of the day, or none does.
        """
        return None

    def make_account_call(self) -> Call | None:
        """Return a call that only reads and whose answer `read_account` understands.

        None where the product does not say which account it is: then it is the host of the connection.
        """
        return None

    def read_account(self, body: Any) -> str | None:  # noqa: ARG002
        """Return the permanent id of the account, by a 2xx answer; None: the answer does not say it.

        Then the host of the connection stands for it, unless all accounts have one (`has_shared_host`).

        An account that was copied, or that has another id, may give the ids of our leads to other people.
        """
        return None

    def check(self, target: str, send: SendCall) -> Iterator[CheckLine]:  # noqa: ARG002
        """Yield what the product itself has to be asked, for `leadops check`; only calls that read.

        That is for example the edition and API version, the rights of the token, and whether each mapped
        field is there, of the right type and writable. What every connection has is the caller's part.
        """
        yield from ()

    def find_enrolment_gap(self, place: ProgrammeStep) -> str | None:  # noqa: ARG002
        """Return what is missing here to enrol anybody in a step of a programme; None: nothing.

        It is said by the settings alone, so it costs no call, and a step that has a gap need not begin.
        """
        return f"the product {self.name} has no call for enrolments"

    def check_enrolments(self, places: Sequence[ProgrammeStep], send: SendCall) -> Iterator[CheckLine]:  # noqa: ARG002
        """Yield a line for each step of a programme: whether the product is ready to take people in.

        `leadops check ma` asks for the steps that nurture.yaml names. Only calls that read are made.
        """
        for place in places:
            gap = self.find_enrolment_gap(place)
            if gap is None:
                yield CheckLine.ok(f"step {place}", "has its counterpart")
            else:
                yield CheckLine.change(f"step {place}", gap)

    def _lack(self, what: str) -> UnsupportedCallError:
        return UnsupportedCallError(f"the product {self.name} has no calls for {what}")
