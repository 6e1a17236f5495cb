from dataclasses import dataclass
from typing import Any

import pghistory
from django.utils import timezone
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from apps.staff.actions import api_keys
from apps.staff.models import ApiKey


@dataclass(frozen=True)
class KeyHolder:
    """Who calls with an API key: may do what the key's scopes say, and is nobody's session."""

    key: ApiKey
    is_authenticated: bool = True
    is_anonymous: bool = False
    is_active: bool = True
    pk: None = None

    def has_perm(self, permission: str) -> bool:
        return permission in {act.permission for act in self.key.acts}

    def __str__(self) -> str:
        return f"API key {self.key.name}"


class ApiKeyAuthentication(BaseAuthentication):
    """`Authorization: Api-Key KEY`"""

    keyword = "Api-Key"

    def authenticate(self, request: Request) -> tuple[Any, Any] | None:
        keyword, _space, key = request.headers.get("Authorization", "").partition(" ")
        if keyword.lower() != self.keyword.lower():
            return None
        found = api_keys.find(key=key.strip(), now=timezone.now())
        if found is None:
            raise AuthenticationFailed("This API key is not valid. Make one under Settings › API keys.")
        pghistory.context(api_key=found.name)  # who it was, for the audit
        return KeyHolder(found), found

    def authenticate_header(self, request: Request) -> str:
        return self.keyword
