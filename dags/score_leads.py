"""Every minute: events become score changes in the MA, and leads become MQLs with an owner."""

from airflow.sdk import dag

from leadops.orchestration.defaults import minute_dag
from leadops.orchestration.task import leadops_task
from leadops.orchestration.tasks import delivery, scoring


@dag(**minute_dag(tags=["every-minute", "scoring"]))
def score_leads() -> None:
    """
    ### Events become score changes in the MA

    **What**: finds the lead behind each new event, writes the points it earns into the ledger, pushes the
    changes to the MA, decides who becomes MQL, and gives each new MQL an owner. **When**: every minute; a
    skipped minute needs no run of its own, because each task takes everything that is pending.
    **Connections**: `leadops_ma`, `leadops_crm`, `leadops_slack`, and `LEADOPS_DATABASE_URL`.

    **When it is red**
    - *one run, then green again*: nothing to do, nothing was lost.
    - *resolve or score red repeatedly*: read the log below *Task failed with exception*. A settings
      file that is broken from the first start on is named with file and line; correct it, and the next run
      continues. (Later, a broken file makes nothing red: the incident `settings_refused` reports it.)
    - *push green, but nothing arrives in the MA*: the log says why (down, asked us to wait, credentials). All
      changes stay on record and are sent later. Dead letters: `leadops dead-letters list`.
    - *score red, push green*: push sent what was there, and gave up waiting for more after half a minute.
    - *one of several pushes red*: the others send its leads too; `shards` in `delivery.yaml` says how many
      push at once.
    - *assign red*: new MQLs are in the CRM without an owner. Read the log; `leadops routing
      lint` checks `routing.yaml`; the next good run routes them. Why a lead went where:
      `leadops routing why LEAD`. A Slack that is down does not make it red.
    - *in doubt about the numbers*: `leadops audit`.

    **Backfill**: `airflow backfill create --dag-id score_leads --from-date … --to-date …` scores the events
    received in those minutes under today's rules and pushes only the difference, after live changes.
    Re-running it changes nothing.
    """
    resolve, score = leadops_task(scoring.resolve)(), leadops_task(scoring.score)()
    push = leadops_task(delivery.push).partial(beside="score").expand(shard=delivery.list_shards())
    qualify, assign = leadops_task(scoring.qualify)(), leadops_task(scoring.assign)()

    resolve >> [score, push]  # push sends what score has written so far, and ends after it
    score >> qualify >> assign


score_leads()
