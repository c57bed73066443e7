# The program alone, for jobs: no compiler, no pip, no root. Whoever builds it pins the digest of the base as well:
# docker build --build-arg PYTHON=python:3.11.13-slim-bookworm@sha256:… -t phone-reconciler .
ARG PYTHON=python:3.11.13-slim-bookworm

FROM ${PYTHON} AS build
WORKDIR /src
COPY requirements-build.lock requirements-run.lock ./
RUN python -m pip install --no-cache-dir --require-hashes --no-deps -r requirements-build.lock \
    && python -m venv --without-pip /opt/reconciler \
    && python -m pip --python /opt/reconciler/bin/python install --no-cache-dir --require-hashes --no-deps -r requirements-run.lock
COPY . .
RUN python -m pip wheel --no-cache-dir --no-deps --no-build-isolation --wheel-dir /wheels . \
    && python -m pip --python /opt/reconciler/bin/python install --no-cache-dir --no-deps /wheels/*.whl \
    && /opt/reconciler/bin/reconciler demo

FROM ${PYTHON}
# git: for --trusted and the record in a git ref. The release that Debian's stable has is the one that is looked after.
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install --yes --no-install-recommends git \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --create-home --uid 10001 reconciler
COPY --from=build /opt/reconciler /opt/reconciler
ENV PATH=/opt/reconciler/bin:$PATH
USER 10001
WORKDIR /work
ENTRYPOINT ["reconciler"]
CMD ["--help"]
