# Stands in for redis:7: the same user and folder, with Debian's Redis.
ARG BASE_IMAGE
FROM ${BASE_IMAGE}
# The release of Debian fixes the version.
# hadolint ignore=DL3008
RUN apt-get update -qq \
    && DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends redis-server >/dev/null \
    && rm -rf /var/lib/apt/lists/* \
    && mkdir /data \
    && chown redis:redis /data
WORKDIR /data
CMD ["redis-server"]
