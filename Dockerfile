# The gateway as a container image: no compiler, no pip, no shell scripts of its own; runs as uid 10001 on a read-only root
# with one writable volume.
#
#   BASE      image with Python 3.11 or newer: the slim official one, or any Debian with python3 and ca-certificates
#   VERSION, REVISION, CREATED    for the labels; `make image` fills them in
#
# Behind a proxy that inspects TLS, `--secret id=certificates,src=BUNDLE.pem` gives pip the authorities to trust while it
# builds. It does not end up in the image.
ARG BASE=docker.io/library/python:3.13-slim

FROM ${BASE} AS build
# Debian has ensurepip in a package of its own.
RUN python3 -c 'import ensurepip' 2>/dev/null \
    || (apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -qq --no-install-recommends python3-venv)
WORKDIR /build
# pip lives in an environment of its own and installs into /opt/venv, where it is not needed again. Dependencies come
# before the code: they change less often.
COPY requirements.lock requirements-build.lock ./
RUN --mount=type=secret,id=certificates \
    set -eu; \
    if [ -s /run/secrets/certificates ]; then export PIP_CERT=/run/secrets/certificates; fi; \
    export PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1 PIP_ROOT_USER_ACTION=ignore; \
    python3 -m venv tools; \
    python3 -m venv --without-pip /opt/venv; \
    tools/bin/pip install --quiet --require-hashes --requirement requirements-build.lock; \
    tools/bin/pip --python /opt/venv/bin/python install --quiet --require-hashes --requirement requirements.lock
COPY . .
RUN set -eu; \
    export PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1 PIP_ROOT_USER_ACTION=ignore; \
    tools/bin/pip wheel --quiet --no-index --no-deps --no-build-isolation --wheel-dir wheel .; \
    tools/bin/pip --python /opt/venv/bin/python install --quiet --no-index --no-deps wheel/*.whl

FROM ${BASE}
# What the base has for installing software is of no use here, except to an intruder.
RUN rm -rf /usr/local/bin/pip* /usr/local/lib/python3*/ensurepip /usr/local/lib/python3*/site-packages/pip* \
    && groupadd --gid 10001 gateway \
    && useradd --uid 10001 --gid gateway --no-create-home --home-dir /var/lib/gateway --shell /usr/sbin/nologin gateway \
    && install -d -o gateway -g gateway -m 0700 /var/lib/gateway \
    && install -d -m 0755 /etc/gateway
COPY --from=build /opt/venv /opt/venv
ENV PATH=/opt/venv/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1
ARG VERSION=unknown
ARG REVISION=unknown
ARG CREATED=1970-01-01T00:00:00Z
LABEL org.opencontainers.image.title="factory-telemetry-gateway" \
      org.opencontainers.image.description="Collects machine telemetry from MQTT and writes it to InfluxDB" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}" \
      org.opencontainers.image.created="${CREATED}"
USER 10001:10001
WORKDIR /var/lib/gateway
VOLUME /var/lib/gateway
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=30s --timeout=10s --start-period=30s --retries=3 \
    CMD ["gateway", "status", "-c", "/etc/gateway/gateway.toml"]
ENTRYPOINT ["gateway"]
CMD ["run", "-c", "/etc/gateway/gateway.toml"]
