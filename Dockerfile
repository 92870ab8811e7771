# The production image: web, worker, beat and the one-shot preparation of the database are commands of the same image.

FROM node:22-bookworm-slim AS front-end
WORKDIR /build
COPY package.json package-lock.json .npmrc ./
RUN npm ci --omit=dev

FROM python:3.11-slim-bookworm
ENV PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1

RUN apt-get update \
 && apt-get install -y --no-install-recommends libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0 \
 && rm -rf /var/lib/apt/lists/* \
 && useradd --system --uid 10001 --user-group --create-home invictus \
 && mkdir -p /app /srv/files /srv/beat \
 && chown invictus:invictus /srv/files /srv/beat

WORKDIR /app
COPY requirements.txt ./
RUN pip install -r requirements.txt

COPY --from=front-end /build/node_modules ./node_modules
COPY . .
# The addresses serve this one command only; collecting static files asks no server.
RUN SECRET_KEY=only-while-the-static-files-are-collected-0123456789abcdef ALLOWED_HOSTS=build \
    DATABASE_URL=postgres://build@build/build REDIS_URL=redis://build \
    python manage.py collectstatic --noinput --verbosity 0

USER invictus
ENV FILES_DIR=/srv/files
EXPOSE 8000
CMD ["gunicorn", "invictus_ap.wsgi", "--bind", "0.0.0.0:8000", "--workers", "3", "--threads", "4", "--worker-tmp-dir", "/dev/shm"]
