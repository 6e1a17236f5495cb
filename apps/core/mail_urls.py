"""EMAIL_URL where it names the API of a provider: anymail+NAME://TOKEN@?option=value. Needs no settings: they are made
with it."""

from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

PREFIX = "anymail+"
_ALIASES = {"ses": "amazon_ses"}
# What a backend of django-anymail calls the user and the password of the address.
_LOGINS = {
    "mailersend": ["api_token"],
    "mailtrap": ["api_token"],
    "postmark": ["server_token"],
    "mailjet": ["api_key", "secret_key"],
    "scaleway": ["secret_key"],
}
_SES_LOGIN = ["aws_access_key_id", "aws_secret_access_key"]
_TRUE, _FALSE = {"true", "on"}, {"false", "off"}


class BadMailUrl(ValueError):
    """The message never quotes the address: it holds a secret."""


def is_provider(url: str) -> bool:
    return url.startswith(PREFIX)


def provider(url: str) -> tuple[str, dict[str, Any]]:
    """The path of the backend and the arguments of its constructor."""
    parts = urlsplit(url)
    name = name_of(url).replace("-", "_")
    name = _ALIASES.get(name, name)
    if not is_provider(url) or not name.isidentifier():
        raise BadMailUrl("EMAIL_URL must be anymail+NAME://TOKEN@?option=value")
    options: dict[str, Any] = {key: _value(text) for key, text in parse_qsl(parts.query)}
    logins = [unquote(text) for text in (parts.username, parts.password) if text]
    if name == "amazon_ses":
        options = _of_ses(logins, options)
    else:
        options = dict(zip(_LOGINS.get(name, ["api_key"]), logins, strict=False)) | options
    return f"anymail.backends.{name}.EmailBackend", options


def _of_ses(logins: list[str], options: dict[str, Any]) -> dict[str, Any]:
    """boto3 takes what is about the client together; without a login it finds one by itself."""
    client: dict[str, Any] = dict(zip(_SES_LOGIN, logins, strict=False))
    client["config"] = {"connect_timeout": 5, "read_timeout": 8, "retries": {"total_max_attempts": 1}}
    client |= {key: options.pop(key) for key in ("region_name", "endpoint_url") if key in options}
    return options | {"client_params": client}


def _value(text: str) -> Any:
    return True if text in _TRUE else False if text in _FALSE else text


def name_of(url: str) -> str:
    return urlsplit(url).scheme.removeprefix(PREFIX)
