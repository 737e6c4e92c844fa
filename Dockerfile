# `llt` with all that it runs on: the offline engines, and the Java and jars of KCL workers. Its steps are those of
# `make setup` and `make setup-kcl`.
FROM python:3.11-slim-bookworm

WORKDIR /app

# What changes seldom comes first, so that it is not done again for every change of the code.
COPY cli/debian-packages.txt cli/
COPY infra/local infra/local
RUN bash infra/local/install.sh debian && bash infra/local/kcl/install.sh debian && rm -rf /var/lib/apt/lists/*

COPY . .
# Where the archive of KCL's classes is made here, and looked for by the workers.
ENV XDG_CACHE_HOME=/app/.cache
ARG EXTRAS=workers,offline,aws PIP_NO_CACHE_DIR=1
RUN bash infra/local/install.sh python && bash infra/local/kcl/install.sh

RUN useradd --create-home --uid 10001 llt
USER llt

# A worker serves its metrics, and its health, here.
ENV METRICS_ADDRESS=0.0.0.0 METRICS_PORT=9464
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s --retries=3 \
    CMD [".venv/bin/python", "infra/local/kcl/health.py"]

ENTRYPOINT ["/app/.venv/bin/llt"]
CMD ["--help"]
