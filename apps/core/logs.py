"""Log lines: key=value, or JSON, with ids only. An exception is told by its types, the places it passed and what the
database calls the rule; never by its message, which may quote what somebody typed."""

import logging
import logging.config
import re
import sys
import threading
import time
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import structlog
from django.conf import settings
from django.dispatch import receiver
from django.http import HttpRequest
from django_structlog import signals
from django_structlog.middlewares import RequestMiddleware
from structlog.contextvars import bind_contextvars
from structlog.typing import EventDict, Processor, WrappedLogger

NO_ROUTE = "none"
_OURS = {"request_id", "task_id", "timestamp", "level", "logger", "at"}
_FRAMES = 12
# The last line of defence, for what got into a line in spite of the rules above.
_REDACTIONS = [
    (re.compile(r"([\w+.-]+://)[^\s/@]+@"), r"\1[login]@"),
    (re.compile(r"Key \(.*?\)=\(.*?\)(?= |\.|$)", re.DOTALL), "Key [removed]"),
    (re.compile(r"(DETAIL|CONTEXT|HINT|LINE \d+|Failing row contains|Parameters):?.*", re.DOTALL), r"\1 [removed]"),
    (re.compile(r"[^\s<>\"'(),;:=\[\]]+(@|%40)[\w-]+(\.[\w-]+)*", re.IGNORECASE), "[e-mail]"),
    (re.compile(r"(?<![\w.])(\+\d|00\d|0\d)[\d ()/\-]{6,}\d(?!\w)"), "[phone]"),
    (re.compile(r"\b(wk_|mp_)[\w-]{8,}"), r"\1[key]"),
    (re.compile(r"\b(whsec_)[\w+/=-]{8,}"), r"\1[key]"),
    (re.compile(r"(/(?:s|u|c|o|p|j|join|subscribe|confirm|v1|hooks)/)[^\s/?\"']{12,}"), r"\1[token]"),
]


def configure(config: dict[str, Any]) -> None:
    """LOGGING_CONFIG: Django calls it when it starts, Celery through config/celery.py."""
    logging.config.dictConfig(config)
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *_gathered(),
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )
    threading.excepthook = _log_end_of_thread


def formatter() -> logging.Formatter:
    is_json = settings.LOG_FORMAT == "json"
    renderer: Processor = (
        structlog.processors.JSONRenderer()
        if is_json
        else structlog.processors.LogfmtRenderer(key_order=["timestamp", "level", "event"], bool_as_flag=False)
    )
    return structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=_gathered(),
        processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, explain, redact, renderer],
    )


def _gathered() -> list[Processor]:
    return [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.PositionalArgumentsFormatter(),
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]


def explain(_logger: WrappedLogger, _name: str, event: EventDict) -> EventDict:
    """What is known of an exception in place of its message."""
    error = _exception_of(event.pop("exc_info", None))
    for name in ("stack_info", "exception", "exc_text", "stack"):
        event.pop(name, None)
    if error is not None:
        event["error"] = " < ".join(_called(one) for one in _chain(error))
        event["at"] = " < ".join(reversed(_places(error)))
    return event


def _exception_of(value: Any) -> BaseException | None:
    if isinstance(value, tuple):
        value = value[1]
    if value is True:
        value = sys.exc_info()[1]
    return value if isinstance(value, BaseException) else None


def _chain(error: BaseException) -> Iterator[BaseException]:
    """It, what caused it, and so on."""
    told: set[int] = set()
    here: BaseException | None = error
    while here is not None and id(here) not in told and len(told) < 5:
        told.add(id(here))
        yield here
        here = here.__cause__ or (None if here.__suppress_context__ else here.__context__)


def _called(error: BaseException) -> str:
    details = [getattr(error, "sqlstate", None) or getattr(error, "smtp_code", None) or getattr(error, "errno", None)]
    diagnosis = getattr(error, "diag", None)
    details += [getattr(diagnosis, name, None) for name in ("constraint_name", "table_name", "column_name")]
    if settings.LOG_DETAIL:
        details.append(without_personal(str(error)))
    told = " ".join(str(detail) for detail in details if detail)
    return f"{type(error).__name__}({told})" if told else type(error).__name__


def _places(error: BaseException) -> list[str]:
    frames = traceback.extract_tb(error.__traceback__)[-_FRAMES:]
    return [f"{_short(frame.filename)}:{frame.lineno} {frame.name}" for frame in frames]


def _short(filename: str) -> str:
    path = Path(filename)
    if path.is_relative_to(settings.BASE_DIR) and "site-packages" not in path.parts:
        return str(path.relative_to(settings.BASE_DIR))
    return "/".join(path.parts[-3:])


def redact(_logger: WrappedLogger, _name: str, event: EventDict) -> EventDict:
    return {name: value if name in _OURS else without_personal(value) for name, value in event.items()}


def without_personal(value: Any) -> Any:
    if value is None or isinstance(value, bool | int | float):
        return value
    text = str(value)
    for pattern, instead in _REDACTIONS:
        text = pattern.sub(instead, text)
    return text


def quiet() -> Callable[[logging.LogRecord], bool]:
    return _hide_what_was_asked


def _hide_what_was_asked(record: logging.LogRecord) -> bool:
    """Django tells the path of a request that failed, and Celery quotes the exception and the arguments of a
    task; the route and the task's name say enough. What RequestLog tells is not told twice."""
    request = getattr(record, "request", None)
    if isinstance(request, HttpRequest):
        record.msg = f"request refused or failed, code {getattr(record, 'status_code', 500)}, route {route_of(request)}"
        record.args = ()
        return not hasattr(request, "milepost_started")
    if record.name == "celery.app.trace" and isinstance(record.args, dict):
        record.msg, record.args = f"task {record.args.get('description', 'ended')}", ()
    return True


def route_of(request: HttpRequest) -> str:
    """The name of the URL pattern, and never the path: links carry their secret in it."""
    match = getattr(request, "resolver_match", None)
    return (match.view_name or NO_ROUTE) if match else NO_ROUTE


class RequestLog(RequestMiddleware):
    """One line a request: its id, the user's id, route, status, milliseconds."""

    def prepare(self, request: HttpRequest) -> None:
        request.milepost_started = time.monotonic()  # type: ignore[attr-defined]
        super().prepare(request)

    @staticmethod
    def format_request(request: HttpRequest) -> str:
        return f"{request.method} {route_of(request)}"

    @staticmethod
    def bind_user_id(request: HttpRequest) -> None:
        """Only of a user whom somebody asked for already: the log costs no query."""
        user = getattr(request, "_cached_user", None)
        if user is not None and user.pk:
            bind_contextvars(user_id=user.pk)


@receiver(signals.bind_extra_request_metadata, dispatch_uid="core.logs.started")
def _without_browser(log_kwargs: dict[str, Any], **_kwargs: Any) -> None:
    log_kwargs.pop("user_agent", None)


@receiver(signals.bind_extra_request_finished_metadata, dispatch_uid="core.logs.finished")
@receiver(signals.bind_extra_request_failed_metadata, dispatch_uid="core.logs.failed")
def _with_duration(request: HttpRequest, log_kwargs: dict[str, Any], **_kwargs: Any) -> None:
    started = getattr(request, "milepost_started", None)
    if started is not None:
        log_kwargs["ms"] = round(1000 * (time.monotonic() - started), 1)


def _log_end_of_thread(arguments: threading.ExceptHookArgs) -> None:
    if arguments.exc_type is not SystemExit:
        logging.getLogger(__name__).error(
            "a thread ended",
            exc_info=(arguments.exc_type, arguments.exc_value, arguments.exc_traceback),  # type: ignore[arg-type]
        )
