from __future__ import annotations

import base64
import gzip
import json
import zlib
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.probes.cookies import Measure, parse_sent, parse_set_cookie, read_jar

TOKEN = "eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiJ4In0.c2lnbmF0dXJlLW9mLXRoZS10b2tlbg"
NOW = datetime(2026, 1, 1, tzinfo=UTC)
MEASURE = Measure(lambda value: "{{mark}}", {"user name": "Ada.Lovelace"}, lambda text: TOKEN in text)


def test_all_attributes_of_a_set_cookie_are_read() -> None:
    header = "__Host-session=abc; Max-Age=60; Path=/; Secure; HttpOnly; SameSite=Lax"
    cookie = parse_set_cookie(header, "app.example", MEASURE)
    assert (cookie.name, cookie.domain, cookie.path, cookie.max_age) == ("__Host-session", "app.example", "/", 60)
    assert (cookie.secure, cookie.http_only, cookie.same_site, cookie.host_only) == (True, True, "Lax", True)
    assert (cookie.value, cookie.size) == ("{{mark}}", len("__Host-session") + 3)


def test_what_a_set_cookie_leaves_out_is_told_as_absent() -> None:
    cookie = parse_set_cookie("s=abc; domain=.example", "app.example", MEASURE)
    assert (cookie.domain, cookie.host_only, cookie.path, cookie.same_site) == ("example", False, "", "")
    assert (cookie.secure, cookie.http_only, cookie.max_age) == (False, False, None)


@pytest.mark.parametrize(("seconds", "expected"), [(-5, -5), (90, 90)])
def test_expires_tells_how_long_a_cookie_lives(seconds: int, expected: int) -> None:
    expires = format_datetime(NOW + timedelta(seconds=seconds), usegmt=True)
    assert parse_set_cookie(f"s=; Expires={expires}", "h", MEASURE, NOW).max_age == expected


def test_max_age_goes_before_expires() -> None:
    header = "s=; Expires=Thu, 01 Jan 1970 00:00:00 GMT; Max-Age=7"
    assert parse_set_cookie(header, "h", MEASURE, NOW).max_age == 7


def wrapped(data: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(data).encode()).decode().rstrip("=")


def packed(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


ACCOUNT = json.dumps({"name": "ada.lovelace", "padding": "x" * 80}).encode()


@pytest.mark.parametrize(
    ("value", "decoded", "personal"),
    [
        ("k3J9-_x0ZpQ2m7", "opaque", ()),
        (wrapped({"email": "someone@example.com"}), "json", ("e-mail address",)),
        (quote(json.dumps({"name": "ada.lovelace"})), "json", ("user name",)),
        (base64.b64encode(quote('{"u": "Ada.Lovelace"}').encode()).decode(), "json", ("user name",)),
        (f"{wrapped({'alg': 'none'})}.{wrapped({'sub': 'Ada.Lovelace'})}.x", "jwt", ("user name",)),
        (TOKEN, "jwt", ("token",)),
        (wrapped({"refresh_token": "abc"}), "json", ("token",)),
        (f".{packed(zlib.compress(ACCOUNT))}.aZbYcX.c2lnbmF0dXJl", "json", ("user name",)),
        (packed(gzip.compress(ACCOUNT)), "json", ("user name",)),
        (ACCOUNT.hex(), "json", ("user name",)),
        (zlib.compress(ACCOUNT).hex(), "json", ("user name",)),
        (quote(packed(zlib.compress(packed(ACCOUNT).encode()))), "json", ("user name",)),
        (packed(b"\x80\x04\x95name\x94ada.lovelace\xff\x94."), "opaque", ("user name",)),
        (packed(zlib.compress(f"t={TOKEN}".encode())), "json", ("token",)),
        (packed(b"\x78\x9c" + b"\xff" * 30), "opaque", ()),
        ("0123456789abcdef" * 4, "opaque", ()),
    ],
)
def test_what_a_value_decodes_to_is_told(value: str, decoded: str, personal: tuple[str, ...]) -> None:
    cookie = parse_set_cookie(f"s={value}", "h", MEASURE)
    assert (cookie.decoded, cookie.personal) == (decoded, personal)


def test_a_value_that_would_inflate_without_end_is_read_to_a_bound() -> None:
    bomb = zlib.compress(bytes(30_000_000) + b"ada.lovelace")
    assert parse_set_cookie(f"s={packed(bomb)}", "h", MEASURE).personal == ()


@given(st.binary(min_size=32, max_size=32))
def test_a_random_value_is_opaque_whatever_it_decodes_to(value: bytes) -> None:
    for text in (packed(value), value.hex()):
        cookie = parse_set_cookie(f"s={text}", "h", MEASURE)
        assert (cookie.decoded, cookie.personal) == ("opaque", ())


def test_the_cookies_of_a_request_are_told_by_name() -> None:
    assert [cookie.name for cookie in parse_sent("a=1; b=2=3", "h", MEASURE)] == ["a", "b"]
    assert parse_sent("", "h", MEASURE) == ()


def test_a_domain_cookie_of_the_jar_begins_with_a_dot() -> None:
    known = {"name": "a", "value": "1", "path": "/", "secure": True, "httpOnly": True, "sameSite": "Lax"}
    own, wide = read_jar([{**known, "domain": "h"}, {**known, "domain": ".h"}], MEASURE)
    assert (own.host_only, wide.host_only, wide.domain) == (True, False, "h")
