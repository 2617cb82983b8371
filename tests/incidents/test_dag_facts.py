"""What an incident says about a DAG run."""

from leadops.incidents.dag_facts import form_dag_facts


def test_an_exception_leaves_its_class_and_a_masked_line():
    error = ValueError("no lead for a@b.example\nTraceback: a@b.example")
    facts = form_dag_facts(dag_id="d", run_id="r", task_id="t", try_number=2, log_url="http://x", error=error)
    assert facts == {
        "dag_id": "d",
        "run_id": "r",
        "task_id": "t",
        "try_number": 2,
        "log_url": "http://x",
        "error": "ValueError: no lead for [e-mail]",
    }


def test_what_is_not_known_is_left_out():
    assert form_dag_facts(dag_id="d") == {"dag_id": "d"}
    assert form_dag_facts(dag_id="d", error=TimeoutError())["error"] == "TimeoutError"
