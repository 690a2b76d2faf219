"""URLs of storages as they may be seen: what is printed, logged or written of one has no password in it.

The one place where a URL becomes words. Not for what a URL means (`search.store.address`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import unquote, unquote_plus

SECRET = re.compile("pass|pwd|secret|token", re.IGNORECASE)
"""Names of a URL's parameters whose values are nobody's business."""
_HIDDEN = "***"
_USER = re.compile(r"(?P<user>[^:/?@]*):(?P<password>.*)@", re.DOTALL)
_ANY_URL = re.compile(r"(\w[\w+.-]*://[^\s:/?@'\"]*):[^\s'\"]*@")
_NO_SCHEME = re.compile(r":[^@]*@")


def shown_url(url: str) -> str:
    """Return a URL as it may be printed: without passwords, on one line."""
    scheme, mark, rest = url.partition("://")
    if not mark:
        return _one_line(_NO_SCHEME.sub(f":{_HIDDEN}@", url))
    rest = _USER.sub(rf"\g<user>:{_HIDDEN}@", rest, count=1) if _USER.match(rest) else rest
    place, asked, query = rest.partition("?")
    parameters = [_parameter(text) for text in query.split("&")] if asked else []
    return _one_line(f"{scheme}://{place}{asked}{'&'.join(parameters)}")


def without_passwords(text: str, url: str | None = None) -> str:
    """Return a text in which no URL has a password any more, and none of the passwords of ``url`` stands anywhere."""
    text = _ANY_URL.sub(rf"\1:{_HIDDEN}@", text)
    for secret in sorted(set(_secrets(url or "")), key=len, reverse=True):
        text = text.replace(secret, _HIDDEN)
    return text


def _secrets(url: str) -> Iterator[str]:
    """Yield every password of a URL, as it is spelled there and as it is meant."""
    rest = url.partition("://")[2]
    found = [match["password"]] if (match := _USER.match(rest)) else []
    parameters = [text.partition("=") for text in rest.partition("?")[2].split("&")]
    found += [value for name, _, value in parameters if SECRET.search(name)]
    for secret in found:
        yield from (part for part in (secret, unquote(secret), unquote_plus(secret)) if part)


def _parameter(text: str) -> str:
    name, equals, _ = text.partition("=")
    return f"{name}{equals}{_HIDDEN}" if SECRET.search(name) else text


def _one_line(text: str) -> str:
    """Return a text with whatever a terminal would take for more than a sign spelled out."""
    return "".join(sign if sign.isprintable() else sign.encode("unicode_escape").decode() for sign in text)
