"""What docs/metrics.md says of OpenTelemetry works: Airflow sends its metrics where the variables say."""

import os
import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest

PAGE = Path(__file__).parents[2] / "docs/metrics.md"
#: As Airflow's scheduler does at its start, and then once in its loop.
COUNT = """
from airflow.configuration import conf
from airflow.observability.metrics.otel_logger import get_otel_logger
assert conf.getboolean("metrics", "otel_on") and conf.getboolean("traces", "otel_on")
get_otel_logger().incr("scheduler_heartbeat")
from opentelemetry import metrics
metrics.get_meter_provider().force_flush()
"""


def read_variables() -> dict[str, str]:
    """The variables of the page's only block of shell."""
    (block,) = re.findall(r"```sh\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    return dict(line.split("=", 1) for line in block.splitlines())


@pytest.fixture
def collector() -> Iterator[tuple[str, list[tuple[str, bytes]]]]:
    """A collector that keeps what it gets: its address, and path and body of each call."""
    got: list[tuple[str, bytes]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            got.append((self.path, self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", got
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def test_airflow_sends_its_metrics_to_the_collector(
    collector: tuple[str, list[tuple[str, bytes]]], tmp_path: Path
) -> None:
    url, got = collector
    variables = read_variables()
    assert variables["OTEL_EXPORTER_OTLP_ENDPOINT"] == "http://collector:4318"
    variables |= {"OTEL_EXPORTER_OTLP_ENDPOINT": url, "AIRFLOW_HOME": str(tmp_path), "NO_PROXY": "*"}
    done = subprocess.run(
        [sys.executable, "-c", COUNT], env=os.environ | variables, capture_output=True, text=True, timeout=300
    )
    assert done.returncode == 0, done.stderr
    names = {
        metric.name
        for path, body in got
        if path == "/v1/metrics"
        for resource in ExportMetricsServiceRequest.FromString(body).resource_metrics
        for scope in resource.scope_metrics
        for metric in scope.metrics
    }
    assert "airflow.scheduler_heartbeat" in names
