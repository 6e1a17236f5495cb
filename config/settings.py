"""All settings. Values come from the environment (.env.example lists them); what a company changes itself is a
page of the product, not a setting."""

import json
import logging
import secrets
from pathlib import Path
from typing import Any

import environ
import pghistory
from django.utils.csp import CSP

from apps.core import mail_urls

BASE_DIR = Path(__file__).resolve().parent.parent

env = environ.Env()
environ.Env.read_env(BASE_DIR / ".env", overwrite=False)

# --- Where things are -------------------------------------------------------------------------------------------

DATA_DIR = Path(env.str("MILEPOST_DATA_DIR", default=str(BASE_DIR / "var"))).absolute()


def _running_services() -> dict[str, str]:
    """Addresses of the embedded services that `manage.py up` wrote, so that every command finds them."""
    try:
        return dict(json.loads((DATA_DIR / "services.json").read_text()))
    except (FileNotFoundError, NotADirectoryError, PermissionError, ValueError):
        return {}


def _secret_key() -> str:
    """A key made once in the data folder, for installations that set none."""
    path = DATA_DIR / "secret_key"
    try:
        return path.read_text().strip()
    except (FileNotFoundError, NotADirectoryError):
        key = secrets.token_urlsafe(50)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch(mode=0o600)
        path.write_text(key)
    except OSError:  # not writable: `up` says so clearly; other commands go on with a key of their own
        pass
    return key


_services = _running_services()

DEBUG = False
HAS_OWN_SECRET_KEY = bool(env.str("SECRET_KEY", default=""))
SECRET_KEY = env.str("SECRET_KEY", default="") or _secret_key()
SECRET_KEY_FALLBACKS = env.list("SECRET_KEY_FALLBACKS", default=[])
PUBLIC_URL = env.str("PUBLIC_URL", default=_services.get("PUBLIC_URL", "http://127.0.0.1:8000")).rstrip("/")
LIVE_URL = env.str("LIVE_URL", default=_services.get("LIVE_URL", "")).rstrip("/")
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=["127.0.0.1", "localhost", "[::1]", "testserver"])
_public_host = PUBLIC_URL.split("//", 1)[-1].split("/")[0].rsplit(":", 1)[0]
if _public_host not in ALLOWED_HOSTS:
    ALLOWED_HOSTS.append(_public_host)
CSRF_TRUSTED_ORIGINS = [PUBLIC_URL]
SHARED_DATA = Path(env.str("SHARED_DATA", default=str(BASE_DIR.parent / "shared" / "data")))

# --- Django -----------------------------------------------------------------------------------------------------

INSTALLED_APPS = [
    "unfold",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "django.contrib.postgres",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.usersessions",
    "pgtrigger",
    "pghistory",
    "django_htmx",
    "lucide",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "apps.core",
    "apps.staff",
    "apps.customers",
    "apps.touchpoints",
    "apps.journeys",
    "apps.feedback",
    "apps.campaigns",
    "apps.desk",
    "apps.insights",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "apps.core.metrics.measure",
    "apps.core.logs.RequestLog",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.auth.middleware.LoginRequiredMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "allauth.usersessions.middleware.UserSessionsMiddleware",
    "pghistory.middleware.HistoryMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django.middleware.csp.ContentSecurityPolicyMiddleware",
    "apps.core.middleware.admin_policy",
    "django_htmx.middleware.HtmxMiddleware",
    "apps.core.middleware.viewer_time_zone",
]

ROOT_URLCONF = env.str("ROOT_URLCONF", default="config.urls")
WSGI_APPLICATION = "config.wsgi.application"
APPEND_SLASH = True

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.csp",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "apps.core.context_processors.shell",
                "apps.staff.context_processors.notices",
            ],
        },
    }
]

# --- Services ---------------------------------------------------------------------------------------------------

_database_url = env.str("DATABASE_URL", default=_services.get("DATABASE_URL", "postgres:///milepost"))
DATABASES: dict[str, dict[str, Any]] = {"default": env.db_url_config(_database_url)}
DATABASES["default"] |= {
    "ENGINE": "django.db.backends.postgresql",
    "CONN_MAX_AGE": 600,
    "CONN_HEALTH_CHECKS": True,
    "ATOMIC_REQUESTS": False,
}
DATABASES["default"].setdefault("OPTIONS", {}).setdefault("connect_timeout", 5)
# A process that stands still in a transaction gives back the customers it holds.
DATABASES["default"]["OPTIONS"].setdefault("options", "-c idle_in_transaction_session_timeout=60000")

CELERY_BROKER_URL = env.str("CELERY_BROKER_URL", default=_services.get("CELERY_BROKER_URL", "redis://127.0.0.1:6379/0"))
_cache_url = env.str("CACHE_URL", default=_services.get("CACHE_URL", ""))
CACHES: dict[str, dict[str, Any]] = {
    "default": (
        {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": _cache_url}
        if _cache_url
        else {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}
    )
}

# Where SMS go. Empty: they are kept, as mails are.
SMS_URL = env.str("SMS_URL", default="")
# Hosts and networks of our own that webhooks and providers may be called in, by http and on any port too.
OUTGOING_ALLOWED_HOSTS = env.list("OUTGOING_ALLOWED_HOSTS", default=[])
# Where customers' messages go. Empty: they are kept, shown in the outbox, and nothing leaves the machine.
EMAIL_URL = env.str("EMAIL_URL", default="")
DELIVERY_LEASE_SECONDS = env.int("DELIVERY_LEASE_SECONDS", default=30)
# What comes back: without its secret a hook is not there. ANYMAIL_* of providers, such as their signing keys, are
# anymail's own names.
ANYMAIL = {name.removeprefix("ANYMAIL_"): value for name, value in env.ENVIRON.items() if name.startswith("ANYMAIL_")}
ANYMAIL["WEBHOOK_SECRET"] = env.list("ANYMAIL_WEBHOOK_SECRET", default=[])
BOUNCE_SECRET = env.str("BOUNCE_SECRET", default="")
# Messages a second that a provider takes, by way; 0: as fast as it goes.
SEND_RATES = {"email": env.int("EMAIL_RATE", default=0), "sms": env.int("SMS_RATE", default=0)}


def _mailer(url: str) -> dict[str, Any]:
    """By what staff get mail: the same way as customers, or the console."""
    if not url:
        return {"BACKEND": "django.core.mail.backends.console.EmailBackend"}
    if mail_urls.is_provider(url):
        backend, options = mail_urls.provider(url)
        return {
            "BACKEND": backend,
            "OPTIONS": options | ({} if "client_params" in options else {"requests_timeout": 10}),
        }
    mail = env.email_url_config(url)
    options = {
        "host": mail["EMAIL_HOST"],
        "port": mail["EMAIL_PORT"],
        "username": mail["EMAIL_HOST_USER"] or "",
        "password": mail["EMAIL_HOST_PASSWORD"] or "",
        "use_tls": mail.get("EMAIL_USE_TLS", False),
        "use_ssl": mail.get("EMAIL_USE_SSL", False),
        "timeout": 10,
    }
    return {"BACKEND": "django.core.mail.backends.smtp.EmailBackend", "OPTIONS": options}


MAILERS: dict[str, dict[str, Any]] = {"default": _mailer(EMAIL_URL)}

# --- Staff ------------------------------------------------------------------------------------------------------

AUTH_USER_MODEL = "staff.User"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
ACCOUNT_ADAPTER = "apps.staff.adapters.StaffAdapter"
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*", "password2*"]
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_LOGOUT_ON_GET = False
ACCOUNT_SESSION_REMEMBER = None
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "home"
ACCOUNT_LOGOUT_REDIRECT_URL = "account_login"
SESSION_COOKIE_AGE = 14 * 24 * 3600
USERSESSIONS_TRACK_ACTIVITY = False  # it would write on every request
MFA_ADAPTER = "apps.staff.adapters.SecondFactorAdapter"
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = False  # a key is the second factor, never the only one
MFA_ALLOW_UNVERIFIED_EMAIL = True  # addresses are set by admins or proved by the invitation
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = not PUBLIC_URL.startswith("https://")

# The audit: triggers write a row for each change of what people configure. No update or delete of those rows.
PGHISTORY_DEFAULT_TRACKERS = (pghistory.InsertEvent(), pghistory.UpdateEvent(), pghistory.DeleteEvent())
PGHISTORY_APPEND_ONLY = True
PGHISTORY_ADMIN_ALL_EVENTS = False

# --- Words and time ---------------------------------------------------------------------------------------------

LANGUAGE_CODE = "en"
TIME_ZONE = "UTC"
USE_TZ = True
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# --- Static files -----------------------------------------------------------------------------------------------

STATIC_URL = "/static/"
STATIC_ROOT = env.str("STATIC_ROOT", default="") or None  # for collectstatic, where a proxy serves the files
STATICFILES_DIRS = [BASE_DIR / "static"]
WHITENOISE_USE_FINDERS = True  # a fresh clone needs no collectstatic
WHITENOISE_MAX_AGE = 3600

# --- Security ---------------------------------------------------------------------------------------------------

_https = PUBLIC_URL.startswith("https://")
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = _https
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if _https else None
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
SECURE_CSP: dict[str, list[str]] = {
    "default-src": [CSP.SELF],
    "script-src": [CSP.SELF, CSP.NONCE],
    "style-src": [CSP.SELF],
    "img-src": [CSP.SELF, "data:"],
    "connect-src": [CSP.SELF, *([LIVE_URL] if LIVE_URL else [])],
    "object-src": [CSP.NONE],
    "base-uri": [CSP.NONE],
    "form-action": [CSP.SELF],
    "frame-ancestors": [CSP.NONE],
}
DATA_UPLOAD_MAX_MEMORY_SIZE = 8 * 1024 * 1024

# --- Logs -------------------------------------------------------------------------------------------------------

LOG_DETAIL = env.bool("LOG_DETAIL", default=False)  # what exceptions say too: for the machine of a developer
LOG_FORMAT = env.str("LOG_FORMAT", default="line")  # or json
LOGGING_CONFIG = "apps.core.logs.configure"
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"()": "apps.core.logs.formatter"}},
    "filters": {"quiet": {"()": "apps.core.logs.quiet"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line", "filters": ["quiet"]}},
    "root": {"handlers": ["console"], "level": env.str("LOG_LEVEL", default="INFO")},
    "loggers": {
        "celery": {"level": "WARNING"},  # each sweep would be a line
        "django.db.backends": {"level": "INFO"},  # below that it quotes statements
        "_granian": {"handlers": ["console"], "propagate": False},
    },
}
DJANGO_STRUCTLOG_IP_LOGGING_ENABLED = False
DJANGO_STRUCTLOG_STATUS_START_LOG_LEVEL = logging.DEBUG
DJANGO_STRUCTLOG_REQUEST_CANCELLED_LOG_LEVEL = logging.DEBUG  # somebody left a page with a live stream

# --- Metrics ----------------------------------------------------------------------------------------------------

METRICS_TOKEN = env.str("METRICS_TOKEN", default="")
METRICS_DIR = Path(env.str("METRICS_DIR", default=str(DATA_DIR / "metrics")))  # where the processes of a host add up

# --- API --------------------------------------------------------------------------------------------------------

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "apps.staff.authentication.ApiKeyAuthentication",
        "rest_framework.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["apps.staff.permissions.Denied"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["apps.core.parsers.StrictJSONParser"],
    "DEFAULT_SCHEMA_CLASS": "apps.core.openapi.Schema",
    "DEFAULT_THROTTLE_CLASSES": ["apps.staff.throttles.ApiThrottle"],
    "DEFAULT_THROTTLE_RATES": {"reading": "1200/min", "writing": "600/min", "heavy": "60/min"},
    "NUM_PROXIES": env.int("NUM_PROXIES", default=0),  # of X-Forwarded-For, only what our own proxies wrote is believed
    "UNAUTHENTICATED_USER": "django.contrib.auth.models.AnonymousUser",
}

SPECTACULAR_SETTINGS = {
    "TITLE": "Milepost",
    "DESCRIPTION": "Customer journeys: who is where on the map, what they did, and what was sent to them.",
    "VERSION": "1",
    "SERVE_INCLUDE_SCHEMA": False,
    "SERVE_PERMISSIONS": ["rest_framework.permissions.IsAuthenticated"],
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "COMPONENT_SPLIT_REQUEST": False,
    "ENUM_GENERATE_CHOICE_DESCRIPTION": False,
    "SCHEMA_PATH_PREFIX": "/api/",
    "ENUM_NAME_OVERRIDES": {
        "CampaignStates": "apps.campaigns.enums.CampaignState",
        "MessageState": "apps.campaigns.enums.MessageState",
        "JobState": "apps.core.enums.JobState",
        "Role": "apps.staff.enums.Role",
        "SegmentKind": "apps.customers.enums.SegmentKind",
        "SurveyKind": "apps.feedback.enums.SurveyKind",
        "Channel": "apps.touchpoints.enums.Channel",
        "DeviationKind": "apps.journeys.enums.DeviationKind",
    },
}

# --- Admin ------------------------------------------------------------------------------------------------------

UNFOLD = {
    "SITE_TITLE": "Milepost",
    "SITE_HEADER": "Milepost",
    "SITE_URL": "/",
    "SHOW_VIEW_ON_SITE": False,
    "BORDER_RADIUS": "6px",
    "COLORS": {
        "primary": {  # the accent of static/css/tokens.css, from light to dark
            "50": "#f4f3fe",
            "100": "#ecebfd",
            "200": "#d9d6fb",
            "300": "#c0bbf8",
            "400": "#a9a2ff",
            "500": "#7168e2",
            "600": "#4a3fd1",
            "700": "#3f35b5",
            "800": "#332b91",
            "900": "#25234a",
            "950": "#191733",
        }
    },
}
