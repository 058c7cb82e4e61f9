"""Text that once took for ever, or all memory, to redact or to read comes to its end, and to the right one."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from secrets import token_urlsafe

import pytest

from harness.observations import HttpExchange, Observation
from harness.observe import Recorder
from harness.probes.clients import Bounds, Exchanged
from harness.probes.forms import MOST_HTML, read_page
from harness.probes.http import HttpProbe
from harness.probes.jwt import read_token
from harness.redact import LONGEST, Redactor, TooMuchSecret
from harness.time_limit import TimeLimit
from tests.hostile.attacks import KEYS, jwt_of

SIZE = 200_000
FOR_EVER = 60.0  # seconds; what is tried took minutes to years, and takes less than one now


@pytest.fixture(autouse=True)
def ends() -> Iterator[None]:
    """No test measures how long it takes; one that would not end is ended, and fails."""
    with TimeLimit(FOR_EVER):
        yield


@pytest.mark.parametrize(
    "piece", ["\\", "%25", "%252525", "\\u005c", "&amp;", ".eyJaaaa", "cookie:", "{{", '\\"'], ids=repr
)
def test_text_without_a_credential_stays_as_it_is_however_long(piece: str) -> None:
    text = (piece * SIZE)[:SIZE]
    assert Redactor().text(text) == text


@pytest.mark.parametrize("piece", ["code=", "code=aa_"])
def test_a_credential_of_any_length_becomes_one_mark(piece: str) -> None:
    redacted = Redactor().text((piece * SIZE)[:SIZE])
    assert re.fullmatch(rf"code=\{{\{{unregistered_code:[0-9a-f]{{16}}:{SIZE - len('code=')}\}}\}}", redacted)


def test_tokens_without_an_end_become_marks() -> None:
    token = "eyJabc.eyJabc" * 4  # of this the last three parts look like one
    redacted = Redactor().text(token * (SIZE // len(token)))
    assert redacted.count("{{unregistered_jwt:") == SIZE // len(token)


def test_a_long_word_is_told_from_a_credential() -> None:
    assert "unregistered_code" in Redactor().text(f"code={'set_cookie_access' * 20}=")
    assert Redactor().text(f"code={'set_cookie_access' * 20}") == f"code={'set_cookie_access' * 20}"


@pytest.mark.parametrize(
    ("secrets", "text"),
    [
        (["x" * 600], "x" * SIZE),
        ([f"{'x' * 300}{n}" for n in range(60)], ("x" * 280 + "\n") * 700),
        (["xxxxxxxxxxxx1yZ"], "x" * SIZE),
        (["abcdefghijkl" * 20 + str(n) for n in range(50)], ("abcdefghijkl" * 15 + "\n") * 1_000),
    ],
)
def test_secrets_that_repeat_themselves_are_looked_for(secrets: list[str], text: str) -> None:
    redactor = Redactor()
    for secret in secrets:
        redactor.register(secret, "session_cookie")
    redactor.text(text)
    assert all(secret not in redactor.text(f"a={secret};") for secret in secrets)


def test_secrets_with_a_common_part_are_looked_for_and_all_found() -> None:
    common, redactor = token_urlsafe(150), Redactor()
    secrets = [common + token_urlsafe(12) for _ in range(300)]
    for secret in secrets:
        redactor.register(secret, "session_cookie")
    redactor.text(f"{common}\n" * (SIZE // len(common)))
    shown = redactor.text("\n".join(secrets))
    assert common not in shown
    assert not [secret for secret in secrets if secret[-12:] in shown]


def test_a_secret_that_ends_as_too_many_others_is_refused_before_it_could_be_missed() -> None:
    redactor = Redactor()
    alike = [f"{number:03}{'x' * 100}" for number in range(500)]
    with pytest.raises(TooMuchSecret, match="a session_cookie that ends as too many others"):
        [redactor.register(secret, "session_cookie") for secret in alike]
    kept = [secret.value.decode() for secret in redactor.secrets()]
    assert 30 < len(kept) < 100
    assert all(secret not in redactor.text(f"a={secret};") for secret in kept)


def test_a_secret_that_is_too_long_to_look_for_is_refused_and_so_is_one_too_many(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    redactor = Redactor()
    redactor.register("a" * LONGEST, "access_token")
    with pytest.raises(TooMuchSecret, match="a code of 16,385 characters is too long to redact"):
        redactor.register("a" * (LONGEST + 1), "code")
    monkeypatch.setattr("harness.redact.MOST", LONGEST + 40)
    redactor.register(token_urlsafe(24), "code")
    with pytest.raises(TooMuchSecret, match="a code too many"):
        redactor.register(token_urlsafe(24), "code")


class Answers:
    """A client that is always answered the same."""

    name, bounds = "fake", Bounds()

    def __init__(self, text: str, *headers: tuple[str, str]) -> None:
        self.came = Exchanged(200, headers, text, len(text))

    def exchange(self, method: str, url: str, headers: object, body: str = "") -> Exchanged:
        return self.came

    def cookies_for(self, url: str) -> str:
        return ""

    def close(self) -> None:
        """Nothing is open."""


def test_an_answer_whose_secrets_cannot_be_redacted_is_none_and_is_not_kept() -> None:
    seen: list[Observation] = []
    token = token_urlsafe(LONGEST)
    answer = HttpProbe(Answers(json.dumps({"access_token": token})), Recorder("s", Redactor(), seen.append)).get(
        "a", "http://x/"
    )
    (kept,) = seen
    assert isinstance(kept, HttpExchange)
    assert (answer.status, answer.text, kept.status, kept.body) == (0, "", None, "")
    assert kept.error.startswith("the answer was thrown away: a access_token of ")
    assert token[:100] not in repr(kept)


@pytest.mark.parametrize("text", ["[" * 100_000, '{"a":' * 100_000, "9" * 100_000, '{"a": NaN', "\ud800"])
def test_json_that_nobody_can_read_is_none(text: str) -> None:
    seen: list[Observation] = []
    answer = HttpProbe(Answers(text), Recorder("s", Redactor(), seen.append)).get("a", "http://x/")
    assert answer.json() == {}
    assert isinstance(seen[0], HttpExchange)
    assert seen[0].json() == {}


@pytest.mark.parametrize("location", ["http://[", "http://[::1", "//[", "https://a]"])
def test_a_location_that_is_no_address_leads_nowhere(location: str) -> None:
    seen: list[Observation] = []
    came = Answers("", ("Location", location))
    came.came = Exchanged(302, (("Location", location),))
    answer = HttpProbe(came, Recorder("s", Redactor(), seen.append)).get("a", "http://x/")
    assert (answer.status, answer.location) == (302, "")
    assert isinstance(seen[0], HttpExchange)
    assert seen[0].location_parameters() == {}


@pytest.mark.parametrize("piece", ["<", "<!--", "<![", "<a ", "</", "<title>", "<script>"])
def test_broken_markup_hides_no_form_and_adds_none(piece: str) -> None:
    page = read_page(f"<form><input name=a></form><a href=b>c</a>{piece * 1_000_000}")
    assert ([form.fields for form in page.forms], [link.href for link in page.links]) == ([{"a": ""}], ["b"])


def test_of_a_page_without_end_the_beginning_is_read() -> None:
    form = "<form><input name=a>"
    assert len(read_page(form * 1_000_000).forms) == MOST_HTML // len(form)


@pytest.mark.parametrize(
    "payload",
    [
        b'{"iss":' + b"[" * 100_000 + b"]" * 100_000 + b"}",
        b'{"iss":' + b"[" * 300 + b"]" * 300 + b"}",
        b'{"exp":NaN,"iat":Infinity,"aud":[[1],{"a":1},null]}',
        b'{"exp":' + b"9" * 4_000 + b"}",
        b'{"iss":"\\ud800","sub":"\\u0000"}',
    ],
)
def test_the_facts_of_any_token_can_be_recorded(payload: bytes) -> None:
    seen: list[Observation] = []
    facts = read_token("a", jwt_of(payload), "access_token", "{{access_token:0123456789abcdef:9}}", {}, "dev")
    Recorder("s", Redactor(), seen.append).record(facts)
    assert len(seen) == 1


@pytest.mark.parametrize(
    "keys",
    [
        json.loads(KEYS),
        {"keys": None},
        {"keys": [1, None, "x", [], {}]},
        {"keys": [{"kty": "oct", "k": "AAAA"}]},
        {"keys": [{"kty": "RSA", "n": "_" * 100_000, "e": "_" * 1_000}]},
        {"keys": [{"kty": "EC", "crv": [], "x": 1, "y": {}}]},
        {"keys": [{"kty": "OKP", "crv": "Ed25519", "x": "\ud800"}]},
    ],
)
def test_a_key_set_of_any_kind_verifies_nothing(keys: dict[str, object]) -> None:
    token = jwt_of(b'{"iss":"x"}')
    assert read_token("a", token, "access_token", "mark", {"dev": keys}, "dev").signed_by == ""
