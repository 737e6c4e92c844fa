# Images of `llt`, one a target: `worker`, the default, has all that KCL workers run on; `llt` is the same without their
# Java and jars, for every other command. Its steps are those of `make setup` and `make setup-kcl`.

# What changes seldom comes first, so that it is not done again for every change of the code.
FROM python:3.11.14-slim-bookworm AS dependencies
WORKDIR /app
RUN groupadd --gid 10001 llt && useradd --uid 10001 --gid 10001 --create-home llt
COPY infra/local/lib.sh infra/local/install.sh infra/local/
COPY cli/debian-packages.txt cli/
RUN bash infra/local/install.sh debian && rm -rf /var/lib/apt/lists/*
COPY pyproject.toml constraints.txt ./
ARG EXTRAS=workers,offline,aws
ENV EXTRAS=$EXTRAS PIP_NO_CACHE_DIR=1
RUN bash infra/local/install.sh dependencies
ENTRYPOINT ["/app/.venv/bin/llt"]
CMD ["--help"]

FROM dependencies AS llt
COPY . .
RUN bash infra/local/install.sh python
# A number: where containers must not run as root, Kubernetes cannot tell who a name is.
USER 10001:10001

FROM dependencies AS kcl
COPY infra/local/kcl/install.sh infra/local/kcl/
RUN bash infra/local/kcl/install.sh debian && rm -rf /var/lib/apt/lists/*
RUN bash infra/local/kcl/install.sh package

FROM kcl AS worker
COPY . .
# Where the archive of KCL's classes is made here, and looked for by the workers.
ENV XDG_CACHE_HOME=/app/.cache
RUN bash infra/local/install.sh python && bash infra/local/kcl/install.sh
USER 10001:10001
# A worker serves its metrics, and its health, here.
ENV METRICS_ADDRESS=0.0.0.0 METRICS_PORT=9464
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s --retries=3 \
    CMD [".venv/bin/python", "infra/local/kcl/health.py"]
