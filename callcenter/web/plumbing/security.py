"""ASGI middleware: sets the security headers of every response, refuses forged and oversized requests."""

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
    "img-src 'self' data:",  # Tabler draws check marks and arrows with data: images
    "font-src 'self'",
    "media-src 'self'",
    "connect-src 'self'",
    "form-action 'self'",
    "frame-ancestors 'none'",
    "base-uri 'none'",
)


def policy(*, style_nonce: str = "") -> str:
    """Returns the Content-Security-Policy. `style_nonce` permits inline styles with this nonce (the waveform's)."""
    return "; ".join(_CSP_DIRECTIVES).format(style=f" 'nonce-{style_nonce}'" if style_nonce else "")


def new_nonce() -> str:
    """Returns a random nonce. Use it for one response only."""
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
"""Headers of every response. The 500 page is sent outside of SecurityHeaders (by Starlette's outermost error handler),
so `error_pages` adds them itself."""
_SAFE_METHODS = frozenset({"GET", "HEAD"})
_MAX_FORM_BYTES = 64_000
"""Maximum size of a form: a 4000-character Cyrillic description takes 24,000 bytes percent-encoded."""
_MAX_UPLOAD_BYTES = 20_000_000
"""Maximum size of an uploaded recording: 113 s of CD-quality stereo, longer than any text of the robot."""
_UPLOAD_PATH = re.compile(r"/prompts/\d+/recording")


class SecurityHeaders:
    """Adds the security headers; answers a cross-site request of an unsafe method with 403, an oversized one with 413.

    Routes check the CSRF token of each form as well: the origin check is a second, independent protection.
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
                # Static files are cached and revalidated (304); pages contain personal data and are never cached.
                headers.setdefault("cache-control", "no-cache" if scope["path"].startswith("/static/") else "no-store")
                if scope["scheme"] == "https":
                    headers.setdefault("strict-transport-security", "max-age=31536000")
            await send(message)

        refusal = None if scope["method"] in _SAFE_METHODS else _find_refusal(scope)
        await (refusal or self._app)(scope, receive, send_with_headers)


def _find_refusal(scope: Scope) -> PlainTextResponse | None:
    """Returns the response to a POST (or the like) that no form of the desk can have sent; None for a valid request."""
    headers = Headers(scope=scope)
    most = _MAX_UPLOAD_BYTES if _UPLOAD_PATH.fullmatch(scope["path"]) else _MAX_FORM_BYTES
    if not _is_same_origin(headers):
        return PlainTextResponse("Запрос пришёл с чужого сайта.", status_code=403)
    length = headers.get("content-length", "")
    # Transfer-Encoding overrides Content-Length (RFC 9112, 6.3), so the size would be unknown.
    if "transfer-encoding" in headers or not (length.isdecimal() and int(length) <= most):
        return PlainTextResponse("Форма слишком велика.", status_code=413)
    return None


def _is_same_origin(headers: Headers) -> bool:
    if headers.get("sec-fetch-site", "same-origin") not in {"same-origin", "none"}:
        return False
    origin = headers.get("origin")
    return origin is None or urlsplit(origin).netloc == headers.get("host")
