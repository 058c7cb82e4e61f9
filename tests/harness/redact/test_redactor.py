"""The redactor: no form of a secret gets past it, and marks tell what stood there."""

from __future__ import annotations

import base64
import hashlib
import json
import re
import threading
from collections.abc import Callable
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from harness.errors import UsageError
from harness.redact import Redactor

unhurried = settings(deadline=None, max_examples=40)  # the machine may be busy
MARK = re.compile(r"\{\{[a-z0-9_]+:[0-9a-f]{16}:\d+(/[a-z0-9]+)?(\[\d+:\d+\])?\}\}")
URL_SAFE = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
random_secrets = st.text(URL_SAFE, min_size=32, max_size=64).filter(lambda s: len(set(s)) > 20)
TOKEN = "q7Zk2vXw9LmR4tYb8NsD1cHf6JgP3aUe5oIy0xWzQiM"
JWT = ".".join(
    (
        "eyJhbGciOiJFUzI1NiIsImtpZCI6IjEifQ",
        "eyJpc3MiOiJodHRwczovL2lzc3VlciIsInN1YiI6ImFsaWNlIn0",
        "bGn5Xq0kPz7RtVw3YcMd8LsHf2Jb9NeQaUo4Ki6TxWvEyZh1CgSrDmFpA5jIuXlOqBk0Pz7RtVw3YcMd8LsHf2",
    )
)


def percent_all(text: str) -> str:
    return "".join(f"%{byte:02x}" for byte in text.encode())


def percent_upper(text: str) -> str:
    return percent_all(text).upper()


def json_escaped(text: str) -> str:
    return "".join(f"\\u{ord(letter):04x}" for letter in text)


def html_escaped(text: str) -> str:
    return "".join(f"&#x{ord(letter):x};" for letter in text)


def wide(encoding: str) -> Callable[[str], str]:
    return lambda text: text.encode(encoding).decode("latin-1")


def base64_after(prefix: bytes, encode: Callable[[bytes], bytes] = base64.b64encode) -> Callable[[str], str]:
    return lambda text: encode(prefix + text.encode()).decode().rstrip("=")


TRANSFORMS: dict[str, Callable[[str], str]] = {
    "raw": str,
    "base64": base64_after(b""),
    "base64 shifted by one": base64_after(b"x"),
    "base64 shifted by two": base64_after(b"client:12"[:5]),
    "base64url": base64_after(b"~~", base64.urlsafe_b64encode),
    "hex": lambda text: text.encode().hex(),
    "hex in capitals": lambda text: text.encode().hex().upper(),
    "percent, reserved only": lambda text: quote(text, safe=""),
    "percent, every byte": percent_all,
    "percent in capitals": percent_upper,
    "UTF-16LE": wide("utf-16-le"),
    "UTF-16BE": wide("utf-16-be"),
    "JSON": json.dumps,
    "JSON escapes": json_escaped,
    "JSON solidus": lambda text: json.dumps(text).replace("/", "\\/"),
    "HTML": html_escaped,
    "SHA-1": lambda text: hashlib.sha1(text.encode()).hexdigest(),
    "SHA-256": lambda text: hashlib.sha256(text.encode()).hexdigest(),
    "SHA-256 in base64": lambda text: base64.b64encode(hashlib.sha256(text.encode()).digest()).decode(),
    "JSON in percent": lambda text: quote(json_escaped(text)),
    "percent in JSON": lambda text: json_escaped(percent_all(text)),
    "base64 in UTF-16": lambda text: wide("utf-16-le")(base64_after(b"")(text)),
}


@pytest.mark.parametrize("name", TRANSFORMS)
@unhurried
@given(secret=random_secrets, before=st.text(max_size=20), after=st.text(max_size=20))
def test_no_form_of_a_secret_stays_in_any_text(name: str, secret: str, before: str, after: str) -> None:
    redactor = Redactor()
    redactor.register(secret, "refresh_token")
    form = TRANSFORMS[name](secret)
    redacted = redactor.text(f"{before} {form} {after}")
    assert redacted.startswith(before)
    assert redacted.endswith(after)
    left = MARK.sub("|", redacted[len(before) : len(redacted) - len(after)])
    assert longest_common(form, left) < 12, left


@unhurried
@given(secret=random_secrets, start=st.integers(0, 20), length=st.integers(12, 40), text=st.text(max_size=10))
def test_a_fragment_of_twelve_characters_is_redacted_with_its_range(
    secret: str, start: int, length: int, text: str
) -> None:
    redactor = Redactor()
    mark = redactor.register(secret, "code")
    end = min(len(secret), start + length)
    fragment = secret[start:end]
    redacted = redactor.text(f"{text}<{fragment}>")
    cut = f"[{start}:{end}]" if (start, end) != (0, len(secret)) else ""
    assert f"<{mark[:-2]}{cut}}}}}>" in redacted


@unhurried
@given(secret=st.uuids(version=4).map(str), other=st.uuids(version=4).map(str), length=st.integers(20, 36))
def test_of_a_uuid_other_uuids_are_no_fragment_and_most_of_itself_is(secret: str, other: str, length: int) -> None:
    alike = other[:6] + secret[6:20] + other[20:]  # as happens where names of files meet thousands of tokens
    assume(longest_common(secret, alike) < 16)
    redactor = Redactor()
    mark = redactor.register(f"user:{secret}", "refresh_token")
    for text in (alike, base64.b64encode(alike.encode()).decode()):
        assert redactor.text(text) == text
    assert mark[:-2] in redactor.text(secret[36 - length :])


@unhurried
@given(st.text(max_size=200), random_secrets)
def test_redacting_twice_is_redacting_once(text: str, secret: str) -> None:
    redactor = Redactor()
    redactor.register(secret, "access_token")
    redactor.register("password", "password")
    once = redactor.text(f"{text}{secret[3:]} password=hunter2 Bearer {secret[:30]}9 {text}")
    assert redactor.text(once) == once


@unhurried
@given(st.binary(max_size=200))
def test_bytes_without_a_secret_are_left_alone(data: bytes) -> None:
    redactor = Redactor()
    redactor.register(TOKEN, "access_token")
    assert redactor.data(data) == data


@unhurried
@given(st.text(min_size=8, max_size=30))
def test_any_password_of_eight_characters_is_gone(password: str) -> None:
    redactor = Redactor()
    mark = redactor.register(password, "password")
    if mark == password:
        return
    assert redactor.text(f"as typed: {password}.") == f"as typed: {mark}."
    assert redactor.text(quote_plus(password, errors="surrogatepass")) != quote_plus(password, errors="surrogatepass")


def test_equal_secrets_have_equal_marks_in_all_runs_with_the_same_key_only() -> None:
    one, same, other = Redactor(b"k" * 32), Redactor(b"k" * 32), Redactor()
    mark = one.register(TOKEN, "access_token")
    assert mark == one.register(TOKEN.encode(), "access_token") == same.register(TOKEN, "access_token")
    assert mark != other.register(TOKEN, "access_token")
    assert MARK.fullmatch(mark)
    assert mark.endswith(":43}}")


def test_a_mark_tells_how_the_secret_was_encoded() -> None:
    redactor = Redactor()
    mark = redactor.register(TOKEN, "access_token")[:-2]
    assert redactor.text(TOKEN.encode().hex()) == f"{mark}/hex}}}}"
    assert redactor.text(hashlib.sha256(TOKEN.encode()).hexdigest()) == f"{mark}/sha256}}}}"
    assert redactor.text(percent_all(TOKEN)) == f"{mark}/percent}}}}"
    assert redactor.text(base64.b64encode(TOKEN.encode()).decode()[:16]) == f"{mark}/b64[0:16]}}}}"


def test_a_whole_jwt_is_replaced_whole() -> None:
    redactor = Redactor()
    mark = redactor.register(JWT, "access_token")
    assert redactor.text(f'{{"token":"{JWT}"}}') == f'{{"token":"{mark}"}}'


def test_of_a_jwt_the_signature_is_a_canary_and_public_header_and_claims_are_not() -> None:
    redactor = Redactor()
    redactor.register(JWT, "access_token")
    header, claims, signature = JWT.split(".")
    assert redactor.text(f"{header} {claims}") == f"{header} {claims}"
    start = len(header) + len(claims) + 2
    assert f"[{start + 5}:{start + 30}]" in redactor.text(signature[5:30])


def test_of_a_jws_in_json_no_part_stands_in_other_answers() -> None:
    header, claims, signature = JWT.split(".")
    redactor, answer = Redactor(), json.dumps({"access_token": JWT})
    redactor.register(JWT, "access_token")
    redactor.register(json.dumps({"payload": claims, "protected": header, "signature": signature}), "forged_token")
    assert json.loads(redactor.text(answer)) == {"access_token": redactor.mark(JWT)}


@pytest.mark.parametrize("words", ["refresh_token.", "urn:example:params:oauth:token:", "https://id.example.com/"])
def test_the_words_that_a_secret_begins_with_are_no_part_of_it(words: str) -> None:
    redactor = Redactor()
    mark = redactor.register(words + TOKEN, "refresh_token")
    answer = json.dumps({"refresh_token": words + TOKEN, "told": words})
    assert json.loads(redactor.text(answer)) == {"refresh_token": mark, "told": words}
    assert redactor.text(TOKEN[5:25]) == f"{mark[:-2]}[{len(words) + 5}:{len(words) + 25}]}}}}"


def test_a_password_counts_only_as_a_whole() -> None:
    redactor = Redactor()
    mark = redactor.register("correct horse battery", "password")
    assert redactor.text("correct horse") == "correct horse"
    assert redactor.text("a correct horse battery!") == f"a {mark}!"
    assert redactor.text("p=correct+horse+battery") == f"p={mark[:-2]}/form}}}}"


def test_a_secret_of_seven_characters_is_refused() -> None:
    with pytest.raises(UsageError, match="7 characters is too short"):
        Redactor().register("seven77", "password")


def test_a_kind_that_would_break_the_mark_is_refused() -> None:
    with pytest.raises(ValueError, match="no kind of secret"):
        Redactor().register(TOKEN, "Access-Token")


def test_a_secret_does_not_pass_for_the_hash_of_a_mark() -> None:
    redactor = Redactor()
    redactor.register("0123456789abcdef", "code")
    assert "0123456789abcdef" not in redactor.text("{{code:0123456789abcdef:16}}")


def test_secrets_are_known_in_memory_and_not_shown() -> None:
    redactor = Redactor()
    mark = redactor.register(TOKEN, "code")
    assert redactor.mark(TOKEN) == mark
    assert redactor.mark("something else") is None
    assert redactor.kinds == ("code",)
    assert [secret.value for secret in redactor.secrets()] == [TOKEN.encode()]
    assert TOKEN not in repr(redactor.secrets())


def test_threads_register_and_redact_at_once() -> None:
    redactor = Redactor()
    failures: list[str] = []

    def work(number: int) -> None:
        for turn in range(20):
            secret = hashlib.sha256(f"{number}/{turn}".encode()).hexdigest()
            redactor.register(secret, "code")
            if secret in redactor.text(f"<{secret}>"):
                failures.append(secret)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures
    assert len(redactor.secrets()) == 80


def longest_common(one: str, other: str) -> int:
    """The length of the longest string that stands in both."""
    longest = 0
    lengths = [0] * (len(other) + 1)
    for letter in one:
        lengths = [0] + [lengths[i] + 1 if letter == there else 0 for i, there in enumerate(other)]
        longest = max(longest, *lengths)
    return longest
