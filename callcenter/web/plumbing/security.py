"""What every answer of the desk carries, and which requests are refused before any page sees them."""

import re
import secrets
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

_CSP_DIRECTIVES = (
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'{style}",
    "img-src 'self' data:",  # the UI kit draws its check marks and arrows with data: pictures
    "font-src 'self'",
    "media-src 'self'",
    "connect-src 'self'",
    "form-action 'self'",
    "frame-ancestors 'none'",
    "base-uri 'none'",
)


def policy(*, style_nonce: str = "") -> str:
    """What a page may load. With a nonce one style sheet inside the page may name it: the drawn waveform needs one."""
    return "; ".join(_CSP_DIRECTIVES).format(style=f" 'nonce-{style_nonce}'" if style_nonce else "")


def new_nonce() -> str:
    """For one answer only."""
    return secrets.token_urlsafe(16)


HEADERS = {
    "content-security-policy": policy(),
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), microphone=(), geolocation=()",
}
"""On every answer, also on those that never pass the layer below: an error of ours is told outside of it."""
_SAFE_METHODS = frozenset({"GET", "HEAD"})
_MAX_FORM_BYTES = 64_000
"""Bytes; the longest description in Cyrillic, percent-encoded, and room to spare."""
_MAX_UPLOAD_BYTES = 20_000_000
"""Bytes; two minutes of stereo in CD quality: no text of the robot takes so long."""
_UPLOAD_PATH = re.compile(r"/prompts/\d+/recording")


class SecurityHeaders:
    """ASGI layer: strict headers on every answer; a changing request from another site gets 403, a huge one 413.

    The CSRF token of each form is checked by the page itself; this is the second lock on the same door.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers.setdefault(name, value)
                # Files of the desk itself are kept, and asked about (304) each time; pages hold people's lives.
                headers.setdefault("cache-control", "no-cache" if scope["path"].startswith("/static/") else "no-store")
                if scope["scheme"] == "https":
                    headers.setdefault("strict-transport-security", "max-age=31536000")
            await send(message)

        refusal = None if scope["method"] in _SAFE_METHODS else _find_refusal(scope)
        await (refusal or self._app)(scope, receive, send_with_headers)


def _find_refusal(scope: Scope) -> PlainTextResponse | None:
    """The answer to a changing request that no form of ours can have sent; None when it may pass."""
    headers = Headers(scope=scope)
    most = _MAX_UPLOAD_BYTES if _UPLOAD_PATH.fullmatch(scope["path"]) else _MAX_FORM_BYTES
    if not _is_same_origin(headers):
        return PlainTextResponse("Запрос пришёл с чужого сайта.", status_code=403)
    length = headers.get("content-length", "")
    # A transfer encoding goes before a length told beside it, and tells none.
    if "transfer-encoding" in headers or not (length.isdecimal() and int(length) <= most):
        return PlainTextResponse("Форма слишком велика.", status_code=413)
    return None


def _is_same_origin(headers: Headers) -> bool:
    if headers.get("sec-fetch-site", "same-origin") not in {"same-origin", "none"}:
        return False
    origin = headers.get("origin")
    return origin is None or urlsplit(origin).netloc == headers.get("host")
