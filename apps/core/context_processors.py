from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse

from apps.core import registry
from apps.core.models import CompanySettings

THEMES = {"light", "dark"}


def shell(request: HttpRequest) -> dict[str, Any]:
    theme = request.COOKIES.get("theme", "")
    return {
        "theme": theme if theme in THEMES else "",
        "live_url": settings.LIVE_URL,
        "company_name": lambda: CompanySettings.current().name,
        "navigation": lambda: list(_navigation(request)),
    }


def _navigation(request: HttpRequest) -> list[dict[str, Any]]:
    items = []
    for _order, item in sorted(registry.navigation.items()):
        if item.permission and not request.user.has_perm(item.permission):
            continue
        url = reverse(item.url_name)
        current = request.path == url or (url != "/" and request.path.startswith(url))
        items.append({"url": url, "label": item.label, "icon": item.icon, "is_current": current})
    return items
