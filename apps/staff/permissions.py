"""Who may call what: deny by default; each view names its act."""

from collections.abc import Callable
from functools import wraps
from typing import Any, Concatenate, cast

from allauth.account.decorators import reauthentication_required
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from apps.staff.enums import Act
from apps.staff.models import User


class Denied(BasePermission):
    """The API's default: a view that names no act answers nobody."""

    def has_permission(self, request: Request, view: Any) -> bool:
        return False


def api_may(act: Act, *, to_write: Act | None = None) -> type[BasePermission]:
    """Reading needs `act`; any other method needs `to_write` as well, where given."""

    class May(BasePermission):
        def has_permission(self, request: Request, view: Any) -> bool:
            user: Any = request.user
            needed = [act] if to_write is None or request.method in {"GET", "HEAD", "OPTIONS"} else [to_write]
            return bool(user.is_authenticated and all(user.has_perm(a.permission) for a in needed))

    return May


def signed_in(request: HttpRequest) -> User:
    """Whoever a guarded page is shown to."""
    return cast("User", request.user)


def writer(request: HttpRequest | Request) -> User | None:
    """The member of staff who calls the API; None for a key, which is nobody of the staff."""
    return request.user if isinstance(request.user, User) else None


def may[**P](
    act: Act,
) -> Callable[
    [Callable[Concatenate[HttpRequest, P], HttpResponse]], Callable[Concatenate[HttpRequest, P], HttpResponse]
]:
    """A page for those who may do `act`: others who are signed in get 403, the rest the sign-in page."""

    def decorate(
        view: Callable[Concatenate[HttpRequest, P], HttpResponse],
    ) -> Callable[Concatenate[HttpRequest, P], HttpResponse]:
        @wraps(view)
        def guarded(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
            if not request.user.is_authenticated:
                return redirect_to_login(request.get_full_path())
            if not request.user.has_perm(act.permission):
                raise PermissionDenied
            return view(request, *args, **kwargs)

        return guarded

    return decorate


def confirmed[V: Callable[..., HttpResponse]](view: V) -> V:
    """For what a borrowed screen must not do: asks for the password or the second factor, unless that was done within
    the last minutes."""
    return cast("V", reauthentication_required(view))
