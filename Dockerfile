# One image for the API, for migrations and for background work; they differ by their command alone.
FROM python:3.13-slim-bookworm AS build
WORKDIR /build
RUN python -m venv /opt/regulars
COPY requirements.lock requirements-build.lock ./
RUN /opt/regulars/bin/python -m pip install --no-cache-dir --require-hashes --only-binary :all: -r requirements.lock \
 && python -m pip install --no-cache-dir --require-hashes --only-binary :all: -r requirements-build.lock
COPY pyproject.toml README.md LICENSE ./
COPY api api
COPY migrations migrations
RUN python -m pip wheel --no-deps --no-build-isolation --no-index --wheel-dir /wheel . \
 && /opt/regulars/bin/python -m pip install --no-deps --no-index /wheel/*.whl

FROM python:3.13-slim-bookworm
RUN groupadd --gid 10001 regulars \
 && useradd --uid 10001 --gid 10001 --no-create-home --home-dir /nonexistent --shell /usr/sbin/nologin regulars
COPY --from=build /opt/regulars /opt/regulars
ENV PATH=/opt/regulars/bin:$PATH REGULARS_ENV=production PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1
USER 10001:10001
WORKDIR /tmp
EXPOSE 8000
HEALTHCHECK --interval=10s --timeout=3s --start-period=30s \
  CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8000/livez', timeout=2)"]
# DATABASE_URL names the database; an image has no place for an embedded one.
CMD ["regulars", "serve", "--host", "0.0.0.0"]
