"""Digest authentication of SIP (RFC 3261 section 22, RFC 7616, RFC 8760): MD5 and SHA-256, `qop=auth` or none."""

import hashlib
import re
from collections.abc import Callable
from dataclasses import dataclass

from tools.softphone.errors import SoftphoneError

_ALGORITHMS: dict[str, Callable[[bytes], str]] = {
    "MD5": lambda text: hashlib.md5(text, usedforsecurity=False).hexdigest(),
    "SHA-256": lambda text: hashlib.sha256(text).hexdigest(),
}
_PARAMETER = re.compile(r'([A-Za-z-]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,"]+))')


class UnknownChallenge(SoftphoneError):
    """The other side requires an authentication scheme, algorithm or qop that the softphone does not support."""


@dataclass(frozen=True, slots=True)
class Challenge:
    """The challenge of a 401 or 407 reply."""

    realm: str
    nonce: str
    algorithm: str = "MD5"
    opaque: str | None = None
    qop: bool = False
    """Whether `qop=auth` is offered; the response then contains a nonce count and a client nonce."""

    @classmethod
    def parse(cls, header: str) -> "Challenge":
        """Parses a `WWW-Authenticate` or `Proxy-Authenticate` value. Raises UnknownChallenge."""
        scheme, _, rest = header.strip().partition(" ")
        if scheme.lower() != "digest":
            raise UnknownChallenge(f"authentication by «{scheme}» is not known, only Digest")
        given = {name.lower(): quoted or plain for name, quoted, plain in _PARAMETER.findall(rest)}
        algorithm = given.get("algorithm", "MD5").upper()
        if algorithm not in _ALGORITHMS:
            raise UnknownChallenge(f"digest algorithm «{algorithm}» is not known, only {', '.join(_ALGORITHMS)}")
        offered = [word.strip() for word in given.get("qop", "").split(",") if word.strip()]
        if offered and "auth" not in offered:
            raise UnknownChallenge(f"qop «{given['qop']}» is not known, only auth")
        return cls(
            realm=given.get("realm", ""),
            nonce=given.get("nonce", ""),
            algorithm=algorithm,
            opaque=given.get("opaque"),
            qop=bool(offered),
        )

    def prove(self, *, user: str, password: str, method: str, uri: str, own_nonce: str, use: int = 1) -> str:
        """Returns the value of `Authorization`. `own_nonce` (cnonce) and `use` (nonce count) are used only with qop."""
        digest = _ALGORITHMS[self.algorithm]
        secret = digest(f"{user}:{self.realm}:{password}".encode())
        request = digest(f"{method}:{uri}".encode())
        count = f"{use:08x}"
        middle = f"{self.nonce}:{count}:{own_nonce}:auth" if self.qop else self.nonce
        response = digest(f"{secret}:{middle}:{request}".encode())
        parts = [f'username="{user}"', f'realm="{self.realm}"', f'nonce="{self.nonce}"', f'uri="{uri}"']
        parts += [f'response="{response}"', f"algorithm={self.algorithm}"]
        if self.qop:
            parts += ["qop=auth", f"nc={count}", f'cnonce="{own_nonce}"']
        if self.opaque is not None:
            parts.append(f'opaque="{self.opaque}"')
        return "Digest " + ", ".join(parts)
