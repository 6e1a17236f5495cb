"""The second, small process: live streams only (config/urls_live.py). Pages are served by config/wsgi.py."""

import os

from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
os.environ["ROOT_URLCONF"] = "config.urls_live"

application = get_asgi_application()
