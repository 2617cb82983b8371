# Stands in for postgres:17: the same variables, user and folder, with Debian's PostgreSQL.
ARG BASE_IMAGE
FROM ${BASE_IMAGE}
# The release of Debian fixes the version.
# hadolint ignore=DL3008
RUN apt-get update -qq \
    && DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends postgresql >/dev/null \
    && rm -rf /var/lib/apt/lists/* \
    && mkdir -p /var/lib/postgresql/data /run/postgresql \
    && chown postgres:postgres /var/lib/postgresql/data /run/postgresql \
    && ln -s /usr/lib/postgresql/*/bin/* /usr/local/bin/
ENV PGDATA=/var/lib/postgresql/data
COPY postgres.sh /usr/local/bin/start-postgres
# As in the image it stands in for.
# hadolint ignore=DL3066
USER postgres
STOPSIGNAL SIGINT
ENTRYPOINT ["start-postgres"]
CMD ["postgres"]
