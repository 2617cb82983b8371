"""A file of one's own for each section, and every way in which it breaks."""

from collections.abc import Callable
from pathlib import Path

#: Section: a file that changes two settings.
OWN_FILES = {
    "alerts": "clear_after_minutes: 4\nchannel: C0OURTEAM1\n",
    "attribution": "period_days: 80\nconversion: {stage: won}\n",
    "canary": "watch_seconds: 9\nvisitor_hours: 23\n",
    "changes": "max_new_mqls: 49\nexamples: 4\n",
    "company": "timezone: Europe/Berlin\ncurrency: EUR\n",
    "consent": "form_no: opt_out\nunsaid_may_mail: false\n",
    "delivery": "longest_backoff_seconds: 50\ntargets: {ma: {burst: 200}}\n",
    "economics": "months: 20\nvalue_months: 10\n",
    "events": "max_depth: 9\nmax_age_hours: 70\n",
    "feeds": "crm:\n  overlap_seconds: 60\n",
    "forms": "min_fill_seconds: 3\nsame_visitor: {max_forms: 11}\n",
    "funnel": "min_leads: 9\nresponse_days: 27\n",
    "gateway": "max_events: 90\nmax_addresses: 9000\n",
    "identity": "leads_per_person: 4\ntrait_events: [identify]\n",
    "kpi": "timezone: Europe/Berlin\ndeal_value: {decimal: '.'}\n",
    "live": "round_seconds: 0.9\npoll_seconds: 9\n",
    "nurture": "next_day_at: '10:00'\nchunk_members: 900\n",
    "machines": "wait_seconds: 9\nsignals: {trap_link: null}\n",
    "products": "hubspot: {new_lead_status: OPEN, page_size: 100}\n",
    "reports": "rep_names: true\nmost_groups: 9\n",
    "retention": "airflow: {days: 13}\ntables: {calls: 8}\n",
    "reps": "without_profile: leads\nreps: {a@x.example: {capacity_per_day: 3}}\n",
    "routing": "holidays:\n  Asia/Seoul: KR\n",
    "scoring": "claims_cap: 9\nbehaviour: [{name: prices, event: view_pricing, points: 21}]\n",
    "sla": "timezone: Europe/Berlin\nmedian: {window_days: 6}\n",
    "thresholds": "automatic: false\nwindow_days: 27\n",
    "training": "horizon_days: 50\ngoal: [won]\n",
    "warehouse": "piece_rows: 900000\ndollars_per_tib: 6\n",
}
#: What every file begins with.
HEADER = "# Our settings: changed on 1 July.\n# token xoxb-in-a-comment\n"


def write_own_file(folder: Path, section: str) -> Path:
    """Write the good file of a section."""
    file = folder / f"{section}.yaml"
    if file.is_dir():
        file.rmdir()
    file.unlink(missing_ok=True)
    file.write_text(HEADER + OWN_FILES[section])
    return file


def _write(content: bytes) -> Callable[[Path], None]:
    def write(file: Path) -> None:
        file.write_bytes(content)

    return write


def _cut(find_end: Callable[[bytes], int]) -> Callable[[Path], None]:
    def cut(file: Path) -> None:
        content = file.read_bytes()
        file.write_bytes(content[: find_end(content)])

    return cut


def _append(more: bytes) -> Callable[[Path], None]:
    def append(file: Path) -> None:
        file.write_bytes(file.read_bytes() + more)

    return append


def _replace_by_folder(file: Path) -> None:
    file.unlink()
    file.mkdir()


def _replace_by_link(file: Path) -> None:
    file.unlink()
    file.symlink_to("nowhere")


#: Every kind of breakage, by what the cause says about it.
BREAKAGES: dict[str, tuple[Callable[[Path], None], str]] = {
    "0 bytes": (_write(b""), "the file is empty"),
    "blank": (_write(b"\n \n"), "the file is empty"),
    "a marker only": (_write(b"---\n"), "the file is empty"),
    "[]": (_write(b"[]\n"), "the file must hold settings"),
    "false": (_write(b"false\n"), "the file must hold settings"),
    "null": (_write(b"null\n"), "the file must hold settings"),
    "a text": (_write(b"see the wiki\n"), "the file must hold settings"),
    "an unknown key": (_append(b"no_such_key: 1\n"), "no_such_key: Extra inputs are not permitted"),
    "broken YAML": (_append(b"a: [1\n"), "not valid YAML"),
    "a merge conflict": (_append(b"<<<<<<< HEAD\n"), "not valid YAML"),
    "not UTF-8": (_append(b"# caf\xe9\n"), "is not UTF-8"),
    "zeros": (_append(bytes(4096)), "holds the control character 0x00"),
    "cut in the header": (_cut(lambda content: 10), "as if it was cut off"),
    "cut after the header": (_cut(lambda content: len(HEADER)), "as if it was cut off"),
    "cut at the end of a line": (_cut(lambda content: content.rindex(b"\n", 0, -1) + 1), ""),
    "cut in a line": (_cut(lambda content: len(content) - 4), ""),
    "gone": (Path.unlink, "is gone"),
    "a folder": (_replace_by_folder, "is not a file"),
    "a link to nothing": (_replace_by_link, "is a link to nothing"),
}
