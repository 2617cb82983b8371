from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leadops_sandbox.journal import Journal, JournalBusyError

RECORDS = st.lists(st.dictionaries(st.text(max_size=5), st.text(max_size=20), max_size=3), max_size=5)


@given(before=RECORDS, after=RECORDS, data=st.data())
def test_a_journal_cut_at_any_byte_keeps_every_whole_record(
    tmp_path_factory: pytest.TempPathFactory, before: list, after: list, data: st.DataObject
) -> None:
    path = tmp_path_factory.mktemp("journal") / "j.jsonl"
    journal = Journal(path)
    ends = [0, *(sum(place) for place in map(journal.append, before))]
    journal.close()
    cut = data.draw(st.integers(0, ends[-1]))
    path.write_bytes(path.read_bytes()[:cut])

    journal = Journal(path)
    whole = sum(end <= cut for end in ends) - 1
    assert [record for record, _ in journal.replay()] == before[:whole]
    places = [journal.append(record) for record in after]
    assert [journal.read(place) for place in places] == after
    assert [record for record, _ in journal.replay()] == before[:whole] + after
    journal.close()


def test_a_folder_belongs_to_one_sandbox_at_a_time(tmp_path: Path) -> None:
    first = Journal(tmp_path / "j.jsonl")
    with pytest.raises(JournalBusyError, match="in use"):
        Journal(tmp_path / "j.jsonl")
    first.close()
    Journal(tmp_path / "j.jsonl").close()
