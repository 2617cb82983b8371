"""The made-up product's server: real HTTP, a state in memory, and faults that a test lines up."""

import json
import random
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Lock, Thread
from typing import Any
from urllib.parse import urlsplit

#: What may happen to the next call that changes something.
FAULTS = ["lost before", "lost after", "500 before", "500 after", "TOKEN", "half"]
#: What may happen to the next row.
ROW_FAULTS = ["LOCKED", "unnamed", "unnamed and lost"]
#: What may happen to the next call that sets totals: without an answer, it takes effect when a test says so.
LATE = "late"


@dataclass(frozen=True)
class SeenCall:
    """A call as it came over the wire; `token` and `key` stand apart, since only they may differ."""

    method: str
    path: str
    body: bytes
    version: str | None
    token: str | None
    key: str | None


@dataclass
class Acme:
    """People with totals. `faults` and `row_faults` are used up in order, one a call and one a row."""

    url: str = ""
    totals: dict[str, int] = field(default_factory=dict)
    mails: dict[str, str] = field(default_factory=dict)
    fields: dict[str, dict[str, Any]] = field(default_factory=dict)
    refs: dict[str, int] = field(default_factory=dict)
    #: The row of the ledger that stands beside a total that was set.
    rows: dict[str, int] = field(default_factory=dict)
    #: The changes that came, by their refs, and whether the log says so.
    log: list[str] = field(default_factory=list)
    is_log_readable: bool = True
    late: list[dict[str, Any]] = field(default_factory=list)
    #: Up to so many seconds pass before a call that sets totals takes effect.
    delay: float = 0
    #: Whose totals are being set right now, and who was in two calls at once.
    setting: list[str] = field(default_factory=list)
    overlaps: list[str] = field(default_factory=list)
    merged: dict[str, str] = field(default_factory=dict)
    #: Whether a change of somebody who was merged is refused without a word on whom into.
    is_tight_lipped: bool = False
    calls: list[SeenCall] = field(default_factory=list)
    faults: deque[str] = field(default_factory=deque)
    row_faults: deque[str] = field(default_factory=deque)
    #: The code of each next answer about a person, used up in order.
    person_codes: deque[str] = field(default_factory=deque)
    token: int = 1
    #: Seconds for which the quota of the day is used up.
    quota_ends_in: int | None = None
    #: The calls of the account's day, of all who use it, and its limit.
    day_calls: int = 0
    day_limit: int | None = None
    lock: Lock = field(default_factory=Lock)

    def changes(self) -> list[SeenCall]:
        """The calls that carried changes of scores."""
        return [call for call in self.calls if call.path.startswith("/acme/changes")]

    def total_calls(self) -> list[list[dict[str, Any]]]:
        """The totals in each call that set some."""
        return [json.loads(call.body)["totals"] for call in self.calls if call.path == "/acme/totals"]

    def land(self) -> None:
        """Let the calls that are still on their way take effect, whatever was set since."""
        with self.lock:
            late, self.late = self.late, []
            for body in late:
                for total in body["totals"]:
                    self._set_total(total)

    @contextmanager
    def in_flight(self, call: SeenCall) -> Iterator[None]:
        """Note whose totals a call sets while it lasts; it may last."""
        people = []
        if call.path == "/acme/totals":
            people = [total["person"] for total in json.loads(call.body)["totals"]]
        with self.lock:
            self.overlaps += [person for person in people if person in self.setting]
            self.setting += people
        time.sleep(random.uniform(0, self.delay) if people else 0)
        try:
            yield
        finally:
            with self.lock:
                for person in people:
                    self.setting.remove(person)

    def respond(self, call: SeenCall) -> tuple[int, Any] | None:
        """Return status and answer; None breaks the connection off."""
        path = urlsplit(call.path).path
        if path == "/acme/token":
            self.token += 1
            return 200, {"token": f"t{self.token}"}
        self.calls.append(call)
        if call.token != f"Bearer t{self.token}":
            return 200, {"fault": "TOKEN"}
        self.day_calls += 1
        if self.quota_ends_in is not None:
            return 200, {"fault": "DAILY"}
        fault = self.faults.popleft() if self.faults and call.method != "GET" else ""
        if fault.isdecimal():  # a status
            return int(fault), {}
        if fault == "TOKEN":
            self.token += 1
            return 200, {"fault": "TOKEN"}
        if fault in ("lost before", "500 before"):
            return None if fault == "lost before" else (500, {})
        if fault == LATE:
            if path == "/acme/totals":
                self.late.append(json.loads(call.body))
            return None
        answer = self._act(call.method, path, json.loads(call.body or b"null"), is_half=fault == "half")
        if fault in ("lost after", "500 after"):
            return None if fault == "lost after" else (500, {})
        return 200, answer

    def _act(self, method: str, path: str, body: Any, *, is_half: bool) -> dict[str, Any]:
        name = path.removeprefix("/acme/people").strip("/")
        if path == "/acme/changes":
            assert len(body["changes"]) <= 3
            rows = [row for change in body["changes"] for row in self._change(change)]
            return {"rows": rows[: len(rows) // 2] if is_half else rows}
        if path == "/acme/totals":
            people = [total["person"] for total in body["totals"]]
            assert len(people) == len(set(people)) <= 4, "the same person twice, or too many"
            rows = [row for total in body["totals"] for row in self._take_total(total)]
            return {"rows": rows[: len(rows) // 2] if is_half else rows}
        if path == "/acme/points":
            self.log.append(body["ref"])
            self.totals[body["person"]] += body["plus"]
            return {} if is_half else {"added": True}
        if path == "/acme/log":
            return {"refs": self.log} if self.is_log_readable else {}
        if method == "GET" and not name:
            return {
                "people": [
                    {"person": person, "total": total, "mail": self.mails[person]}
                    for person, total in self.totals.items()
                ],
                "next": None,
            }
        if method == "POST":
            person = next((who for who, mail in self.mails.items() if mail == body["mail"]), None)
            if person is None:
                person = f"00Q{len(self.mails):03}e"
                self.mails[person], self.totals[person] = body["mail"], 0
            return {"person": person}
        if code := self.person_codes.popleft() if self.person_codes and method == "PUT" else None:
            return {"code": code, "text": f"{code} for a@b.example"}
        if name in self.merged:
            return self._say_merged(name) if method != "GET" else self._name_survivor(name)
        if name not in self.totals:
            return {"code": "NO_SUCH_PERSON"}
        if method == "PUT":
            self.fields.setdefault(name, {}).update(body)
        return {"person": name, "total": str(self.totals[name]), "row": self.rows.get(name)}

    def _set_total(self, total: dict[str, Any]) -> None:
        if total["person"] in self.totals:
            self.totals[total["person"]], self.rows[total["person"]] = total["total"], total["row"]

    def _take_total(self, total: dict[str, Any]) -> list[dict[str, Any]]:
        person = total["person"]
        if person in self.merged:
            return [{"person": person} | self._say_merged(person)]
        if person not in self.totals:
            return [{"person": person, "code": "NO_SUCH_PERSON"}]
        fault = self.row_faults.popleft() if self.row_faults else ""
        if fault in ("LOCKED", "INVALID", "ELSEWHERE"):
            return [{"person": person, "code": fault, "text": "the row is not taken"}]
        if fault != "unnamed and lost":
            self._set_total(total)
        return [] if fault.startswith("unnamed") else [{"person": person}]

    def _say_merged(self, person: str) -> dict[str, Any]:
        return {"code": "ELSEWHERE"} if self.is_tight_lipped else self._name_survivor(person)

    def _name_survivor(self, person: str) -> dict[str, Any]:
        return {"code": "MERGED", "into": self.merged[person]}

    def _change(self, change: dict[str, Any]) -> list[dict[str, Any]]:
        ref, person = change["ref"], change["person"]
        if person in self.merged:
            return [{"ref": ref} | self._say_merged(person)]
        if person not in self.totals:
            return [{"ref": ref, "code": "NO_SUCH_PERSON"}]
        if ref in self.refs:
            return [{"ref": ref, "code": "KNOWN"}]
        fault = self.row_faults.popleft() if self.row_faults else ""
        if fault in ("LOCKED", "INVALID"):
            return [{"ref": ref, "code": fault, "text": "the row is not taken"}]
        if fault != "unnamed and lost":
            self.refs[ref] = change["plus"]
            self.totals[person] += change["plus"]
        return [] if fault.startswith("unnamed") else [{"ref": ref}]


@contextmanager
def serve_acme() -> Iterator[Acme]:
    """Run the server in a thread."""
    acme = Acme()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _respond(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            call = SeenCall(
                self.command,
                self.path,
                body,
                self.headers.get("X-Acme-Version"),
                self.headers.get("Authorization"),
                self.headers.get("Idempotency-Key"),
            )
            with acme.in_flight(call), acme.lock:
                answer = acme.respond(call)
            if answer is None:
                self.close_connection = True
                return
            content = json.dumps(answer[1]).encode()
            self.send_response(answer[0])
            self.send_header("Content-Type", "application/json")
            self.send_header("X-Acme-Reset", str(acme.quota_ends_in or 0))
            if acme.day_limit is not None:
                self.send_header("X-Acme-Calls", f"{acme.day_calls}/{acme.day_limit}")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_POST = do_PUT = _respond

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    acme.url = f"http://127.0.0.1:{server.server_port}"
    Thread(target=server.serve_forever, args=[0.01], daemon=True).start()
    try:
        yield acme
    finally:
        server.shutdown()
        server.server_close()
