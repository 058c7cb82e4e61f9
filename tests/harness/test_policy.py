from __future__ import annotations

from pathlib import Path

import pytest

from harness.catalog import load_catalog
from harness.errors import Mistakes
from harness.machine.places import CHECKOUT
from harness.model import Waiver
from harness.plan import HARNESS, read_features
from harness.policy import load_policy
from harness.run import FEATURES

POLICY = """\
controls = ["TOKEN-*"]
require_kill_matrix = true

[may_be_not_run]
"*/macos/*/*/keychain" = "no port yet"

[may_be_not_applicable]
"others/*/*/*/*" = "others made it"

[[waiver]]
control = "TOKEN-10.E2"
cell = "*/linux/*/*/*"
reason = "the upstream mends it"
owner = "Ada"
expires = 2027-01-31
"""
DEFAULT = Path(__file__).parents[2] / "reports" / "policies" / "default.toml"


def write(folder: Path, text: str) -> Path:
    file = folder / "strict.toml"
    file.write_text(text, encoding="utf-8")
    return file


def test_a_policy_is_read_with_the_line_of_its_waivers(tmp_path: Path) -> None:
    policy = load_policy(write(tmp_path, POLICY))
    assert (policy.name, policy.controls, policy.require_kill_matrix) == ("strict", ("TOKEN-*",), True)
    assert policy.may_be_not_run == {"*/macos/*/*/keychain": "no port yet"}
    assert policy.may_be_not_applicable == {"others/*/*/*/*": "others made it"}
    waiver = Waiver("TOKEN-10.E2", "*/linux/*/*/*", "the upstream mends it", "Ada", "2027-01-31", line=10)
    assert policy.waivers == (waiver,)


def test_a_policy_is_named_without_the_path_of_this_machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert load_policy(write(tmp_path, POLICY)).file == "strict.toml"
    (tmp_path / "policies").mkdir()
    monkeypatch.chdir(tmp_path)
    assert load_policy(write(tmp_path / "policies", POLICY)).file == "policies/strict.toml"
    assert load_policy(DEFAULT).file == "reports/policies/default.toml"


def test_an_expiry_may_be_written_as_a_string(tmp_path: Path) -> None:
    policy = load_policy(write(tmp_path, POLICY.replace("2027-01-31", '"2027-01-31"')))
    assert policy.waivers[0].expires == "2027-01-31"


def test_the_default_policy_names_controls_that_are_there_and_allows_no_linux_cell() -> None:
    policy = load_policy(DEFAULT)
    assert len(set(policy.controls)) == len(policy.controls) >= 25
    assert set(policy.controls) <= set(load_catalog().controls)
    assert policy.require_kill_matrix
    assert not policy.may_be_not_applicable  # the reference has all that a control needs
    assert all("/linux/" not in pattern and not pattern.startswith("*/*") for pattern in policy.may_be_not_run)


def test_the_policy_for_others_asks_for_the_same_but_what_judges_the_harness_itself() -> None:
    policy = load_policy(DEFAULT.with_name("foreign.toml"))
    assert policy.controls == load_policy(DEFAULT).controls
    own = {
        control
        for scenario in read_features(FEATURES, load_catalog())
        if scenario.axes.get("target") == HARNESS
        for control in scenario.controls
    }
    assert policy.only_if_asked.keys() == own


def test_all_mistakes_of_a_policy_are_told_at_once_each_with_its_line(tmp_path: Path) -> None:
    text = (
        POLICY.replace("require_kill_matrix", "requires_kill_matrix")
        .replace("*/macos/*/*/keychain", "*/*/*/*/*")
        .replace("others/*/*/*/*", "others")
        .replace("TOKEN-10.E2", "TOKEN")
        .replace('"*/linux/*/*/*"', '"linux"')
        .replace('owner = "Ada"\n', "")
        .replace("2027-01-31", "2027-01-31T10:00:00Z")
    )
    with pytest.raises(Mistakes) as caught:
        load_policy(write(tmp_path, text))
    assert [(mistake.line, mistake.what) for mistake in caught.value.mistakes] == [
        (2, "unknown key 'requires_kill_matrix'"),
        (5, "'*/*/*/*/*' excuses every cell"),
        (8, "'others' is no cell pattern"),
        (10, "lacks the key 'waiver[1].owner'"),
        (
            11,
            "waiver[1].control: 'TOKEN' is no control; write TOKEN-10, or an expectation such as TOKEN-10.E2",
        ),
        (12, "'linux' is no cell pattern"),
        (14, "waiver[1].expires: that is a time; write the last day that it holds, such as 2027-01-31"),
    ]


@pytest.mark.parametrize(
    ("old", "new", "line"),
    [
        ('["TOKEN-*"]', "[]", 1),
        ('"no port yet"', '""', 5),
        ("2027-01-31", '"31.1.2027"', 15),
        ("2027-01-31", "7", 15),
        ("*/macos/*/*/keychain", "*/macos", 5),
    ],
)
def test_a_value_that_says_nothing_is_told_at_its_line(tmp_path: Path, old: str, new: str, line: int) -> None:
    with pytest.raises(Mistakes) as caught:
        load_policy(write(tmp_path, POLICY.replace(old, new)))
    assert [mistake.line for mistake in caught.value.mistakes] == [line]


def test_the_policy_of_foreign_targets_gates_on_the_same_controls_and_asks_for_no_kill_matrix() -> None:
    own, foreign = (load_policy(CHECKOUT / "reports" / "policies" / f"{name}.toml") for name in ("default", "foreign"))
    assert foreign.controls == own.controls
    assert (own.require_kill_matrix, foreign.require_kill_matrix) == (True, False)


def test_controls_are_named_once_and_those_of_another_policy_must_be_there(tmp_path: Path) -> None:
    (tmp_path / "other.toml").write_text("require_kill_matrix = true\n", encoding="utf-8")
    both = write(tmp_path, 'controls_of = "other.toml"\ncontrols = ["A-01"]\n')
    with pytest.raises(Mistakes, match=r":1: names controls a second time"):
        load_policy(both)
    with pytest.raises(Mistakes, match=r"controls is empty"):
        load_policy(write(tmp_path, 'controls_of = "other.toml"\n'))
