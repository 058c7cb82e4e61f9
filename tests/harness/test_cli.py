"""The command line: exit codes, errors that say what would be valid, and the JSON that CI relies on."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from textwrap import dedent
from typing import Any

import click
import pytest
from click.testing import CliRunner, Result

import harness.rehearsal.checks  # noqa: F401 - an audit judges the rehearsal's findings again
from harness import jobs
from harness.cli import main
from harness.cli import options as cli_options
from harness.evidence.bundle import BundleWriter, Planned, write_controls
from harness.evidence.seal import public_half
from harness.faults.registry import load_faults
from harness.machine.session import PrivateSession
from tests.harness.small_run import CATALOG

REHEARSAL = Path(__file__).parents[2] / "harness" / "rehearsal"


def call(*arguments: object) -> Result:
    return CliRunner().invoke(main, [str(argument) for argument in arguments])


def error(result: Result) -> dict[str, Any]:
    """The JSON error of a command that ended with 2, its standard output being nothing else."""
    assert result.exit_code == 2, result.output
    told: dict[str, Any] = json.loads(result.stdout)["error"]
    assert set(told) == {"kind", "message", "mistakes"}
    return told


@pytest.fixture(autouse=True)
def _nothing_starts(monkeypatch: pytest.MonkeyPatch) -> None:
    """What these tests ask for is refused before anything starts."""

    def start(*_: object, **__: object) -> None:
        raise AssertionError("something was started")

    monkeypatch.setattr(jobs, "open_targets", start)
    monkeypatch.setattr(PrivateSession, "start", start)


@pytest.mark.parametrize("command", ["run", "verify"])
@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--controls", "TOKEN-99"), "--controls: 'TOKEN-99' names no control (did you mean 'TOKEN-19'?)"),
        (("--controls", "TOKEN-01, TOKEN-99"), "--controls: 'TOKEN-99' names no control (did you mean 'TOKEN-19'?)"),
        (("--target", "refrence"), "--target: 'refrence' is no target (did you mean 'reference'?)"),
        (("--cell", "stge=dev"), "--cell: unknown axis 'stge' in 'stge=dev' (did you mean 'stage'?)"),
        (("--cell", "stage=prd"), "--cell: unknown stage 'prd' (did you mean 'prod'?)"),
    ],
)
def test_a_question_that_cannot_be_answered_names_the_nearest_valid_value_and_starts_nothing(
    tmp_path: Path, command: str, options: tuple[str, ...], message: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cli_options, "provision", lambda *_, **__: [])
    told = call(command, *options, "--out", tmp_path / "out")
    assert (told.exit_code, told.stderr.strip()) == (2, f"authassay: {message}")
    assert error(call(command, *options, "--out", tmp_path / "out", "--json")) == {
        "kind": "UsageError",
        "message": message,
        "mistakes": [],
    }
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("rnu",), "no command 'rnu' (did you mean 'run'?)"),
        (("run", "--depth", "deep"), "'deep' is not one of 'pr', 'full'"),
        (("run", "--no-such-option"), "No such option"),
        (("audit",), "Missing argument"),
    ],
)
def test_a_misspelt_command_or_option_is_a_usage_error(arguments: tuple[str, ...], words: str) -> None:
    told = call(*arguments)
    assert (told.exit_code, told.stdout) == (2, "")
    assert words in told.stderr
    in_json = call(*arguments, "--json")
    assert error(in_json)["kind"] == "UsageError"
    assert words in error(in_json)["message"]
    assert in_json.stderr == ""


@pytest.mark.parametrize("interruption", [click.Abort, KeyboardInterrupt])
def test_ctrl_c_before_a_command_begins_is_a_run_that_did_not_reach_its_end(
    interruption: type[BaseException], monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(*_: object) -> None:
        raise interruption

    monkeypatch.setattr(type(main), "resolve_command", interrupt)
    told = call("run", "--json")
    assert told.exit_code == 3
    assert json.loads(told.stdout)["error"]["kind"] == "RunInterrupted"
    assert call("run").exit_code == 3


def test_an_embedding_program_gets_clicks_own_errors() -> None:
    with pytest.raises(click.UsageError):
        main.main(["run", "--no-such-option", "--json"], standalone_mode=False)


@pytest.mark.parametrize("arguments", [("--help",), ("--version",), ("run", "--json", "--help")])
def test_help_is_no_error(arguments: tuple[str, ...]) -> None:
    assert call(*arguments).exit_code == 0


@pytest.mark.parametrize("command", ["run", "verify"])
def test_a_mistyped_step_is_told_with_the_nearest_phrase_before_anything_starts(
    tmp_path: Path, command: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cli_options, "provision", lambda *_, **__: [])
    judged = [f"    Then TOKEN-01.E{n} holds: so" for n in (1, 2, 3)]
    lines = ["Feature: F", "  @TOKEN-01", "  Scenario: S", "    Given the registred public clients", *judged]
    (tmp_path / "f.feature").write_text("\n".join(lines), encoding="utf-8")
    (mistake,) = error(call(command, "--features", tmp_path, "--out", tmp_path / "out", "--json"))["mistakes"]
    assert mistake == (
        f"{tmp_path / 'f.feature'}:4: no step is defined for: Given the registred public clients"
        " (did you mean 'Given the registered public clients'?)"
    )
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--from", "/no/such/faults.py"), "no such Python file"),
        (("--controls", "NOPE-*"), "no fault is seeded for NOPE-*"),
    ],
)
def test_faults_that_are_not_there_are_a_usage_error(options: tuple[str, ...], words: str) -> None:
    assert words in error(call("faults", *options, "--json"))["message"]


@pytest.mark.parametrize(("options", "installs"), [((), True), (("--no-install",), False)])
def test_faults_install_only_where_they_may(
    options: tuple[str, ...], installs: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[bool] = []

    def provision(may: bool, *_: object) -> list[object]:
        asked.append(may)
        return []

    monkeypatch.setattr(cli_options, "provision", provision)
    assert call("faults", "--controls", "NOPE-*", *options).exit_code == 2
    assert asked == [installs]


def test_a_fault_of_ones_own_with_an_unknown_expectation_is_told_with_file_and_line(tmp_path: Path) -> None:
    file = tmp_path / "my_faults.py"
    text = '\n\n@fault("F-MY-9", "TOKEN-01.E9", "code store")\ndef mine(real):\n    return real\n'
    file.write_text(f"from harness.faults import fault{text}", encoding="utf-8")
    load_faults()
    (mistake,) = error(call("faults", "--from", file, "--json"))["mistakes"]
    assert mistake.startswith(f"{file}:3: F-MY-9: no expectation 'TOKEN-01.E9' (did you mean 'TOKEN-01.E")


def test_every_mistake_of_a_catalog_is_told_at_once_with_its_line(tmp_path: Path) -> None:
    catalog = tmp_path / "catalog"
    catalog.mkdir()
    good = (REHEARSAL / "catalog" / "rehearsal.toml").read_text("utf-8")
    bad = (
        good.replace('severity = "high"', 'severity = "hihg"', 1)
        .replace("REHEARSAL-02", "REHEARSAL-2")
        .replace('targets = ["any"]', 'targts = ["any"]', 1)
        .replace('E1 = "It is not run."', 'E2 = "It is not run."')
        .replace('given = "The rehearsal target."', "given = 7", 1)
    )
    (catalog / "rehearsal.toml").write_text(bad, encoding="utf-8")
    (catalog / "policy.toml").write_text((REHEARSAL / "catalog" / "policy.toml").read_text("utf-8"), encoding="utf-8")
    told = error(call("run", "--catalog", catalog, "--json"))
    assert told["kind"] == "Mistakes"
    place = f"{catalog / 'rehearsal.toml'}:"
    assert [mistake.removeprefix(place).partition(" (")[0] for mistake in told["mistakes"]] == [
        "1: REHEARSAL-01: lacks the key 'targets'",
        "4: REHEARSAL-01: severity: unknown value 'hihg'",
        "7: REHEARSAL-01: given is 7, not a string",
        "10: REHEARSAL-01: unknown key 'targts'",
        "22: the id 'REHEARSAL-2' does not fit this file",
        "54: REHEARSAL-03: no expectation 'E2'",
    ]


def test_every_mistake_of_feature_files_is_told_at_once_with_its_line(tmp_path: Path) -> None:
    text = """
        Feature: F

          @TOKEN-99
          Scenario: One
            Then TOKEN-99.E1 holds: so

          @TOKEN-01
          Scenario: Two
            Then TOKEN-01.E1 holds: so

          @TOKEN-01
          Scenario: Two
            Then TOKEN-01.E2 holds: so

          @TOKEN-01
          Scenario: Three
    """
    (tmp_path / "f.feature").write_text(dedent(text).lstrip(), encoding="utf-8")
    for command in ("run", "controls"):
        told = error(call(command, "--features", tmp_path, "--json"))["mistakes"]
        places = "\n".join(told)
        assert f"{tmp_path / 'f.feature'}:3: unknown control @TOKEN-99" in places
        assert "f.feature:7: TOKEN-01 has a scenario, but no Then step judges TOKEN-01.E3" in places
        assert "f.feature:12: a second scenario with the name 'Two'" in places
        assert "f.feature:16: " in places


def test_the_catalog_is_told_with_its_coverage_in_the_shape_that_ci_relies_on() -> None:
    told = call("controls", "--json")
    assert told.exit_code == 0, told.output
    controls = {control["id"]: control for control in json.loads(told.stdout)["controls"]}
    assert len(controls) == 99
    token = controls["TOKEN-01"]
    assert {"id", "severity", "expectations"} <= set(token)
    first = token["expectations"][0]
    assert set(first) == {"id", "scenarios", "check", "faults", "guard"}
    assert (first["id"], first["guard"]) == ("TOKEN-01.E1", None)
    assert first["scenarios"] == ["token: Only a code request with an S256 challenge is answered with a code"]
    assert first["check"].split()[0] == "refuses_requests_without_s256"
    assert "F-TOKEN-01-a" in first["faults"]
    assert call("controls", "--format", "json").stdout == told.stdout


def test_the_catalog_can_be_read_as_table_and_as_markdown() -> None:
    assert "TOKEN-01" in call("controls").stdout
    rows = call("controls", "--format", "md").stdout.splitlines()
    assert rows[0] == "| control | severity | title | judged | faults seeded |"
    assert [row for row in rows if row.startswith("| TOKEN-01 | ") and row.endswith("| 3/3 | 3/3 |")]


def test_an_audit_of_a_bundle_that_holds_ends_with_0(rehearsed: Path) -> None:
    told = call("audit", rehearsed, "--key", public_half(rehearsed), "--json")
    assert told.exit_code == 0, told.output
    data = json.loads(told.stdout)
    assert set(data) == {"holds", "signer", "breaches", "notes"}
    assert (data["holds"], data["breaches"]) == (True, [])
    assert call("audit", rehearsed).stdout.split()[1] == "holds;"


def test_an_audit_of_a_bundle_that_was_changed_ends_with_1_and_names_the_place(own_bundle: Path) -> None:
    findings = own_bundle / "findings.jsonl"
    findings.write_bytes(findings.read_bytes().replace(b'"failed"', b'"passed"', 1))
    told = call("audit", own_bundle, "--json")
    assert told.exit_code == 1
    breaches = json.loads(told.stdout)["breaches"]
    assert all(set(breach) == {"kind", "place", "detail"} for breach in breaches)
    assert any(breach["place"].startswith("findings.jsonl") for breach in breaches)
    shown = call("audit", own_bundle)
    assert shown.exit_code == 1
    assert "findings.jsonl" in shown.stdout


@pytest.mark.parametrize("command", ["audit", "gate", "report"])
def test_what_is_no_bundle_ends_with_2(tmp_path: Path, command: str) -> None:
    (tmp_path / "a.txt").write_text("a")
    for place in (tmp_path, tmp_path / "none", tmp_path / "a.txt"):
        assert error(call(command, place, "--json"))["kind"] == "EvidenceError"


def test_a_key_that_is_none_ends_with_2(rehearsed: Path, tmp_path: Path) -> None:
    (tmp_path / "key.pem").write_text("no key")
    assert error(call("audit", rehearsed, "--key", tmp_path / "key.pem", "--json"))["kind"] == "UsageError"
    assert error(call("run", "--key", tmp_path / "key.pem", "--json"))["kind"] == "UsageError"


Policy = Callable[..., Path]


@pytest.fixture
def policy(tmp_path: Path) -> Policy:
    def write(*controls: str, more: str = "") -> Path:
        file = tmp_path / "policy.toml"
        file.write_text(f"controls = {json.dumps(controls)}\n{more}", encoding="utf-8")
        return file

    return write


def test_the_gate_fails_what_failed_and_says_why(rehearsed: Path, policy: Policy) -> None:
    told = call("gate", rehearsed, "--policy", policy("REHEARSAL-*"), "--json")
    assert told.exit_code == 1
    data = json.loads(told.stdout)
    assert data["decision"] == "fail"
    assert {(r["rule"], r["subject"].split()[0]) for r in data["reasons"]} >= {
        ("failed", "REHEARSAL-01.E2"),
        ("not-run", "REHEARSAL-02.E1"),
        ("unknown", "REHEARSAL-02.E2"),
        ("not-run", "REHEARSAL-03.E1"),
    }
    assert all(set(reason) == {"rule", "subject", "detail"} for reason in data["reasons"])


WAIVER = """
[[waiver]]
control = "REHEARSAL-01"
cell = "*/*/*/*/*"
reason = "it is only a rehearsal"
owner = "Ada"
expires = {expires}
"""


def test_the_gate_passes_what_a_waiver_accepts(rehearsed: Path, policy: Policy) -> None:
    file = policy("REHEARSAL-01", more=WAIVER.format(expires="2999-12-31"))
    told = call("gate", rehearsed, "--policy", file, "--json")
    assert (told.exit_code, json.loads(told.stdout)["decision"]) == (0, "pass"), told.output
    assert "gate: pass (1 note)" in call("gate", rehearsed, "--policy", file).stdout
    assert call("gate", rehearsed, "--policy", file, "--markdown").stdout.startswith("## ✅ Gate passed")


def test_an_expired_waiver_fails_the_gate_and_names_its_file_and_line(rehearsed: Path, policy: Policy) -> None:
    file = policy("REHEARSAL-01", more=WAIVER.format(expires="2020-01-31"))
    told = call("gate", rehearsed, "--policy", file, "--json")
    assert told.exit_code == 1
    details = {r["rule"]: r["detail"] for r in json.loads(told.stdout)["reasons"]}
    assert f"{file.name}:3" in details["waiver-expired"]
    assert f"{file.name}:3" in call("gate", rehearsed, "--policy", file).stdout.replace("\n", "")


def test_the_gate_may_be_asked_about_some_controls_only_and_says_so(rehearsed: Path, policy: Policy) -> None:
    told = call("gate", rehearsed, "--policy", policy("REHEARSAL-*"), "--controls", "REHEARSAL-03", "--json")
    data = json.loads(told.stdout)
    assert data["scope"] == ["REHEARSAL-03"]
    assert {reason["subject"].split()[0] for reason in data["reasons"]} == {"REHEARSAL-03.E1"}
    shown = call("gate", rehearsed, "--policy", policy("REHEARSAL-*"), "--controls", "REHEARSAL-03")
    assert shown.stdout.startswith("over REHEARSAL-03 only")


def test_a_policy_with_mistakes_ends_with_2_and_tells_all_of_them(rehearsed: Path, policy: Policy) -> None:
    file = policy("REHEARSAL-*", more='require_kill_matrx = true\n[may_be_not_run]\n"*/macos" = "no"\n')
    told = error(call("gate", rehearsed, "--policy", file, "--json"))
    assert [mistake.split(": ")[0] for mistake in told["mistakes"]] == [f"{file}:2", f"{file}:4"]


def test_the_gate_can_be_asked_of_a_run_that_was_interrupted(tmp_path: Path, policy: Policy) -> None:
    folder = tmp_path / "bundle"
    writer = BundleWriter(folder)
    writer.run_started([Planned("SMALL-01.E1", "small/linux/any/any/any", "a")], "small", {})
    writer.close()
    assert (
        "interrupted before it began" in error(call("gate", folder, "--policy", policy("SMALL-*"), "--json"))["message"]
    )
    write_controls(folder, CATALOG)
    told = call("gate", folder, "--policy", policy("SMALL-01"), "--json")
    assert told.exit_code == 1
    reasons = {(r["rule"], r["subject"].split()[0]) for r in json.loads(told.stdout)["reasons"]}
    assert ("not-run", "SMALL-01.E1") in reasons


def test_ctrl_c_is_a_run_that_did_not_reach_its_end(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def interrupt(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(PrivateSession, "start", interrupt)
    told = call("run", "--controls", "TOKEN-01", "--out", tmp_path, "--json")
    assert told.exit_code == 3
    assert json.loads(told.stdout)["error"]["kind"] == "RunInterrupted"


@pytest.mark.parametrize(
    ("given", "patterns"),
    [
        (("STORE-*", "TOKEN-01"), ("STORE-*", "TOKEN-01")),
        (("TOKEN-01,TOKEN-02", " WEB-01 ,"), ("TOKEN-01", "TOKEN-02", "WEB-01")),
        ((",",), (",",)),
        ((), ()),
    ],
)
def test_controls_may_be_named_with_commas_between_them(given: tuple[str, ...], patterns: tuple[str, ...]) -> None:
    context = main.commands["run"].make_context("run", [word for each in given for word in ("--controls", each)])
    assert context.params["controls"] == patterns
