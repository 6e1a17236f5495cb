"""Whether a person or a machine opened a mail or followed a link. Mail servers open every link to look for harm, and
mail programs fetch pictures before anybody reads: what they do counts for nothing. Pure."""

from collections.abc import Mapping
from datetime import datetime, timedelta

AT_ONCE = timedelta(seconds=5)  # after the hand-over: nobody reads as fast
BURST = timedelta(seconds=2)  # within it nobody follows several links

# Parts of the user agents of proxies, scanners and programs, in small letters.
_PROXIES = ("googleimageproxy", "ggpht.com", "yahoomailproxy", "ymailproxy", "duckduckgo-email")
_SCANNERS = (
    "safelinks", "barracuda", "mimecast", "proofpoint", "symantec", "messagelabs", "trendmicro", "fireeye", "sophos",
    "zscaler", "ironport", "cloudmark", "checkpoint", "virustotal", "urlscan", "scanner", "scanning", "forcepoint",
)  # fmt: skip
_PROGRAMS = (
    "bot", "crawl", "spider", "slurp", "preview", "headless", "phantomjs", "curl/", "wget", "python-", "python/",
    "java/", "go-http-client", "okhttp", "libwww", "httpclient", "http-client", "node-fetch", "axios", "ruby", "perl",
    "facebookexternalhit", "whatsapp", "monitor",
)  # fmt: skip
# Apple's Mail Privacy Protection fetches through proxies that say this and no more.
_APPLE = "mozilla/5.0"
_PREFETCHES = ("Sec-Purpose", "Purpose", "X-Purpose", "X-Moz")


def is_machine(
    *, agent: str, method: str = "GET", headers: Mapping[str, str] | None = None, sent_at: datetime | None, at: datetime
) -> bool:
    """By who it says it is, how it asks, and how soon after the message was handed over."""
    if method != "GET" or _is_prefetch(headers or {}) or is_machine_name(agent):
        return True
    return sent_at is None or at < sent_at + AT_ONCE


def is_machine_name(agent: str) -> bool:
    name = agent.strip().lower().replace("cubot", "")  # a make of phones
    return not name or name == _APPLE or any(part in name for part in _PROXIES + _SCANNERS + _PROGRAMS)


def _is_prefetch(headers: Mapping[str, str]) -> bool:
    return any(word in headers.get(name, "").lower() for name in _PREFETCHES for word in ("prefetch", "preview"))
