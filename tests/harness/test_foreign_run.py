"""A run of a target that is only described: what it may do, and what its gate and its evidence say."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from secrets import token_urlsafe
from typing import Any

import pytest
from click.testing import CliRunner, Result

from harness.catalog import load_catalog
from harness.cli import main
from harness.evidence.bundle import read_bundle
from harness.machine.session import PrivateSession
from harness.plan import Plan
from harness.run import Question, plan_of
from tests.harness.contracts.fake_issuer import PASSWORD, FakeIssuer, _Handler
from tests.harness.small_run import CELL, ForeignTarget, SmallRun, small_run

DESCRIPTION = """\
kind = "oauth"
name = "fake"
version = "1"

[stage.dev]
issuer = "{fake.url}"
protected = "{fake.url}/me"

[[stage.dev.client]]
id = "web"
redirect_uri = "{fake.redirect_uri}"

[[stage.dev.user]]
name = "alice"
password = "${{FAKE_PASSWORD}}"

[remedies]
"TOKEN-01.E2" = "name S256 in fake.toml"

[[expected_failure]]
expectation = "TOKEN-01.E2"
reason = "known"
expires = 2099-01-31
"""


@pytest.fixture
def place(tmp_path: Path, fake: FakeIssuer, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(PrivateSession, "start", partial(PrivateSession.start, secret_service=False))
    monkeypatch.setenv("FAKE_PASSWORD", PASSWORD)
    (tmp_path / "fake.toml").write_text(DESCRIPTION.format(fake=fake), encoding="utf-8")
    return tmp_path


def call(*words: object) -> Result:
    return CliRunner().invoke(main, [str(word) for word in words])


def run(place: Path, *options: str) -> tuple[int, dict[str, Any], dict[str, str]]:
    """Exit code, what was told, and the verdict and reason of each expectation."""
    controls = () if "--controls" in options else ("--controls", "TOKEN-01")
    chosen = ("--target", place / "fake.toml", *controls, "--depth", "pr", "--out", place / "out")
    result = call("run", *chosen, "--json", *options)
    told: dict[str, Any] = json.loads(result.stdout)
    return (
        result.exit_code,
        told,
        {f["expectation"]: f"{f['verdict']}: {f['reason']}" for f in told.get("findings", ())},
    )


def test_a_failure_that_is_expected_passes_the_gate_here_and_wherever_the_evidence_is_read(
    place: Path, fake: FakeIssuer
) -> None:
    fake.claims = {"code_challenge_methods_supported": ["plain"]}
    code, told, verdicts = run(place)
    assert (code, told["decision"]) == (0, "pass"), verdicts
    assert verdicts["TOKEN-01.E2"].startswith("failed: ")
    predicate = read_bundle(Path(told["bundle"])).predicate
    assert predicate["foreign"] == ["fake"]
    assert predicate["remedies"] == {"fake": {"TOKEN-01.E2": "name S256 in fake.toml"}}
    (expected,) = predicate["expected_failures"]
    assert (expected["control"], expected["file"]) == ("TOKEN-01.E2", "fake.toml")
    (place / "fake.toml").unlink()
    gated = json.loads(call("gate", told["bundle"], "--controls", "TOKEN-01", "--json").stdout)
    assert gated["decision"] == "pass"
    assert [
        (reason["rule"], reason["detail"]) for reason in gated["reasons"] if reason["subject"].startswith("TOKEN")
    ] == [("waived", "failures accepted: 1, expected by fake.toml until 2099-01-31: known")]


def test_an_expected_failure_that_does_not_happen_fails_the_gate(place: Path) -> None:
    code, told, verdicts = run(place)
    assert (code, told["decision"]) == (1, "fail")
    assert verdicts["TOKEN-01.E2"].startswith("passed: ")
    gated = json.loads(call("gate", told["bundle"], "--controls", "TOKEN-01", "--json").stdout)
    assert ("waiver-unused", "all that it covers passed; delete it at fake.toml") in [
        (reason["rule"], reason["detail"]) for reason in gated["reasons"]
    ]


def test_a_read_only_run_sends_nothing_that_could_write(
    place: Path, fake: FakeIssuer, monkeypatch: pytest.MonkeyPatch
) -> None:
    posted: list[str] = []
    handler = fake.RequestHandlerClass
    monkeypatch.setattr(handler, "do_POST", lambda self: posted.append(self.path))
    fake.claims["response_types_supported"] = ["code"]
    _, told, verdicts = run(place, "--read-only", "--controls", "TOKEN-01,TOKEN-04,TOKEN-06")
    assert verdicts["TOKEN-06.E2"].startswith("failed: ")  # its metadata do not tell of iss
    for expectation in ("TOKEN-01.E3", "TOKEN-04.E1", "TOKEN-04.E2"):
        assert verdicts[expectation].startswith("not_run: ")
        assert "the run is read-only" in verdicts[expectation]
    for expectation in ("TOKEN-01.E2", "TOKEN-04.E3"):  # by the metadata alone
        assert verdicts[expectation].startswith("passed: ")
    assert posted == []
    assert read_bundle(Path(told["bundle"])).predicate["asked"]["read_only"] is True


def test_what_judges_the_harness_itself_is_part_of_a_run_of_others_only_where_controls_are_named(place: Path) -> None:
    def planned(*controls: str) -> Plan:
        return plan_of(Question(str(place / "fake.toml"), controls), load_catalog(), ForeignTarget())

    def on_the_harness(plan: Plan) -> set[str]:
        return {
            control
            for scenario, cells in plan.cells.items()
            if any(cell.target == "self" for cell in cells)
            for control in scenario.controls
        }

    everything = planned()
    assert on_the_harness(everything) == set()
    left_out = [finding for finding in everything.without_scenario if finding.cell.startswith("self/")]
    assert {finding.expectation.rpartition(".")[0] for finding in left_out} == {"OPS-01", "OPS-05"}
    assert on_the_harness(planned("OPS-05", "TOKEN-01")) == {"OPS-05"}


def test_faults_are_seeded_in_the_reference_only(place: Path) -> None:
    told = call("faults", "--target", place / "fake.toml")
    assert (told.exit_code, "faults can be seeded in the reference only" in told.stderr) == (2, True)


class Reticent:
    """Makes a fake issuer give opaque tokens without expires_in; what introspection says of them, if there is any."""

    def __init__(self, fake: FakeIssuer, introspection: dict[str, object] | None) -> None:
        self.introspection, self.asked = introspection, 0
        self._given, self._posted = fake.token, _Handler.do_POST
        fake.token = self.token  # type: ignore[method-assign]
        if introspection is not None:
            fake.claims = {"introspection_endpoint": f"{fake.url}/introspection"}

    def token(self, form: Mapping[str, str]) -> tuple[int, dict[str, object]]:
        status, told = self._given(form)
        told.pop("expires_in", None)
        return status, {**told, **({"access_token": token_urlsafe(24)} if status == 200 else {})}

    def post(self, handler: Any) -> None:
        if handler.path == "/introspection":
            self.asked += 1
            handler.answer_json(200, self.introspection)
        else:
            self._posted(handler)


@pytest.mark.parametrize(
    ("introspection", "outcome"),
    [
        (None, "unknown: web, token at login: no expires_in"),
        ({"active": True, "iat": 1_000, "exp": 1_900}, "passed: 2 access tokens live at most 1 h: by exp - iat"),
        (
            {"active": True, "iat": 1_000, "exp": 9_000},
            "failed: web, token at login: no expires_in, and the token lives",
        ),
    ],
)
def test_how_long_a_token_lives_that_comes_without_expires_in_is_asked_of_its_introspection(
    place: Path,
    fake: FakeIssuer,
    monkeypatch: pytest.MonkeyPatch,
    introspection: dict[str, object] | None,
    outcome: str,
) -> None:
    reticent = Reticent(fake, introspection)
    monkeypatch.setattr(_Handler, "do_POST", lambda handler: reticent.post(handler))
    public = (place / "fake.toml").read_text(encoding="utf-8")
    secret = 'authentication = "client_secret_basic"\nsecret = "${FAKE_PASSWORD}"'
    described = public.replace('id = "web"', f'id = "web"\n{secret}') + "\n[limits]\nmax_wait = 0\nrate = 200\n"
    (place / "fake.toml").write_text(described, encoding="utf-8")
    _, _, verdicts = run(place, "--controls", "TOKEN-13")
    assert verdicts["TOKEN-13.E1"].startswith(outcome), verdicts["TOKEN-13.E1"]
    assert bool(reticent.asked) == (introspection is not None)


class Production(ForeignTarget):
    """A target whose only stage others rely on."""

    stages = ("dev",)

    def spares(self, stage: str) -> str:
        return f"{stage} is production"


def tagged(folder: Path, tags: str, target: type[ForeignTarget], cell: str = CELL) -> SmallRun:
    text = f"\n@SMALL-01 {tags}\nScenario: One\n    Given an answer of 200\n    Then SMALL-01.E1 holds: it is 200\n"
    return small_run(folder, text, target=target)


@pytest.mark.usefixtures("small_checks")
class TestLeave:
    def test_what_may_disturb_others_is_not_run_where_they_rely_on_the_stage(self, tmp_path: Path) -> None:
        ran = tagged(tmp_path, "@destructive", Production)
        assert ran.verdicts["SMALL-01.E1"] == "not_run"
        assert ran.reason("SMALL-01.E1") == "the target offers no leave to disturb it: dev is production"
        assert not [event for event, _ in ran.events if event == "observation"]

    def test_it_is_run_elsewhere_and_what_disturbs_nobody_is_run_there(self, tmp_path: Path) -> None:
        assert tagged(tmp_path, "@destructive", ForeignTarget).verdicts["SMALL-01.E1"] == "passed"
        assert tagged(tmp_path, "", Production).verdicts["SMALL-01.E1"] == "passed"

    def test_stages_are_compared_where_all_of_them_are_described(self, tmp_path: Path) -> None:
        ran = tagged(tmp_path, "@stage:all", Production)
        assert ran.verdicts["SMALL-01.E1"] == "not_run"
        assert "it compares dev, staging, prod, and only dev is described" in ran.reason("SMALL-01.E1")
        assert tagged(tmp_path, "@stage:all", ForeignTarget).verdicts["SMALL-01.E1"] == "passed"
