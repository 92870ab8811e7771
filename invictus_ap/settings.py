"""All settings, read from the environment (see `.env.example`). Nothing is started or written from here."""

from pathlib import Path

import environ
import pghistory
from celery.schedules import crontab
from csp.constants import NONE, SELF
from django.core.exceptions import ImproperlyConfigured
from django.urls import reverse_lazy

from invictus_ap import embedded

BASE_DIR = Path(__file__).resolve().parent.parent

env = environ.Env()

# Mode: `demo` only by `make run`, `test` only by the tests; whoever sets nothing gets the strict one.

MODE = env.str("INVICTUS_MODE", default="production")
if MODE not in {"demo", "test", "production"}:
    raise ImproperlyConfigured(f"INVICTUS_MODE is '{MODE}': set it to demo, test or production.")
PRODUCTION = MODE == "production"

# Only in production: neither the demo nor a test may ever reach the database that `.env` names.
if PRODUCTION and env.bool("READ_ENV_FILE", default=True) and (BASE_DIR / ".env").is_file():
    env.read_env(BASE_DIR / ".env")

if PRODUCTION:
    needed = {
        "DATABASE_URL": "Set DATABASE_URL to the PostgreSQL address of the application's role,"
        " for example postgres://app:password@db:5432/invictus.",
        "REDIS_URL": "Set REDIS_URL to the Redis address of the job queue, for example redis://redis:6379/0.",
        "SECRET_KEY": "Set SECRET_KEY to a long random text that nobody else knows.",
        "ALLOWED_HOSTS": "Set ALLOWED_HOSTS to the host names of this site, separated by commas.",
    }
    missing = [sentence for name, sentence in needed.items() if not env.str(name, default="")]
    if missing:
        raise ImproperlyConfigured("\n".join(missing))
    if len(env.str("SECRET_KEY")) < 50:
        raise ImproperlyConfigured("SECRET_KEY is too short: use at least 50 random characters.")

DEBUG = False
# In demo and test mode everybody on the machine may log in with one click, so this key guards nothing.
SECRET_KEY = env.str("SECRET_KEY", default="demo and test mode only: production refuses to start without its own")
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=["127.0.0.1", "localhost"])
CSRF_TRUSTED_ORIGINS = env.list("CSRF_TRUSTED_ORIGINS", default=[])
DEMO_LOGIN = MODE == "demo"

EMBEDDED_DIR = embedded.home(env.str("EMBEDDED_DIR", default=""))
FILES_DIR = Path(env.str("FILES_DIR", default=str(EMBEDDED_DIR / "files")))

ROOT_URLCONF = "invictus_ap.urls"
WSGI_APPLICATION = "invictus_ap.wsgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django.forms",
    "django.contrib.humanize",
    "django.contrib.postgres",
    "allauth",
    "allauth.account",
    "csp",
    "crispy_forms",
    "crispy_bootstrap5",
    "django_filters",
    "django_htmx",
    "pgtrigger",
    "pghistory",
    "trust",
    "providers",
    "referrals",
    "placements",
    "notices",
    "attendance",
    "reviews",
    "invictus_ap",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "trust.middleware.RefuseNulMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "trust.middleware.AuditMiddleware",
    "trust.middleware.NoStoreMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "trust.middleware.RefuseImpossibleMiddleware",
]

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "trust.context_processors.frame",
                "invictus_ap.context_processors.demo_people",
            ],
        },
    },
]
FORM_RENDERER = "django.forms.renderers.TemplatesSetting"
CRISPY_ALLOWED_TEMPLATE_PACKS = "bootstrap5"
CRISPY_TEMPLATE_PACK = "bootstrap5"
CRISPY_FAIL_SILENTLY = False

# Database: two roles. `app` (web, worker, beat) cannot change history; `owner` migrates and sets up.

DATABASE_ROLE = env.str("INVICTUS_DB_ROLE", default="app")
if DATABASE_ROLE not in {"app", "owner"}:
    raise ImproperlyConfigured(f"INVICTUS_DB_ROLE is '{DATABASE_ROLE}': set it to app or owner.")

if env.str("DATABASE_URL", default=""):
    app_database = env.db_url("DATABASE_URL")
    owner_database = env.db_url("DATABASE_OWNER_URL", default=env.str("DATABASE_URL"))
    if DATABASE_ROLE == "owner" and PRODUCTION and not env.str("DATABASE_OWNER_URL", default=""):
        raise ImproperlyConfigured("Set DATABASE_OWNER_URL to the PostgreSQL address of the owner's role.")
else:
    app_database = embedded.database(EMBEDDED_DIR, role="app")
    owner_database = embedded.database(EMBEDDED_DIR, role="owner")

DATABASES = {"default": owner_database if DATABASE_ROLE == "owner" else app_database}
DATABASES["default"].update(
    {
        "CONN_MAX_AGE": 60,
        "CONN_HEALTH_CHECKS": True,
        "ATOMIC_REQUESTS": False,
        "OPTIONS": {**DATABASES["default"].get("OPTIONS", {}), "connect_timeout": 5},
    }
)
DATABASE_APP_ROLE = app_database["USER"]
DATABASE_APP_PASSWORD = app_database["PASSWORD"]

# History: the context (who, where, why) is stored with each event and no event is ever changed.

PGHISTORY_CONTEXT_FIELD = pghistory.ContextJSONField()
PGHISTORY_APPEND_ONLY = True
PGHISTORY_INSTALL_CONTEXT_FUNC_ON_MIGRATE = True

# Cache and sessions live in the database, so that no request needs Redis.

CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.db.DatabaseCache",
        "LOCATION": "cache_table",
    }
}
SESSION_ENGINE = "django.contrib.sessions.backends.db"
SESSION_COOKIE_AGE = 30 * 60
SESSION_SAVE_EVERY_REQUEST = True
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_HTTPONLY = True
MESSAGE_STORAGE = "django.contrib.messages.storage.session.SessionStorage"

# Accounts: by invitation, log-in by e-mail.

AUTH_USER_MODEL = "trust.User"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 15},
    },
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
ACCOUNT_ADAPTER = "trust.adapters.AccountAdapter"
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*", "password2*"]
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_UNIQUE_EMAIL = True
# With 'remember me' the session would outlive the half hour above.
ACCOUNT_SESSION_REMEMBER = False
ACCOUNT_LOGOUT_ON_GET = False
ACCOUNT_LOGOUT_REDIRECT_URL = reverse_lazy("account_login")
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""
LOGIN_URL = reverse_lazy("account_login")
LOGIN_REDIRECT_URL = "/"

# How many reverse proxies of ours stand in front; their word on the client's address and on TLS is believed.
ALLAUTH_TRUSTED_PROXY_COUNT = env.int("TRUSTED_PROXY_COUNT", default=0)
if ALLAUTH_TRUSTED_PROXY_COUNT:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")

# Headers.

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "form-action": [SELF],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
        "object-src": [NONE],
    }
}
X_FRAME_OPTIONS = "DENY"
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
SECURE_SSL_REDIRECT = PRODUCTION and env.bool("SECURE_SSL_REDIRECT", default=True)
SECURE_REDIRECT_EXEMPT = [r"^health/$"]
SECURE_HSTS_SECONDS = 365 * 24 * 3600 if PRODUCTION else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = PRODUCTION
SECURE_HSTS_PRELOAD = PRODUCTION
SESSION_COOKIE_SECURE = PRODUCTION
CSRF_COOKIE_SECURE = PRODUCTION
DATA_UPLOAD_MAX_MEMORY_SIZE = 5 * 1024 * 1024
DATA_UPLOAD_MAX_NUMBER_FIELDS = 5000
# The largest file that is kept, and from how many days before its end a check or agreement is flagged.
MAX_UPLOAD_MB = env.int("MAX_UPLOAD_MB", default=10)
FILE_UPLOAD_HANDLERS = [
    "trust.middleware.LimitedUploadHandler",
    "django.core.files.uploadhandler.MemoryFileUploadHandler",
    "django.core.files.uploadhandler.TemporaryFileUploadHandler",
]
EXPIRY_DAYS = env.int("EXPIRY_DAYS", default=30)

# Language and time.

LANGUAGE_CODE = "en-gb"
LANGUAGES = [("en-gb", "English")]
TIME_ZONE = "Europe/London"
USE_I18N = True
USE_TZ = True

# Static files: ours, and the front-end packages that npm installed, each under `vendor/`.

NODE_MODULES = BASE_DIR / "node_modules"
STATIC_URL = "static/"
# Outside production nothing is collected: whitenoise finds the files where they are.
STATIC_ROOT = Path(env.str("STATIC_ROOT", default=str(BASE_DIR / "staticfiles"))) if PRODUCTION else None
STATICFILES_DIRS = [
    BASE_DIR / "static",
    ("vendor/bootstrap", NODE_MODULES / "bootstrap" / "dist"),
    ("vendor/bootstrap-icons", NODE_MODULES / "bootstrap-icons" / "font"),
    ("vendor/htmx", NODE_MODULES / "htmx.org" / "dist"),
]
WHITENOISE_USE_FINDERS = not PRODUCTION
WHITENOISE_AUTOREFRESH = not PRODUCTION
STORAGES = {
    "default": {
        "BACKEND": "django.core.files.storage.FileSystemStorage",
        "OPTIONS": {"location": str(FILES_DIR), "base_url": None},
    },
    "staticfiles": {
        "BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"
        if PRODUCTION
        else "django.contrib.staticfiles.storage.StaticFilesStorage",
    },
}
# Files about students are never under an address of their own: a view checks the person and sends them.
MEDIA_ROOT = str(FILES_DIR)
FILE_UPLOAD_PERMISSIONS = 0o600
FILE_UPLOAD_DIRECTORY_PERMISSIONS = 0o700

# Fonts of letters and reports as (family, weight, file), by path, so that a PDF is the same on every machine:
# Latin with its extensions, Arabic script (Urdu among it), and a wide font for whatever else a name may hold.
PDF_FONTS = [
    ("Letter Latin", 400, NODE_MODULES / "@fontsource/noto-sans/files/noto-sans-latin-400-normal.woff2"),
    ("Letter Latin", 700, NODE_MODULES / "@fontsource/noto-sans/files/noto-sans-latin-700-normal.woff2"),
    ("Letter Extended", 400, NODE_MODULES / "@fontsource/noto-sans/files/noto-sans-latin-ext-400-normal.woff2"),
    ("Letter Extended", 700, NODE_MODULES / "@fontsource/noto-sans/files/noto-sans-latin-ext-700-normal.woff2"),
    (
        "Letter Arabic",
        400,
        NODE_MODULES / "@fontsource/noto-naskh-arabic/files/noto-naskh-arabic-arabic-400-normal.woff2",
    ),
    (
        "Letter Arabic",
        700,
        NODE_MODULES / "@fontsource/noto-naskh-arabic/files/noto-naskh-arabic-arabic-700-normal.woff2",
    ),
    ("Letter Wide", 400, NODE_MODULES / "dejavu-fonts-ttf/ttf/DejaVuSans.ttf"),
    ("Letter Wide", 700, NODE_MODULES / "dejavu-fonts-ttf/ttf/DejaVuSans-Bold.ttf"),
]

# Jobs: rows are the queue that counts; Redis only carries the ticks of beat.

REDIS_URL = env.str("REDIS_URL", default="") or embedded.redis_url(EMBEDDED_DIR)
CELERY_BROKER_URL = REDIS_URL.replace("unix://", "redis+socket://", 1)
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_TASK_TIME_LIMIT = 25
CELERY_TASK_SOFT_TIME_LIMIT = 20
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_WORKER_CANCEL_LONG_RUNNING_TASKS_ON_CONNECTION_LOSS = True
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_TIMEZONE = TIME_ZONE
# A killed worker's task comes back after the 30 seconds, looked for every second (the defaults took minutes).
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "visibility_timeout": 30,
    "unacked_restore_interval": 1,
    "unacked_restore_throttle": 1,
}
CELERY_BEAT_SCHEDULE = {
    "raise-flags": {
        "task": "invictus_ap.tasks.raise_flags",
        "schedule": crontab(minute="*/5"),
        "options": {"expires": 290},
    },
    "read-imports": {
        "task": "invictus_ap.tasks.read_imports",
        "schedule": 5.0,
        "options": {"expires": 4},
    },
    "tell-deciders": {
        "task": "placements.tasks.tell_deciders",
        "schedule": 60.0,
        "options": {"expires": 55},
    },
    "make-letters": {
        "task": "notices.tasks.make_letters",
        "schedule": 15.0,
        "options": {"expires": 14},
    },
    "stop-letters": {
        "task": "notices.tasks.stop_letters",
        "schedule": 3.0,
        "options": {"expires": 2.5},
    },
    "settle-letters": {
        "task": "notices.tasks.settle_letters",
        "schedule": 10.0,
        "options": {"expires": 9},
    },
    "make-batches": {
        "task": "notices.tasks.make_batches",
        "schedule": 10.0,
        "options": {"expires": 9},
    },
    "send-mails": {
        "task": "notices.tasks.stop_and_send",
        "schedule": 10.0,
        "options": {"expires": 9},
    },
    "tell-urgent": {
        "task": "invictus_ap.tasks.tell_urgent",
        "schedule": 60.0,
        "options": {"expires": 55},
    },
    "send-digests": {
        "task": "invictus_ap.tasks.send_digests",
        "schedule": crontab(minute="*/5"),
        "options": {"expires": 290},
    },
}

# Mail.

vars().update(
    env.email_url_config(
        env.str("EMAIL_URL", default="") or ("smtp://localhost:25" if PRODUCTION else "consolemail://")
    )
)
# Seconds that the mail server may take for one answer.
EMAIL_TIMEOUT = env.int("EMAIL_TIMEOUT", default=10)
# Where links in e-mails lead; by default the first host name.
SITE_URL = env.str("SITE_URL", default="").rstrip("/") or (
    f"https://{ALLOWED_HOSTS[0]}" if PRODUCTION else "http://127.0.0.1:" + (env.str("PORT", default="") or "8000")
)
DEFAULT_FROM_EMAIL = env.str("DEFAULT_FROM_EMAIL", default="Alternative provision <no-reply@localhost>")

# Logs: to standard output, one line an event, without what people typed or whom it was about.

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "{asctime} {levelname} {name} {message}", "style": "{"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["console"], "level": env.str("LOG_LEVEL", default="INFO")},
    "loggers": {
        # SQL statements and their values are personal data.
        "django.db.backends": {"level": "INFO"},
        "django.server": {"handlers": ["console"], "level": "WARNING", "propagate": False},
        "fontTools": {"level": "WARNING"},
        "weasyprint": {"level": "ERROR"},
    },
}

if MODE == "test":
    PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    DATABASES["default"]["CONN_MAX_AGE"] = 0
    # A migrated database to copy the test databases from (tests/embedded_plugin.py makes it).
    DATABASES["default"]["TEST"] = {"TEMPLATE": env.str("TEST_DATABASE_TEMPLATE", default="") or None}
