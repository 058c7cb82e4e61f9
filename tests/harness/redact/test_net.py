"""The net beneath the redactor: what nobody registered but looks like a secret."""

from __future__ import annotations

import base64
import re
from urllib.parse import quote_plus

import pytest

from harness.redact import Redactor
from harness.scan import SecretScanner
from harness.secret_patterns import findings

LINES = {
    "jwt": "token eyJhbGciOiJub25lIn0.eyJzdWIiOiJhbGljZSJ9. ends",
    "bearer": "Authorization: Bearer s3cr3t-t0ken-value",
    "cookie": "Cookie: theme=dark; sid=4f9a8b7c6d5e4f3a",
    "private_key": '{"kty":"EC","d":"870MB6gfuTJ4HtUnUvYMyJpr5eUZNP4Bk43bVdj3eAE"}',
    "access_token": '{"access_token": "2YotnFZFEjr1zCsicMWpAA"}',
    "refresh_token": "grant_type=refresh_token&refresh_token=tGzv3JOkF0XG5Qx2TlKWIA",
    "id_token": r"{\"id_token\":\"2YotnFZFEjr1zCsicMWpAA\"}",
    "code": "https://app.example/cb?state=1&code=SplxlOBeZQQYbYS6WxSbIA",
    "code_verifier": "code_verifier=dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk&x=1",
    "client_secret": "{'client_secret': 'gX1fBat3bVgX1fBat3bV'}",
    "password": '{"password": "p w"}',
}


@pytest.mark.parametrize("kind", LINES)
def test_what_looks_like_a_secret_is_marked_as_unregistered(kind: str) -> None:
    redacted = Redactor().text(LINES[kind])
    assert f"{{{{unregistered_{kind}:" in redacted
    assert not list(findings(redacted.encode()))


def test_a_private_key_in_pem_is_marked_whole_and_cut() -> None:
    body = base64.b64encode(bytes(range(96))).decode()
    whole = f"-----BEGIN PRIVATE KEY-----\n{body[:64]}\n{body[64:]}\n-----END PRIVATE KEY-----\n"
    assert body[:20] not in Redactor().text(whole)
    assert body[64:] not in Redactor().text(whole)
    assert body[:20] not in Redactor().text(whole[:80])
    assert body[:20] not in Redactor().text(whole.replace("\n", "\\n"))


@pytest.mark.parametrize(
    "harmless",
    [
        '{"code":"invalid_grant"}',
        '{"code": "AccessDeniedException"}',
        "error=invalid_request&error_code=1234567890",
        "code_challenge=E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGFSstw-cM&code_challenge_method=S256",
        "response_type=code&scope=openid",
        "the Bearer token of another stage is refused",
        "Set-Cookie: sid=; Path=/; Max-Age=0; Expires=Thu, 01 Jan 1970 00:00:00 GMT",
        "Set-Cookie: return_to=https://app.localhost/home; Path=/",
        "-----BEGIN PRIVATE KEY-----",
        "eyJhbGciOiJFUzI1NiJ9",
        '<input name="password" type="password">',
    ],
)
def test_what_is_no_secret_stays_readable(harmless: str) -> None:
    assert Redactor().text(harmless) == harmless


def test_header_fields_are_redacted_by_their_names() -> None:
    headers = [("Cookie", "a=4f9a8b7c6d5e4f3a; b=0a1b2c3d4e5f"), ("X-Other", "a=4f9a8b7c6d5e4f3a")]
    cookie, other = Redactor().headers(headers)
    assert re.fullmatch(r"a=\{\{unregistered_cookie:\w+:16\}\}; b=\{\{unregistered_cookie:\w+:12\}\}", cookie[1])
    assert other == headers[1]


def test_a_cookie_keeps_its_name_and_attributes() -> None:
    redacted = dict(Redactor().headers({"Set-Cookie": "__Host-sid=4f9a8b7c6d5e4f3a; Path=/; HttpOnly; SameSite=Lax"}))
    assert redacted["Set-Cookie"].startswith("__Host-sid={{unregistered_cookie:")
    assert redacted["Set-Cookie"].endswith("; Path=/; HttpOnly; SameSite=Lax")


def test_a_hostile_text_takes_no_more_than_linear_time() -> None:
    for text in ("eyJ" * 100_000, "eyJ." * 50_000, "cookie:" * 50_000, '"code"' + " " * 200_000, "=" * 200_000):
        assert isinstance(Redactor().text(text), str)


class TestRegisteringFromTraffic:
    def test_an_answer_gives_tokens_code_and_cookies(self) -> None:
        redactor = Redactor()
        redactor.register_from_response(
            [
                ("Location", "https://app/cb?code=SplxlOBeZQQYbYS6WxSbIA&state=xyz"),
                ("Set-Cookie", "sid=4f9a8b7c6d5e4f3a; Path=/"),
                ("set-cookie", "other=0a1b2c3d4e5f6071"),
            ],
            '{"access_token":"2YotnFZFEjr1zCsicMWpAA","more":{"refresh_token":"tGzv3JOkF0XG5Qx2TlKWIA"},"expires_in":3600}',
        )
        assert redactor.kinds == ("access_token", "code", "refresh_token", "session_cookie")
        assert len(redactor.secrets()) == 5

    @pytest.mark.parametrize("secret", ["s3cr3t:/ +x", "Zm9v+YmF/yMTIz==", "gX1f~Bat3b!V'z(9)*", "Ünïcode-gX1fBat3bV"])
    @pytest.mark.parametrize("client", ["a", "ab", "abc"])  # so the secret begins anywhere in a group of three bytes
    def test_a_client_secret_is_marked_in_credentials_of_the_basic_scheme(self, secret: str, client: str) -> None:
        redactor = Redactor()
        redactor.register(secret, "client_secret")
        pair = f"{client}:{quote_plus(secret)}"  # RFC 6749 §2.3.1
        text = redactor.text(f"Authorization: Basic {base64.b64encode(pair.encode()).decode()}")
        assert "client_secret" in text
        left = text.partition("Basic ")[2].partition("{{")[0] + text.partition("}}")[2]
        assert len(left) <= 10, text  # the client, and what the end of the secret shares with nothing

    def test_a_request_gives_credentials_code_and_verifier(self) -> None:
        redactor = Redactor()
        basic = base64.b64encode(b"client:gX1fBat3bV%2Fz").decode()
        redactor.register_from_request(
            "https://issuer/token?code=SplxlOBeZQQYbYS6WxSbIA",
            {"Authorization": f"Basic {basic}", "Cookie": "sid=4f9a8b7c6d5e4f3a"},
            b"code_verifier=dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk&password=correct%20horse",
        )
        assert redactor.kinds == ("client_secret", "code", "code_verifier", "password", "session_cookie")
        assert redactor.mark("gX1fBat3bV/z")

    @pytest.mark.parametrize(
        "presented", ["   {jwt}", "{jwt}, Bearer {opaque}", "{opaque}, Bearer {jwt}", "{opaque}\t{jwt}"]
    )
    def test_of_what_is_presented_among_spaces_each_token_is_one(self, presented: str) -> None:
        jws = "eyJhbGciOiJFUzI1NiIsImtpZCI6ImRldi1JOTFBVl91OUxOTyJ9.{}.0nS3b53FQo1lgezjRaxl2tXWO8KcHlfKpUmy5ZBM8cd1aHTi"
        jwt, opaque = jws.format("eyJzdWIiOiJhbGljZSJ9"), "gQSqEMEw-uWoyXDkj7oshQ3gvg4Ior1xJ7-8tXf_YSM"
        redactor = Redactor()
        redactor.register_from_request(
            "https://api/notes", {"Authorization": f"Bearer {presented.format(jwt=jwt, opaque=opaque)}"}
        )
        assert redactor.mark(jwt)
        assert bool(redactor.mark(opaque)) == ("{opaque}" in presented)
        header_of_another = jws.format("").split("..", maxsplit=1)[0]
        assert SecretScanner(redactor.secrets()).scan_bytes("an event", f"{header_of_another}..x".encode()) == []

    def test_an_error_code_and_a_short_value_are_not_taken_for_secrets(self) -> None:
        redactor = Redactor()
        redactor.register_from_response({"Set-Cookie": "lang=en"}, '{"code":"AccessDenied1"}')
        redactor.register_from_response({"Location": "/cb?error=access_denied"}, "no JSON")
        assert redactor.secrets() == ()
