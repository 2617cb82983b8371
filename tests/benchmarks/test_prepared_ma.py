from pathlib import Path

import requests

from benchmarks.prepared_ma import learn_ids, write_leads
from leadops.db import Connection
from leadops.products.product_client import ProductClient
from leadops.settings import Endpoint
from leadops_sandbox.serve import serve_in_thread
from leadops_sandbox.settings import Tokens


def test_the_sandbox_finds_the_prepared_leads_under_the_ids_that_leadops_learned(
    tmp_path: Path, connection: Connection
) -> None:
    write_leads(tmp_path, leads=3)
    learn_ids(connection, leads=3)
    learned = connection.execute("select external_id from delivery.external_ids order by lead_id").fetchall()

    with serve_in_thread(tmp_path) as url:
        client = ProductClient(Endpoint(base_url=url, token=Tokens().ma))
        leads = list(client.iterate_leads())
        client.transport.close()
        again = requests.post(
            f"{url}/api/leads",
            json={"email": leads[1].email},
            headers={"Authorization": f"Bearer {Tokens().ma}"},
            timeout=60,
        )

    assert [(lead.external_id,) for lead in leads] == learned
    assert again.json() == {"leadId": int(leads[1].external_id or 0)}
