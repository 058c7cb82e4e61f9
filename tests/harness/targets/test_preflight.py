"""Before a run everything is tried, and each thing that is wrong says how it is mended."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from click.testing import CliRunner

from harness.cli import main
from harness.machine.session import PrivateSession
from harness.machine.tried import Tried
from harness.probes.login import User
from harness.probes.stage_address import Client
from harness.redact import Redactor
from harness.targets.description import Description, StageDescription
from harness.targets.doors import speaks_tls, try_door
from harness.targets.preflight import examine_target
from tests.harness.contracts.fake_issuer import PASSWORD, FakeIssuer

Examine = Callable[..., dict[str, Tried]]


@pytest.fixture
def examine(fake: FakeIssuer) -> Examine:
    def carry_out(url: str = "", password: str = PASSWORD, **changed: object) -> dict[str, Tried]:
        clients, users = {"web": Client("web", fake.redirect_uri)}, {"existing": User("alice", password)}
        described = {"protected": f"{fake.url}/me", **changed}
        stage = StageDescription(url or fake.url, clients, users, **described)  # type: ignore[arg-type]
        description = Description("fake", "1", {"dev": stage})
        told = examine_target(description, cast("PrivateSession", None), Redactor())
        return {tried.what: tried for tried in told}

    return carry_out


def test_where_all_is_well_nothing_is_to_be_mended(examine: Examine) -> None:
    told = examine()
    assert {tried.state for tried in told.values()} == {"well"}, told
    assert {"dev: discovery", "dev: issuer", "dev: keys", "dev: rate"} <= told.keys()
    assert "200 with the token" in told["dev: API call of alice by web"].detail


def test_an_issuer_that_differs_in_one_letter_is_told_with_what_to_write(examine: Examine, fake: FakeIssuer) -> None:
    fake.claims["issuer"] = f"{fake.url}/"
    told = examine()["dev: issuer"]
    assert told.state == "wrong"
    assert f"issuer = '{fake.url}/'" in told.mend


def test_endpoints_on_other_hosts_are_told(examine: Examine, fake: FakeIssuer) -> None:
    fake.claims["userinfo_endpoint"] = "https://api.example/me"
    assert 'hosts = ["api.example"]' in examine()["dev: endpoints"].mend


def test_a_port_that_speaks_tls_is_told_of_an_issuer_that_is_described_without(
    examine: Examine, tls: tuple[int, Path]
) -> None:
    port, _ = tls
    told = examine(f"http://127.0.0.1:{port}")["dev: discovery"]
    assert told.mend == f"TLS is spoken there: write https://127.0.0.1:{port}"


def test_a_port_without_tls_is_not_taken_for_one(fake: FakeIssuer) -> None:
    assert not speaks_tls(fake.url)


def test_doctor_tries_what_a_file_describes_and_says_so_of_what_comes_along() -> None:
    result = CliRunner().invoke(main, ["doctor", "--target", "openauth"])
    assert result.exit_code == 2
    assert "--target openauth: it comes along; doctor tries a target by the file that describes it" in result.output


def test_a_wrong_password_shows_where_the_login_ended_and_no_password(examine: Examine) -> None:
    told = examine(password="not the password of alice")
    assert told["dev: login of alice by web"].state == "wrong"
    assert "not the password of alice" not in str(told)


def test_a_login_that_comes_back_with_neither_code_nor_error_says_so(
    examine: Examine, fake: FakeIssuer, monkeypatch: pytest.MonkeyPatch
) -> None:
    def without_either(handler: Any, parameters: object) -> None:
        handler.answer(302, headers={"Location": f"{fake.redirect_uri}?session_state=1"})

    monkeypatch.setattr(fake.RequestHandlerClass, "redirect", without_either)
    told = examine()["dev: login of alice by web"]
    assert "came back to the redirect URI with neither code nor error" in told.detail
    assert "response_mode=query" in told.mend


def test_of_what_an_issuer_lists_without_end_the_first_is_told(examine: Examine, fake: FakeIssuer) -> None:
    fake.claims["scopes_supported"] = ["s" * 500 for _ in range(500)]
    told = examine()["dev: discovery"]
    assert len(told.detail) < 2000
    assert "and 488 more" in told.detail


def test_a_resource_that_needs_no_token_is_told(examine: Examine, fake: FakeIssuer) -> None:
    told = examine(protected=f"{fake.url}/jwks")["dev: API call of alice by web"]
    assert (told.state, "without a token" in told.detail) == ("wrong", True)


def test_a_clock_that_is_ahead_is_told(examine: Examine, monkeypatch: pytest.MonkeyPatch) -> None:
    slow = SimpleNamespace(time=lambda: time.time() - 3600)
    monkeypatch.setattr("harness.targets.trial.time", slow)
    told = examine()["dev: clock of alice by web"]
    assert (told.state, "NTP" in told.mend) == ("wrong", True)


def test_a_dead_target_is_told_and_not_tried_any_further(examine: Examine) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # nobody listens
        dead = f"127.0.0.1:{taken.getsockname()[1]}"
        told = examine(f"http://{dead}")
    assert told[f"dev: reach {dead}"].state == "wrong"
    assert told["dev: all else"].state == "not tried"


def test_a_certificate_of_a_known_authority_opens_the_door(tls: tuple[int, Path]) -> None:
    told = list(try_door(f"https://right.localhost:{tls[0]}", tls[1]))
    assert [tried.state for tried in told] == ["well", "well"]


def test_a_certificate_for_another_name_is_told(tls: tuple[int, Path]) -> None:
    *_, told = try_door(f"https://wrong.localhost:{tls[0]}", tls[1])
    assert (told.state, "a certificate for wrong.localhost" in told.mend) == ("wrong", True)


def test_an_unknown_authority_is_mended_by_ca_file(tls: tuple[int, Path]) -> None:
    *_, told = try_door(f"https://right.localhost:{tls[0]}", None)
    assert (told.state, 'ca_file = "ca.pem"' in told.mend) == ("wrong", True)


def test_a_name_that_nobody_has_is_told() -> None:
    (told,) = try_door("https://nobody.invalid", None)
    assert (told.state, "not found" in told.detail) == ("wrong", True)
