"""Curl scripts from observations, run by bash against a curl that only writes down what it was told."""

from __future__ import annotations

import base64
import json
import os
import re
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from harness.observations import HttpExchange, Observation, Race, TokenFacts
from harness.redact import Redactor
from harness.report.curl_script import CurlScript, curl_script
from tests.harness.report.exchanges import (
    ACCESS,
    BASE,
    FORM,
    PASSWORD,
    VERIFIER,
    login,
    login_in_a_browser,
    numbered,
    redemption,
    sent,
)

NEEDED = ("bash", "openssl", "python3")
pytestmark = pytest.mark.skipif(
    not all(map(shutil.which, NEEDED)), reason=f"needs {', '.join(NEEDED)}; one of them is not on this machine"
)
STUB = """#!/usr/bin/env python3
import json, os, pathlib, sys
said = sys.argv[1:]
with open(os.environ["SAID"], "a") as file:
    file.write(json.dumps([os.getpid(), *said]) + "\\n")
order = [json.loads(line)[0] for line in open(os.environ["SAID"])]
answer = json.loads(os.environ["ANSWERS"])[order.index(os.getpid())]  # its own place, also among those sent at once
if "-D" in said:
    head = "\\r\\n".join([f"HTTP/1.1 {answer['status']} X", *answer["headers"], ""])
    pathlib.Path(said[said.index("-D") + 1]).write_text(head)
    pathlib.Path(said[said.index("-o") + 1]).write_text(answer["body"])
    print(answer["url"], answer["next"], sep="\\n")
else:
    print(answer["status"])
"""
EVIL = "'$(touch evil)`touch evil`;touch evil\x1b[31m\n\u202e\"<script>"


def script(seen: Sequence[Observation], *shown: int) -> CurlScript:
    made = curl_script(["a line"], [seen[number - 1] for number in shown], seen, "RFC 0 §1")
    assert made is not None
    return made


def run(made: CurlScript, tmp_path: Path, *answers: HttpExchange, **variables: str) -> tuple[int, str, list[list[str]]]:
    """Exit code, what was printed, and the arguments of every curl, where these are the answers."""
    bin = tmp_path / "bin"
    bin.mkdir(exist_ok=True)
    (bin / "curl").write_text(STUB)
    (bin / "curl").chmod(0o755)
    (tmp_path / "script.sh").write_text(made.text)
    (tmp_path / "said").write_text("")
    told = [
        {
            "status": one.status,
            "headers": [f"{name}: {value}" for name, value in one.headers],
            "body": one.body,
            "url": one.url,
            "next": one.location or "",
        }
        for one in answers
    ]
    environment = {
        "PATH": f"{bin}:{os.environ['PATH']}",
        "SAID": str(tmp_path / "said"),
        "ANSWERS": json.dumps(told),
        "TMPDIR": str(tmp_path),
        **variables,
    }
    ended = subprocess.run(
        ["bash", "script.sh"], cwd=tmp_path, env=environment, capture_output=True, timeout=30, start_new_session=True
    )
    said = [json.loads(line)[1:] for line in (tmp_path / "said").read_text().splitlines()]
    return ended.returncode, (ended.stdout + ended.stderr).decode(), said


def values(said: list[str], option: str) -> list[str]:
    return [said[n + 1] for n, one in enumerate(said) if one == option]


def live(exchanges: Sequence[HttpExchange], **secrets: str) -> list[HttpExchange]:
    """The exchanges as a target would answer them now: with other secrets in place of the marks."""
    text = {"code": "live-code", "access_token": "live.eyJpc3MiOiJ4In0.sig", "refresh_token": "live-refresh"} | secrets

    def now(value: str) -> str:
        return re.sub(r"\{\{(\w+):[^}]*\}\}", lambda found: text.get(found[1], "live-value"), value)

    return [
        replace(one, body=now(one.body), headers=tuple((name, now(value)) for name, value in one.headers))
        for one in exchanges
    ]


def answered(seen: Sequence[HttpExchange]) -> list[HttpExchange]:
    """The answers to a login and a redemption, with absolute redirects as curl names them."""
    made = live(seen)
    return [replace(made[0], headers=(("Location", f"{BASE}/page?id=99"),)), *made[1:]]


def test_a_login_is_repeated_with_what_the_target_answers_now(tmp_path: Path) -> None:
    seen = numbered([*login(), redemption()])
    code, printed, said = run(script(seen, 4), tmp_path, *answered(seen), PASSWORD="s3cret pass")
    assert code == 0, printed
    assert f"{BASE}/page?id=99" in said[1]
    assert values(said[2], "--data-urlencode") == ["csrf=tok&en", "user=alice", "password=s3cret pass"]
    assert said[2][said[2].index("-b") + 1] == said[1][said[1].index("-c") + 1]
    sent_last = dict(pair.split("=", 1) for pair in values(said[3], "--data-urlencode"))
    assert sent_last["code"] == "live-code"
    digest = subprocess.run(
        ["openssl", "dgst", "-sha256", "-binary"], input=sent_last["code_verifier"].encode(), capture_output=True
    ).stdout
    challenge = base64.urlsafe_b64encode(digest).decode().rstrip("=")
    assert f"code_challenge={challenge}" in values(said[0], "--data-urlencode")
    assert len(sent_last["code_verifier"]) == 43


def test_a_login_in_a_browser_begins_where_the_run_began_and_reads_what_scripts_made_of_the_page(
    tmp_path: Path,
) -> None:
    seen = numbered([*login_in_a_browser(), redemption()])
    now = live([*login_in_a_browser("99", "fresh"), redemption()])
    now[0] = replace(now[0], headers=(("Location", f"{BASE}/page?id=99"),))
    code, printed, said = run(script(seen, 4), tmp_path, *now, PASSWORD="s3cret")
    assert code == 0, printed
    assert len(said) == 4
    assert f"{BASE}/page?id=99" in said[2]
    assert values(said[2], "--data-urlencode") == ["csrf=fresh", "user=alice", "password=s3cret"]
    assert said[2][said[2].index("-b") + 1] == said[0][said[0].index("-c") + 1]


def test_a_form_that_a_browser_sent_to_its_own_page_goes_to_the_page_that_is_there_now(tmp_path: Path) -> None:
    then, now = ([replace(one, body="") for one in login_in_a_browser(id)] for id in ("77", "99"))
    now[0] = replace(now[0], headers=(("Location", f"{BASE}/page?id=99"),))
    _, printed, said = run(script(numbered(then), 3), tmp_path, *live(now), PASSWORD="s3cret")
    assert f"{BASE}/page?id=99" in said[2], printed


def test_another_answer_than_in_the_run_is_told_by_the_exit_code(tmp_path: Path) -> None:
    seen = numbered([sent("GET", "/me", 200, '{"name": "x"}')])
    assert run(script(seen, 1), tmp_path, seen[0])[0] == 0
    code, printed, _ = run(script(seen, 1), tmp_path, sent("GET", "/me", 401))
    assert code == 1
    assert "request 1: 401; the run: 200 with name" in printed


def test_without_the_value_that_a_later_request_needs_it_stops(tmp_path: Path) -> None:
    seen = numbered([*login(), redemption()])
    refused = [*answered(seen)[:2], sent("POST", "/login", 200, "wrong password")]
    code, printed, said = run(script(seen, 4), tmp_path, *refused, PASSWORD="wrong")
    assert (code, len(said)) == (2, 3)
    assert "answer 3 has no 'location code'" in printed


def test_a_redirect_to_an_address_that_is_not_the_targets_is_not_followed(tmp_path: Path) -> None:
    seen = numbered(login())
    away = sent("GET", "/authorize", 302, headers=(("Location", "https://evil.example/page"),))
    _, printed, said = run(script(seen, 3), tmp_path, away, away, away, PASSWORD="s3cret")
    assert "which is none of https://id.example" in printed
    assert not any("evil.example" in word for words in said for word in words)


def test_strings_of_the_target_are_arguments_and_never_commands(tmp_path: Path) -> None:
    request = sent("GET", f"/x?q={'%27%24%28touch%20evil%29'}", body=EVIL, request_headers=(("X-A", EVIL),), case=EVIL)
    post = sent(
        "POST", "/y", 500, json.dumps({EVIL: 1}), request_body=EVIL, request_headers=(("Content-Type", "text/x"),)
    )
    seen = numbered([request, post])
    made = script(seen, 1, 2)
    assert not set("\x1b\u202e\r") & set(made.text)
    code, printed, said = run(made, tmp_path, *seen)
    assert code == 0, printed
    assert not (tmp_path / "evil").exists()
    assert not list(tmp_path.rglob("evil"))
    assert values(said[0], "-H") == [f"X-A: {EVIL}"]
    assert values(said[0], "--data-urlencode") == ["q='$(touch evil)"]
    assert values(said[1], "--data-raw") == [EVIL]
    assert not set("\x1b\u202e") & set(printed)


def test_field_names_and_kinds_of_a_hostile_record_become_no_variable_that_programs_heed() -> None:
    page = '<form action="/y"><input type="hidden" name="LD_PRELOAD" value="/tmp/x.so"></form>'
    mark = "{{path:" + "1" * 16 + ":9}}"
    seen = numbered([sent("GET", "/x", body=page), sent("POST", "/y", form={"LD_PRELOAD": "/tmp/x.so", "a": mark})])
    assert "VALUE_LD_PRELOAD=$(take 1 field 1 LD_PRELOAD)" in script(seen, 2).requests
    assert "a=${VALUE_PATH}" in script(seen, 2).requests


def test_an_address_that_is_an_option_or_a_file_is_never_given_to_curl() -> None:
    seen = numbered(
        [
            sent("GET", "-K/etc/x://y"),
            sent("GET", "file:///etc/passwd"),
            sent("GET", "/", request_headers=(("@/etc/passwd", ""),)),
        ]
    )
    assert curl_script([], seen[:2], seen, "x") is None
    assert "@" not in script(seen, 3).requests


def test_client_credentials_of_the_basic_scheme_are_asked_for(tmp_path: Path) -> None:
    redactor, secret = Redactor(), "a-client-secret-of-30-letters."
    credentials = "Basic " + base64.b64encode(f"my-app:{secret}".encode()).decode()
    redactor.register_from_request(BASE, {"Authorization": credentials})
    header = ("Authorization", redactor.text(credentials))
    seen = numbered(
        [sent("POST", "/token", 401, form={"grant_type": "x"}, request_headers=(header, *FORM), client="my-app")]
    )
    assert "ask CLIENT_SECRET 'the client secret of my-app'" in script(seen, 1).text
    _, _, said = run(script(seen, 1), tmp_path, *seen, CLIENT_SECRET="abc")
    assert values(said[0], "-u") == ["my-app:abc"]


def test_a_verifier_that_belongs_to_no_challenge_is_made_afresh() -> None:
    other = VERIFIER.replace("b" * 16, "7" * 16)
    wrong = sent("POST", "/token", 400, form={"code_verifier": other})
    requests = script(numbered([*login(), wrong]), 4).requests
    assert "code_verifier=${CODE_VERIFIER}" in requests
    assert "S256" not in requests


def spent(seconds: float, way: str, status: int = 200) -> tuple[HttpExchange, ...]:
    """Two exchanges of one user agent, so many seconds after each other for the target: `waited` or `skipped`."""
    cookie = (("Set-Cookie", "a=b"),)
    later: dict[str, Any] = {"began": 1.0 + seconds} if way == "waited" else {"began": 2.0, "skipped": seconds}
    return numbered(
        [
            sent("GET", "/a", agent="1", began=1.0, headers=cookie),
            sent("GET", "/b", status, agent="1", **later),
        ]
    )


@pytest.mark.parametrize("way", ["waited", "skipped"])
def test_the_script_waits_as_long_as_passed_for_the_target_and_says_so(tmp_path: Path, way: str) -> None:
    made = script(spent(61.0, way), 2)
    assert "wait_for 61  # as long as passed for the target in the run" in made.requests
    assert "# It waits 61 s on its way, as the run did." in made.text.partition("set -u")[0]
    code, printed, _ = run(script(spent(1.0, "skipped"), 2), tmp_path, *spent(1.0, "skipped"))
    assert (code, printed.splitlines()[1]) == (0, "waiting 1 s, as the run did")


def test_what_was_only_slow_is_not_waited_for() -> None:
    assert "\nwait_for" not in script(spent(3.0, "waited"), 2).requests


def test_where_the_run_skipped_more_time_than_one_waits_no_answer_proves_anything(tmp_path: Path) -> None:
    seen = spent(7200.0, "skipped")
    made = script(seen, 2)
    assert "the run set the target's clock forward by 7,200 s (2 h)" in made.requests
    assert "# This cannot be repeated" in made.text.partition("set -u")[0]
    code, printed, _ = run(made, tmp_path, *seen)
    assert (code, "This cannot be repeated" in printed.splitlines()[-1]) == (3, True)
    assert run(made, tmp_path, *spent(7200.0, "skipped", 400))[0] == 3


def test_a_real_wait_that_is_too_long_is_cut_and_is_not_told_as_a_clock_that_was_set(tmp_path: Path) -> None:
    seen = spent(2000.0, "waited")
    made = script(seen, 2)
    assert "# It waits 900 s (15 min) on its way, less than the run took: a wait was cut." in made.text
    assert "This cannot be repeated" not in made.text
    assert "the run set the target's clock forward" not in made.text
    code, printed, _ = run(replace(made, text=made.text.replace("wait_for 900 ", "wait_for 0 ")), tmp_path, *seen)
    assert (code, printed.splitlines()[1]) == (0, "waiting 0 s, cut from the 2,000 s of the run")


def metadata(**members: object) -> HttpExchange:
    document = {"issuer": BASE, "response_types_supported": ["code"], "a": {"b": [{"c": 1}]}} | members
    return sent("GET", "/metadata", body=json.dumps(document))


def tokens(expires: object = 3600, **claims: object) -> HttpExchange:
    part = base64.urlsafe_b64encode(json.dumps({"iss": BASE, "aud": "api"} | claims).encode()).decode().rstrip("=")
    return sent("POST", "/token", body=json.dumps({"access_token": f"e.{part}.s", "expires_in": expires}))


def headed(*headers: tuple[str, str], status: int = 200) -> HttpExchange:
    return sent("GET", "/page", status, headers=headers)


NO_STORE, COOKIE = ("Cache-Control", "no-store"), "sid={{session_cookie:" + "9" * 16 + ":20}}; Path=/; HttpOnly"
CHANGES = {
    "issuer": (metadata(issuer="https://evil.example"), metadata()),
    "list": (metadata(response_types_supported=["code", "token"]), metadata()),
    "nested": (metadata(), metadata(a={"b": [{"c": 2}]})),
    "lifetime": (tokens(2591999), tokens(3600)),
    "no-store": (headed(), headed(NO_STORE)),
    "pragma": (headed(("Pragma", "no-cache")), headed()),
    "type": (headed(("Content-Type", "text/html")), headed(("Content-Type", "text/plain"))),
    "error": (
        headed(("WWW-Authenticate", 'Bearer error="a"'), status=401),
        headed(("WWW-Authenticate", 'Bearer error="b"'), status=401),
    ),
    "origin": (
        headed(("Location", "https://evil.example/cb?a=b"), status=302),
        headed(("Location", "/cb?a=b"), status=302),
    ),
    "parameter": (headed(("Location", "/cb?iss=a"), status=302), headed(("Location", "/cb?iss=b"), status=302)),
    "attributes": (headed(("Set-Cookie", COOKIE)), headed(("Set-Cookie", COOKIE + "; Secure"))),
    "cookie": (headed(("Set-Cookie", COOKIE)), headed(("Set-Cookie", "__Host-" + COOKIE))),
}


@pytest.mark.parametrize("kind", CHANGES)
def test_the_same_shape_with_something_else_in_it_is_another_answer(tmp_path: Path, kind: str) -> None:
    faulty, mended = (numbered([one]) for one in CHANGES[kind])
    code, printed, _ = run(script(faulty, 1), tmp_path, *live(faulty))
    assert code == 0, printed
    code, printed, _ = run(script(faulty, 1), tmp_path, *live(mended))
    assert (code, "; the run: " in printed) == (1, True), printed


@pytest.mark.parametrize(("claim", "mended"), [("iss", BASE), ("aud", "api"), ("exp", 1300)])
def test_who_issued_a_jwt_for_whom_and_for_how_long_is_compared(tmp_path: Path, claim: str, mended: object) -> None:
    wrong: dict[str, object] = {"iss": "https://evil.example", "aud": ["other"], "iat": 1000, "exp": 9000}
    facts = TokenFacts(case="redemption", token=ACCESS, token_kind="access_token", form="jwt", claims=wrong)
    recorded = sent("POST", "/token", body=json.dumps({"access_token": ACCESS, "expires_in": 3600}))
    made = script(numbered([recorded, facts]), 1)
    assert run(made, tmp_path, tokens(**wrong))[0] == 0
    code, printed, _ = run(made, tmp_path, tokens(**wrong | {claim: mended}))
    assert (code, " of access_token: " in printed) == (1, True)


def test_what_is_another_each_time_is_not_compared(tmp_path: Path) -> None:
    ids = ("0b5a3d1e-0000-4000-8000-00000000000a", "1c6b4e2f-1111-4111-8111-11111111111b")
    first, later = (
        sent(
            "GET",
            "/me",
            302,
            json.dumps({"expires_in": 3600 - n, "iat": n, "trace": f"at {id}", "updated_at": n}),
            headers=(("Location", f"/cb?state=s{n}"), ("Set-Cookie", f"a=b; Expires=Sun, 0{n} Nov 2026 10:00:00 GMT")),
        )
        for n, id in enumerate(ids, 1)
    )
    code, printed, _ = run(script(numbered([first]), 1), tmp_path, later)
    assert code == 0, printed


def test_the_origin_of_the_run_is_compared_as_the_one_that_the_script_asks(tmp_path: Path) -> None:
    seen, elsewhere = numbered([metadata()]), "https://other.example:8443"
    there = replace(metadata(issuer=elsewhere), url=f"{elsewhere}/metadata")
    assert run(script(seen, 1), tmp_path, there, BASE=elsewhere)[0] == 0
    assert run(script(seen, 1), tmp_path, metadata(), BASE=elsewhere)[0] == 1


def misled(own: str, told: str) -> HttpExchange:
    """What an issuer at `own` answers that takes itself for `told`."""
    return replace(metadata(issuer=told, token_endpoint=f"{told}/token"), url=f"{own}/metadata")


@pytest.mark.parametrize(
    ("there", "says"),
    [
        ("https://id.localhost:8443", "https://other.example:8443"),
        ("https://id.localhost:8443", "http://id.localhost:8443"),
        ("https://127.0.0.1:8443", "https://other.example:8443"),
        ("https://[::1]:8443", "https://other.example:8443"),
        ("https://id.example", "https://other.example"),
    ],
)
def test_port_and_authority_of_the_run_are_compared_as_those_that_the_script_asks(
    tmp_path: Path, there: str, says: str
) -> None:
    run_told = "http://id.example:7001" if says.startswith("http:") else "https://other.example:7001"
    made = script(numbered([misled("https://id.example:7001", run_told)]), 1)
    code, printed, _ = run(made, tmp_path, misled(there, says), BASE=there)
    assert code == 0, printed
    for wrong in (says.replace("other", "third").replace("id.", "third."), f"{says}9", run_told):
        assert run(made, tmp_path, misled(there, wrong), BASE=there)[0] == 1, wrong


@pytest.mark.parametrize(
    ("there", "says", "wrong"),
    [
        ("https://id.example:8443", "https://other.example:8443", "https://other.example"),
        ("https://id.example:8443", "https://id.example:8443", "https://id.example:9443"),
        ("https://id.example", "https://other.example", "https://other.example:8443"),
        ("https://id.example:443/", "https://other.example", "https://third.example"),
        ("https://id.example:8443", "https://elsewhere.org", "https://elsewhere.org:8443"),
    ],
)
def test_a_run_at_the_usual_port_is_compared_with_the_port_that_the_script_asks(
    tmp_path: Path, there: str, says: str, wrong: str
) -> None:
    made = script(numbered([misled("https://id.example", says.replace(":8443", ""))]), 1)
    for told, ends in ((says, 0), (wrong, 1)):
        code, printed, _ = run(made, tmp_path, misled(there.rstrip("/"), told), BASE=there)
        assert code == ends, printed


@pytest.mark.parametrize(
    ("base", "there"),
    [
        ("https://id.dev.localhost:7001", "id.dev.localhost:7001:127.0.0.1"),
        ("https://id.dev.localhost", "id.dev.localhost:443:127.0.0.1"),
        ("http://id.dev.localhost:80", "id.dev.localhost:80:127.0.0.1"),
        ("https://id.example", ""),
    ],
)
def test_a_name_of_this_machine_is_found_at_whatever_port_the_script_asks(
    tmp_path: Path, base: str, there: str
) -> None:
    made = script(numbered([sent("GET", "https://auth.dev.localhost/x")]), 1)
    _, _, said = run(made, tmp_path, sent("GET", f"{base}/x"), BASE=base)
    assert values(said[0], "--resolve") == ([there] if there else [])


def test_time_that_another_stage_skipped_is_not_waited_for() -> None:
    seen = [sent("GET", "https://id.example/x") for _ in range(4)]
    told = (("dev", 0.0), ("dev", 60.0), ("prod", 0.0), ("dev", 60.0))
    staged = [replace(one, skipped=s, about={"stage": stage}) for one, (stage, s) in zip(seen, told, strict=True)]
    made = script(numbered(staged), 1, 2, 3, 4)
    assert re.findall(r"^wait_for (\d+)", made.requests, re.MULTILINE) == ["60"]


def test_who_issued_a_jwt_is_compared_with_the_port_that_the_script_asks(tmp_path: Path) -> None:
    wrong = {"iss": "https://other.example:7001"}
    facts = TokenFacts(case="redemption", token=ACCESS, token_kind="access_token", form="jwt", claims=wrong)
    recorded = sent("POST", "https://id.example:7001/token", body=json.dumps({"access_token": ACCESS}))
    made = script(numbered([recorded, facts]), 1)
    for issuer, ends in (("https://other.example:8443", 0), ("https://third.example:8443", 1)):
        given = json.dumps({"access_token": json.loads(tokens(iss=issuer).body)["access_token"]})
        now = sent("POST", "https://id.example:8443/token", body=given)
        assert run(made, tmp_path, now, BASE="https://id.example:8443")[0] == ends


def test_the_usage_names_every_variable_and_each_part_of_the_target_has_its_own(tmp_path: Path) -> None:
    api, issuer = "https://api.example:7002", "https://id.example:7001"
    seen = numbered(
        [
            sent("GET", f"{api}/me", 401, role="api"),
            sent("POST", f"{issuer}/token", form={"username": "alice", "password": PASSWORD}, role="token"),
            sent("GET", "https://other.example/token", role="token"),
        ]
    )
    made = script(seen, 1, 2, 3)
    usage = made.text.partition("set -u")[0].partition("# Usage: ")[2].splitlines()
    assert usage[0] == ("CA=authority.pem BASE=https://… BASE_2=https://… BASE_4=https://… PASSWORD=… bash THIS-FILE")
    assert [line.removeprefix("#   ").partition(";")[0] for line in usage[2:]] == [
        "BASE=…: the issuer",
        "BASE_2=…: the API",
        "BASE_4=…: the issuer",
        "PASSWORD=…: the password of alice",
    ]
    assert api in usage[3]
    _, _, said = run(made, tmp_path, *seen, BASE="https://a.example", BASE_2="https://b.example", PASSWORD="x")
    assert [next(word for word in words if word.startswith("https://")) for words in said[:2]] == [
        "https://b.example/me",
        "https://a.example/token",
    ]


def test_without_https_and_secrets_the_usage_names_the_base_alone() -> None:
    usage = script(numbered([sent("GET", "http://id.example/x")]), 1).text.partition("# Usage: ")[2].splitlines()
    assert usage[0] == "BASE=http://… bash THIS-FILE"


def test_a_redirect_to_what_is_no_address_is_compared_as_it_stands(tmp_path: Path) -> None:
    seen = numbered([headed(("Location", "http://[x"), status=302)])
    assert run(script(seen, 1), tmp_path, *seen)[0] == 0
    assert run(script(seen, 1), tmp_path, headed(("Location", "/"), status=302))[0] == 1


def test_a_head_is_asked_for_as_one(tmp_path: Path) -> None:
    seen = numbered([sent("HEAD", "/events")])
    code, _, said = run(script(seen, 1), tmp_path, *seen)
    assert (code, "--head" in said[0], "-X" in said[0]) == (0, True, False)


def test_a_race_sends_its_requests_at_once(tmp_path: Path) -> None:
    race = Race(case="race", about={"client": "web"}, parallel=5, rounds=((200,) * 5,), successes=(5,))
    kept = sent("POST", "/token", form={"a": "b"}, race="race", client="web")
    code, printed, said = run(script(numbered([kept, race]), 2), tmp_path, *[kept] * 5)
    assert (code, len(said)) == (0, 5)
    assert "5 200" in printed
    once = [kept, *[sent("POST", "/token", 400)] * 4]
    assert run(script(numbered([kept, race]), 2), tmp_path, *once)[0] == 1


def test_the_claims_of_a_token_that_fails_are_shown(tmp_path: Path) -> None:
    facts = TokenFacts(case="login", token=ACCESS, token_kind="access_token", form="jwt")
    seen = numbered([*login(), redemption(), facts])
    _, printed, _ = run(script(seen, 5), tmp_path, *answered(seen[:4]), PASSWORD="s3cret")
    assert '{"iss":"x"}' in printed


def test_of_a_failure_seen_many_times_the_first_is_repeated() -> None:
    seen = numbered([sent("GET", f"/{n}") for n in range(60)])
    assert script(seen, *range(1, 61)).requests.count("curl ") == 24


def test_each_request_says_what_it_does_what_was_answered_and_what_asks_for_something_else() -> None:
    requests = script(numbered([redemption(400, "a replay")]), 1).requests
    assert f"# 1. a replay: POST {BASE}/token (authorization_code)" in requests
    assert "#    Answered 400 invalid_grant. Part of what shows the failure; see RFC 0 §1." in requests
