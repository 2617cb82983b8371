"""What the MA remembers: leads, scores, which deltas and keys it has seen, and when each was applied."""

from bisect import bisect_right
from collections import deque
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import islice
from typing import Any, Literal, NamedTuple

from leadops_sandbox.journal import Place, Record

#: The MA's own ids begin here and go up by this, so that nobody takes them for leadops' ids.
FIRST_ID, ID_STEP = 48_211, 7
#: What a template of the MA may show of an enrolment.
MESSAGE = ("messageKey", "language", "subject", "preview", "depth", "fields")


@dataclass(slots=True)
class Lead:
    """One person as the MA knows them; `score` in points.

    A lead that is gone keeps what it had: `absence` says whether it was deleted or merged into another.
    `may_mail`: whether the person may get marketing mail; None: nobody has said.
    """

    id: int
    email: str
    score: float = 0
    fields: dict[str, Any] = field(default_factory=dict)
    absence: Literal["", "deleted", "merged"] = ""
    merged_into: int | None = None
    may_mail: bool | None = None


class EnrolmentName(NamedTuple):
    """What makes an enrolment the same again, whatever its key."""

    lead_id: int
    program: str
    step: str
    cycle: int


class Enrolment(NamedTuple):
    """A lead that was taken into a step of a program at `at` (UTC), with the `message` for it."""

    id: str
    name: EnrolmentName
    message: dict[str, Any]
    at: str


class Member(NamedTuple):
    """A lead's membership in a campaign, as products know it that have records of it."""

    number: int
    fields: dict[str, Any]


class Answered(NamedTuple):
    """A call that was answered under a key: a digest of what was asked, and where the answer lies."""

    digest: str
    place: Place


class MaStore:
    """The MA's state; only `apply` changes it."""

    def __init__(self) -> None:
        self.leads: dict[int, Lead] = {}
        self.by_email: dict[str, int] = {}
        #: All of them, in order; what a product's automation does twice is there twice.
        self.enrolments: list[Enrolment] = []
        self.enrolment_keys: dict[str, Enrolment] = {}
        self.enrolled: dict[EnrolmentName, Enrolment] = {}
        self.members: dict[tuple[int, int], Member] = {}
        self.answered: dict[str, Answered] = {}
        self.seen_deltas: set[str] = set()
        self.deltas_applied = 0
        self.deltas_rejected = 0
        self.duplicates_refused = 0
        self.sum_of_scores: float = 0
        self.last_applied_at: str | None = None
        self._key_ages: deque[tuple[datetime, str]] = deque()
        self._delta_ages: deque[tuple[datetime, list[str]]] = deque()
        self.applied_before = 0
        self._applied_until: list[int] = []
        self._applied_places: list[Place] = []

    def next_id(self) -> int:
        """Return the id of the lead that would be made next."""
        return FIRST_ID + ID_STEP * len(self.leads)

    def leads_after(self, after: int, limit: int) -> list[Lead]:
        """Return up to `limit` leads with an id above `after`, in the order of ids; none that is gone."""
        first = max(FIRST_ID, after + 1 + (FIRST_ID - after - 1) % ID_STEP)
        leads = (self.leads[lead_id] for lead_id in range(first, self.next_id(), ID_STEP))
        return list(islice((lead for lead in leads if not lead.absence), limit))

    @property
    def live_leads(self) -> int:
        """How many leads are not gone."""
        return sum(not lead.absence for lead in self.leads.values())

    def find_survivor(self, lead_id: int) -> Lead | None:
        """Return the lead that `lead_id` was merged into, over any number of merges; itself if it was not."""
        lead = self.leads.get(lead_id)
        while lead is not None and lead.merged_into is not None:
            lead = self.leads.get(lead.merged_into)
        return lead

    def forget(self, *, now: datetime, seconds: float) -> None:
        """Forget keys and deltaIds that are older than `seconds`, as MAs do, many after 24 h."""
        limit = now - timedelta(seconds=seconds)
        while self._key_ages and self._key_ages[0][0] < limit:
            self.answered.pop(self._key_ages.popleft()[1], None)
        while self._delta_ages and self._delta_ages[0][0] < limit:
            self.seen_deltas.difference_update(self._delta_ages.popleft()[1])

    def apply(self, record: Record, place: Place) -> None:
        """Take over what `record` says happened: {"kind","at","key","digest","body","answer"}."""
        match record["kind"]:
            case "ma.scores":
                self._apply_scores(
                    record["at"], record["body"]["updates"], record["answer"]["results"], place
                )
            case "ma.score":
                self._apply_scores(record["at"], [record["body"]], [record["answer"]], place)
            case "ma.settled":
                self._take_over(record["body"])
            case "ma.lead":
                self._apply_lead(record["answer"]["leadId"], record["body"])
            case "ma.fields":
                self.leads[record["answer"]["id"]].fields.update(record["body"]["fields"])
            case "ma.properties":
                for row in record["body"]["rows"]:
                    self._set_properties(self.leads[row["id"]], row["fields"], row["score"])
            case "ma.points":
                lead = self.leads[record["body"]["id"]]
                lead.fields["points"] = record["body"]["points_after"]
                self._set_score(lead, record["body"]["score_after"])
            case "ma.deleted":
                self._remove(self.leads[record["body"]["id"]], "deleted")
            case "ma.erased":
                self._erase(self.leads[record["answer"]["id"]])
            case "ma.merged":
                self._merge(record["body"])
            case "ma.restored":
                self._restore(self.leads[record["body"]["id"]])
            case "ma.consent":
                self.leads[record["answer"]["id"]].may_mail = record["answer"]["may_mail"]
            case "ma.member":
                body = record["body"]
                pair = (body["campaign"], body["lead"])
                known = self.members.get(pair) or Member(len(self.members) + 1, {})
                self.members[pair] = known._replace(fields=known.fields | body["fields"])
            case "ma.enrolment":
                self._apply_enrolment(record)
        if record.get("key"):
            self.answered[record["key"]] = Answered(record["digest"], place)
            self._key_ages.append((datetime.fromisoformat(record["at"]), record["key"]))

    def _set_properties(self, lead: Lead, fields: dict[str, Any], score: float | None) -> None:
        """Set fields and, where there is one, the score, as products do that know no deltas."""
        if "email" in fields and fields["email"] != lead.email:
            if self.by_email.get(lead.email.strip().lower()) == lead.id:
                del self.by_email[lead.email.strip().lower()]
            lead.email = fields["email"] or ""
            if lead.email:
                self.by_email[lead.email.strip().lower()] = lead.id
        lead.fields.update({name: value for name, value in fields.items() if name != "email"})
        if score is not None:
            self._set_score(lead, score)

    def _set_score(self, lead: Lead, score: float) -> None:
        """Set a score; the sum of all changes of scores follows."""
        self.sum_of_scores += score - lead.score
        lead.score = score

    def _take_over(self, body: dict[str, Any]) -> None:
        """Begin with what the changes came to that are no longer listed one by one."""
        for lead_id, score in body["scores"]:
            self.leads[lead_id].score = score
        counts = body["counts"]
        self.deltas_applied = self.applied_before = counts.get("applied", 0)
        self.duplicates_refused = counts.get("duplicate", 0)
        self.deltas_rejected = counts.get("rejected", 0)
        self.sum_of_scores = counts.get("sum", 0)
        self.last_applied_at = body["last_applied_at"]

    def _remove(self, lead: Lead, absence: Literal["deleted", "merged"]) -> None:
        lead.absence = absence
        for address in [address for address, lead_id in self.by_email.items() if lead_id == lead.id]:
            del self.by_email[address]

    def _erase(self, lead: Lead) -> None:
        self._remove(lead, "deleted")
        lead.email, lead.fields, lead.may_mail = "", {}, None

    def _merge(self, body: dict[str, Any]) -> None:
        loser, survivor = self.leads[body["id"]], self.leads[body["into"]]
        self._remove(loser, "merged")
        loser.merged_into = survivor.id
        survivor.score = body["score_after"]
        if loser.may_mail is False:
            survivor.may_mail = False
        if body["keeps_email"]:
            self.by_email[loser.email.strip().lower()] = survivor.id

    def _restore(self, lead: Lead) -> None:
        lead.absence, lead.merged_into = "", None
        self.by_email.setdefault(lead.email.strip().lower(), lead.id)

    def _apply_lead(self, lead_id: int, body: dict[str, Any]) -> None:
        lead = self.leads.setdefault(lead_id, Lead(lead_id, body["email"]))
        if body["email"]:
            self.by_email[body["email"].strip().lower()] = lead_id
        lead.fields.update({k: v for k, v in body.items() if k != "email" and v is not None})

    def _apply_enrolment(self, record: Record) -> None:
        body, answer = record["body"], record["answer"]
        name = EnrolmentName(answer["leadId"], answer["program"], body["step"], answer["cycle"])
        message = {key: body[key] for key in MESSAGE if key in body}
        enrolment = Enrolment(answer["enrolmentId"], name, message, record["at"])
        self.enrolments.append(enrolment)
        self.enrolment_keys[body["idempotencyKey"]] = self.enrolled[name] = enrolment

    def _apply_scores(
        self, at: str, updates: list[dict[str, Any]], results: list[dict[str, Any]], place: Place
    ) -> None:
        applied: list[str] = []
        for update, result in zip(updates, results, strict=True):
            match result["status"]:
                case "applied":
                    applied.append(result["deltaId"])
                    # A merged lead's points go to the lead that the result names.
                    self.leads[result.get("leadId", update["leadId"])].score = result["score"]
                    self.sum_of_scores += update["delta"]
                case "duplicate":
                    self.duplicates_refused += 1
                case _:
                    self.deltas_rejected += 1
        if applied:
            self.deltas_applied += len(applied)
            self.seen_deltas.update(applied)
            self._delta_ages.append((datetime.fromisoformat(at), applied))
            self._applied_until.append(self.deltas_applied)
            self._applied_places.append(place)
            self.last_applied_at = at

    def applied_after(self, after: int) -> tuple[int, Place] | None:
        """Return how many deltas came before the batch that holds number `after` + 1, and its place."""
        index = bisect_right(self._applied_until, after)
        if index == len(self._applied_until):
            return None
        return (self._applied_until[index - 1] if index else self.applied_before), self._applied_places[index]
