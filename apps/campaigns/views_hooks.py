"""What providers and mail servers call: no login, each with a proof of its own. What they send is hostile input."""

import base64
import hashlib
import hmac
import logging
from typing import Any
from urllib.parse import unquote, urlsplit

from anymail.exceptions import AnymailError, AnymailWebhookValidationFailure
from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import ImproperlyConfigured
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.urls import Resolver404, resolve
from django.utils import timezone
from django.utils.crypto import constant_time_compare
from django.utils.html import escape
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_POST

from apps.campaigns import bounce_mails
from apps.campaigns.actions import reports, texting
from apps.campaigns.actions.texting import Sms

logger = logging.getLogger(__name__)
_TWIML = '<?xml version="1.0" encoding="UTF-8"?><Response>%s</Response>'
_MOST_FORM = 64 * 1024


# Their proof is a password, and mostly a signature: anymail checks both, and we serve none of it without a password.
@csrf_exempt
@login_not_required
@require_http_methods(["POST", "HEAD"])
def esp(request: HttpRequest, name: str) -> HttpResponse:
    if not settings.ANYMAIL.get("WEBHOOK_SECRET"):
        raise Http404
    try:
        match = resolve(f"/{name}/tracking/", urlconf="anymail.urls")
    except Resolver404 as error:
        raise Http404 from error
    try:
        response: HttpResponse = match.func(request, *match.args, **match.kwargs)
    except AnymailWebhookValidationFailure:
        return HttpResponse("The password or the signature is wrong.", status=403, content_type="text/plain")
    except (AnymailError, ImproperlyConfigured, ValueError, LookupError, TypeError, AttributeError) as error:
        logger.warning("a call of a provider was not understood: %s", type(error).__name__, exc_info=True)
        return HttpResponse("This was not understood.", status=400, content_type="text/plain")
    return response


@csrf_exempt
@login_not_required
@require_POST
def bounce(request: HttpRequest, secret: str) -> HttpResponse:
    """A bounce mail, whole, as the body."""
    if not settings.BOUNCE_SECRET or not constant_time_compare(secret, settings.BOUNCE_SECRET):
        raise Http404
    if len(request.body) > bounce_mails.MOST_BYTES:
        return JsonResponse({"error": "The mail is too large."}, status=413)
    return JsonResponse({"result": reports.take_mail(request.body, now=timezone.now())})


@csrf_exempt
@login_not_required
@require_POST
def sms(request: HttpRequest) -> HttpResponse:
    """An SMS that came in, or what became of one of ours: Twilio's form, signed with the token of SMS_URL."""
    token = unquote(urlsplit(settings.SMS_URL).password or "")
    if not token:
        raise Http404
    if len(request.body) > _MOST_FORM:
        return HttpResponse("Too large.", status=413, content_type="text/plain")
    if not _is_signed(request, token):
        return HttpResponse("The signature is wrong.", status=403, content_type="text/plain")
    form, now = request.POST, timezone.now()
    sid = _word(form.get("MessageSid") or form.get("SmsSid"))
    said = _word(form.get("MessageStatus") or form.get("SmsStatus")).lower()
    if "Body" not in form and said:
        texting.status(provider_id=sid, said=said, code=_word(form.get("ErrorCode")), now=now)
        return HttpResponse(status=204)
    sender = texting.sender_of(form.get("From", ""))
    answer = texting.received(Sms(sid, sender, form.get("Body", "")), now=now) if sender and sid else ""
    # Twilio answers the words itself where it is told to.
    return _twiml("" if "OptOutType" in form else answer)


def _twiml(answer: str) -> HttpResponse:
    body = _TWIML % (f"<Message>{escape(answer)}</Message>" if answer else "")
    return HttpResponse(body, content_type="text/xml; charset=utf-8")


def _is_signed(request: HttpRequest, token: str) -> bool:
    """HMAC-SHA1 over the address as they call it and the sorted fields."""
    said = f"{settings.PUBLIC_URL}{request.get_full_path()}"
    for name, values in sorted(request.POST.lists()):
        said += "".join(f"{name}{value}" for value in sorted(set(values)))
    digest = hmac.new(token.encode(), said.encode("utf-8", "replace"), hashlib.sha1).digest()
    wanted = base64.b64encode(digest).decode()
    return constant_time_compare(request.headers.get("X-Twilio-Signature", ""), wanted)


def _word(value: Any) -> str:
    """An id or a code: letters and digits."""
    text = value if isinstance(value, str) else ""
    return text[:64] if text.isascii() and text.isalnum() else ""
