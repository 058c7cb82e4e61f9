from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from harness.catalog import catalog_from_json, catalog_json, load_catalog
from harness.errors import EvidenceError, Mistakes, UsageError
from harness.model import Severity

CONTROL = """\
[[control]]
id = "TOKEN-01"
title = "PKCE"
severity = "high"
requirement = "A code is refused within P.code_lifetime."
seed = "L1"
given = "A client."
stimulus = "Ask."
targets = ["issuer"]
matrix = ["stage"]
source = [{ ref = "RFC 7636", status = "from memory" }]

[control.expect]
E1 = "Refused."
E2 = "Told."

[[control.fault]]
id = "F-TOKEN-01-a"
defect = "Accepted."
caught_by = "E1"
"""
POLICY = '[code_lifetime]\nvalue = 60\nceiling = 600\nunit = "s"\nbasis = "RFC 6749 §4.1.2"\n'
Write = Callable[..., Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Writes a small catalog and gives its folder."""

    def write(token: str = CONTROL, policy: str = POLICY, **others: str) -> Path:
        for name, text in {"token": token, "policy": policy, **others}.items():
            (tmp_path / f"{name}.toml").write_text(text, encoding="utf-8")
        return tmp_path

    return write


def told(folder: Path, **overrides: float) -> list[tuple[str, int, str, str]]:
    """File, line, what and hint of every mistake in the catalog."""
    with pytest.raises(Mistakes) as caught:
        load_catalog(folder, overrides)
    return [(mistake.file.name, mistake.line, mistake.what, mistake.hint) for mistake in caught.value.mistakes]


def test_the_packaged_catalog_holds_all_controls_expectations_and_faults() -> None:
    controls = load_catalog().controls.values()
    assert len(controls) == 99
    assert sum(len(control.expectations) for control in controls) == 341
    assert sum(len(control.faults) for control in controls) == 180
    assert sum(len(control.sources) for control in controls) == 475


def test_ids_of_expectations_carry_the_id_of_their_control() -> None:
    catalog = load_catalog()
    control = catalog.controls["TOKEN-10"]
    assert [expectation.id for expectation in control.expectations] == [f"TOKEN-10.E{n}" for n in range(1, 5)]
    assert control.faults[0].caught_by == "TOKEN-10.E2"
    assert catalog.expectation("TOKEN-10.E3").text == "The web grant still refreshes."
    assert (control.area, control.severity, control.risk_rank) == ("token", Severity.HIGH, 2)


def test_a_crashed_scenario_is_unknown_in_the_text_of_ops_05() -> None:
    control = load_catalog().controls["OPS-05"]
    assert "crashed scenario is unknown" in control.expectations[0].text
    assert "Differs from the first catalog" in control.notes


def test_an_encrypted_file_needs_the_policy_in_the_text_of_store_08() -> None:
    control = load_catalog().controls["STORE-08"]
    assert "an encrypted file only where the policy allows it" in control.requirement
    assert "the default policy does not" in control.notes


def test_every_parameter_rests_on_a_clause_and_keeps_its_ceiling() -> None:
    parameters = load_catalog().parameters
    assert len(parameters) == 23
    assert all(parameter.basis for parameter in parameters.values())
    assert (parameters["code_lifetime"].value, parameters["code_lifetime"].ceiling) == (60, 600)


def test_a_target_sets_a_parameter_and_the_digest_tells() -> None:
    plain, set_by_target = load_catalog(), load_catalog(overrides={"reuse_grace": 2})
    assert set_by_target.parameters["reuse_grace"].value == 2
    assert plain.parameters["reuse_grace"].value == 10
    assert plain.digest != set_by_target.digest


def test_the_digest_depends_on_what_is_written_and_not_on_how(write: Write) -> None:
    first = load_catalog(write()).digest
    assert load_catalog(write(token="# a comment\n" + CONTROL.replace('"L1"', "'L1'"))).digest == first
    assert load_catalog(write(token=CONTROL.replace('"L1"', '"L2"'))).digest != first


def test_a_catalog_survives_the_way_through_its_json() -> None:
    catalog = load_catalog()
    assert catalog_from_json(catalog_json(catalog)) == catalog


@pytest.mark.parametrize(
    "text", ["", "[]", '{"controls": {}}', "[" * 100_000, '{"controls": {"A": 1}, "parameters": {}}']
)
def test_what_is_no_catalog_is_refused_when_read_from_a_bundle(text: str) -> None:
    with pytest.raises(EvidenceError, match=r"controls\.json is no catalog"):
        catalog_from_json(text)


def test_five_different_mistakes_are_told_at_once_each_with_its_line(write: Write) -> None:
    token = (
        CONTROL.replace("severity =", "severty =")
        .replace('["stage"]', '["stages"]')
        .replace('given = "A client."', "given = 3")
        .replace('caught_by = "E1"', 'caught_by = "E9"')
    )
    assert told(write(token, POLICY.replace("value = 60\n", "value = 900\n"))) == [
        (
            "policy.toml",
            2,
            "code_lifetime is 900 s, over its ceiling of 600 s (RFC 6749 §4.1.2)",
            "lower the value",
        ),
        ("token.toml", 1, "TOKEN-01: lacks the key 'severity'", "add severity = …"),
        ("token.toml", 4, "TOKEN-01: unknown key 'severty'", "did you mean 'severity'?"),
        ("token.toml", 7, "TOKEN-01: given is 3, not a string", "write a string"),
        ("token.toml", 10, "TOKEN-01: matrix[1]: unknown value 'stages'", "did you mean 'stage'?"),
        (
            "token.toml",
            20,
            "the fault F-TOKEN-01-a is to be caught by 'E9', which TOKEN-01 does not expect",
            "valid: E1, E2",
        ),
    ]


@pytest.mark.parametrize(
    ("old", "new", "line", "what", "hint"),
    [
        ('"high"', '"hihg"', 4, "TOKEN-01: severity: unknown value 'hihg'", "did you mean 'high'?"),
        ('["issuer"]', '["isuer"]', 9, "TOKEN-01: targets[1]: unknown value 'isuer'", "did you mean 'issuer'?"),
        ('title = "PKCE"', 'title = " "', 3, "TOKEN-01: title is empty", "write something there"),
        ("{ ref =", "{ reff =", 11, "TOKEN-01: unknown key 'source[1].reff'", "did you mean 'ref'?"),
        ("[control.expect]\n", "[control.expects]\n", 13, "TOKEN-01: unknown key 'expects'", "did you mean 'expect'?"),
        (
            "E2 =",
            "E3 =",
            15,
            "TOKEN-01: no expectation 'E3'",
            "expectations are numbered E1, E2, … in order; E2 comes here",
        ),
        (
            '"TOKEN-01"',
            '"STORE-01"',
            2,
            "the id 'STORE-01' does not fit this file",
            "a control in token.toml is called TOKEN-01, TOKEN-02 and so on",
        ),
        (
            '"F-TOKEN-01-a"',
            '"F-TOKEN-02-a"',
            18,
            "the fault id 'F-TOKEN-02-a' does not fit TOKEN-01",
            "a fault of this control is called F-TOKEN-01-a, -b and so on",
        ),
        (
            "P.code_lifetime",
            "P.code_lifetme",
            5,
            "TOKEN-01 names the parameter P.code_lifetme, which policy.toml does not have",
            "did you mean 'code_lifetime'?",
        ),
        (
            "[[control.fault]]",
            '[control.guard]\nE4 = "why"\n\n[[control.fault]]',
            18,
            "TOKEN-01: the guard names the expectation 'E4', which is not there",
            "valid: E1, E2",
        ),
        (
            "[[control.fault]]",
            '[control.guard]\nE1 = "why"\n\n[[control.fault]]',
            18,
            "TOKEN-01: E1 has a guard and a fault",
            "a guard says why there is no fault; keep one of them",
        ),
        ("[[control]]", "[[contrl]]", 1, "unknown key 'contrl'", "a file of controls holds [[control]] tables only"),
    ],
)
def test_a_mistake_in_a_control_is_told_with_its_line_and_what_to_write(
    write: Write, old: str, new: str, line: int, what: str, hint: str
) -> None:
    assert old in CONTROL
    assert ("token.toml", line, what, hint) in told(write(CONTROL.replace(old, new, 1)))


def test_an_id_that_is_there_twice_is_told_at_the_second_place(write: Write) -> None:
    assert [(line, what, hint) for _, line, what, hint in told(write(CONTROL + CONTROL))] == [
        (22, "the id 'TOKEN-01' is there twice", "first at token.toml:2; choose a free one"),
        (38, "the id 'F-TOKEN-01-a' is there twice", "first at token.toml:18; choose a free one"),
    ]


def test_a_file_that_is_no_toml_does_not_hide_the_mistakes_of_the_others(write: Write) -> None:
    folder = write(CONTROL.replace('"high"', '"hihg"'), store="[[control]\n")
    assert [(file, line) for file, line, *_ in told(folder)] == [("store.toml", 1), ("token.toml", 4)]


def test_a_parameter_of_an_unknown_unit_is_told(write: Write) -> None:
    (mistake,) = told(write(policy=POLICY.replace('"s"', '"min"')))
    assert mistake[:3] == ("policy.toml", 4, "code_lifetime: unit: unknown value 'min'")


@pytest.mark.parametrize("value", ["true", "'60'", "-1", "nan"])
def test_a_parameter_that_is_no_amount_is_told(write: Write, value: str) -> None:
    (mistake,) = told(write(policy=POLICY.replace("60", value, 1)))
    assert mistake[:2] == ("policy.toml", 2)


@pytest.mark.parametrize(
    ("name", "value", "what"),
    [
        ("code_lifetime", 900, "as a target sets it, code_lifetime is 900 s, over its ceiling of 600 s"),
        ("code_lifetime", -1, "as a target sets it, code_lifetime is -1, which is no amount of s"),
        ("code_lifetime", float("nan"), "as a target sets it, code_lifetime is nan, which is no amount of s"),
        ("code_lifetme", 60, "a target sets the unknown parameter 'code_lifetme'"),
    ],
)
def test_a_value_that_a_target_may_not_set_is_told(write: Write, name: str, value: float, what: str) -> None:
    (mistake,) = told(write(), **{name: value})
    assert mistake[2].startswith(what)


def test_a_folder_without_a_catalog_is_told(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no catalog here"):
        load_catalog(tmp_path)
