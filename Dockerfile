# One image for every service of docker-compose.yaml. It holds no secret; all come as environment variables.
# Any Debian base with Python 3.11 to 3.13 and its venv module serves.
ARG BASE_IMAGE=python:3.12-slim-bookworm
FROM ${BASE_IMAGE}

RUN useradd --system --uid 10001 --user-group --create-home --home-dir /home/leadops leadops \
    && mkdir -p /opt/leadops /var/lib/leadops/airflow/logs /var/lib/leadops/marks /var/lib/leadops/sandbox \
    && chown -R leadops:leadops /var/lib/leadops
WORKDIR /opt/leadops

# The dependencies change less often than the code, so they are a layer of their own.
COPY requirements-bootstrap.lock requirements.lock ./
RUN python3 -m venv .venv \
    && .venv/bin/pip install --no-cache-dir --disable-pip-version-check --require-hashes -r requirements-bootstrap.lock \
    && VIRTUAL_ENV=/opt/leadops/.venv .venv/bin/uv pip sync --no-cache --require-hashes --compile-bytecode requirements.lock

COPY pyproject.toml requirements.txt README.md LICENSE ./
COPY include ./include
COPY dags ./dags
COPY plugins ./plugins
RUN VIRTUAL_ENV=/opt/leadops/.venv .venv/bin/uv pip install --no-cache --no-deps --no-build-isolation --editable . \
    && .venv/bin/python -m compileall -q include dags

ENV PATH=/opt/leadops/.venv/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONPATH=/opt/leadops/include/leadops_stack/airflow_settings \
    AIRFLOW_HOME=/var/lib/leadops/airflow \
    AIRFLOW__CORE__DAGS_FOLDER=/opt/leadops/dags \
    AIRFLOW__CORE__PLUGINS_FOLDER=/opt/leadops/plugins \
    AIRFLOW__CORE__LOAD_EXAMPLES=False \
    AIRFLOW__USAGE_DATA_COLLECTION__ENABLED=False
USER leadops
CMD ["leadops", "--help"]
