"""The vectors printed in RFC 2617 section 3.5, RFC 7616 section 3.9.1 and the erratum of RFC 2069."""

import pytest

from tools.softphone.digest import Challenge, UnknownChallenge

NONCE_7616 = "7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v"
OWN_7616 = "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ"
HEADER_7616 = f'Digest realm="http-auth@example.org", qop="auth, auth-int", algorithm={{}}, nonce="{NONCE_7616}"'


def test_rfc_2617_with_qop() -> None:
    challenge = Challenge.parse(
        'Digest realm="testrealm@host.com", qop="auth,auth-int", nonce="dcd98b7102dd2f0e8b11d0f600bfb0c093",'
        ' opaque="5ccc069c403ebaf9f0171e9517f40e41"'
    )
    proof = challenge.prove(
        user="Mufasa", password="Circle Of Life", method="GET", uri="/dir/index.html", own_nonce="0a4f113b"
    )
    assert 'response="6629fae49393a05397450978507c4ef1"' in proof
    assert "qop=auth, nc=00000001" in proof
    assert 'opaque="5ccc069c403ebaf9f0171e9517f40e41"' in proof


def test_rfc_2069_without_qop() -> None:
    challenge = Challenge.parse(
        'Digest realm="testrealm@host.com",nonce="dcd98b7102dd2f0e8b11d0f600bfb0c093",opaque="5ccc"'
    )
    proof = challenge.prove(
        user="Mufasa", password="CircleOfLife", method="GET", uri="/dir/index.html", own_nonce="never used"
    )
    assert 'response="1949323746fe6a43ef61f9606e7febea"' in proof
    assert "cnonce" not in proof


@pytest.mark.parametrize(
    ("algorithm", "response"),
    [
        ("MD5", "8ca523f5e9506fed4657c9700eebdbec"),
        ("SHA-256", "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1"),
    ],
)
def test_rfc_7616(algorithm: str, response: str) -> None:
    challenge = Challenge.parse(HEADER_7616.format(algorithm))
    proof = challenge.prove(
        user="Mufasa", password="Circle of Life", method="GET", uri="/dir/index.html", own_nonce=OWN_7616
    )
    assert f'response="{response}"' in proof


@pytest.mark.parametrize(
    "header",
    ['Basic realm="x"', 'Digest realm="x", nonce="1", algorithm=SHA-1', 'Digest realm="x", nonce="1", qop="auth-int"'],
)
def test_what_it_cannot_prove_is_said(header: str) -> None:
    with pytest.raises(UnknownChallenge, match="is not known"):
        Challenge.parse(header)
