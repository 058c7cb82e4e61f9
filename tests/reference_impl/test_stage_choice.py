"""Which stage this is: build stamp, environment, settings, in this order, and nothing by a guess."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from reference_impl.config import BuildStamp, ConfigurationError
from reference_impl.config.build_stamp import digests, read_stamp
from reference_impl.config.stage_choice import choose_stage

STAMP = BuildStamp("staging", "https://auth.staging.example", "https://api.staging.example", "desktop")


def settings(folder: Path, text: str) -> dict[str, str]:
    path = folder / "settings.json"
    path.write_text(text, encoding="utf-8")
    return {"AUTH_SETTINGS": str(path)}


def test_a_build_stamp_comes_first(tmp_path: Path) -> None:
    choice = choose_stage(settings(tmp_path, '{"stage": "staging"}'), STAMP)
    assert (choice.stage, choice.source) == ("staging", "build stamp")


def test_the_environment_comes_before_the_settings(tmp_path: Path) -> None:
    choice = choose_stage({**settings(tmp_path, '{"stage": "dev"}'), "AUTH_STAGE": "prod"})
    assert (choice.stage, choice.source) == ("prod", "AUTH_STAGE")


def test_the_settings_count_where_nothing_else_names_a_stage(tmp_path: Path) -> None:
    choice = choose_stage(settings(tmp_path, '{"stage": "dev"}'))
    assert choice.stage == "dev"
    assert "settings.json" in choice.source


def test_an_environment_that_disagrees_with_the_stamp_is_refused() -> None:
    with pytest.raises(ConfigurationError, match='AUTH_STAGE is "prod", but this build is stamped "staging"'):
        choose_stage({"AUTH_STAGE": "prod"}, STAMP)


@pytest.mark.parametrize("text", ['{"stage": "prod"}', '{"stage": ""}', "{}"])
def test_settings_that_disagree_with_the_stamp_are_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(
        ConfigurationError, match=r'"stage" in .*settings\.json is ".*", but this build is stamped "stagi'
    ):
        choose_stage(settings(tmp_path, text), STAMP)


def test_all_that_disagrees_with_the_stamp_is_told_at_once(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError) as caught:
        choose_stage({**settings(tmp_path, '{"stage": "dev"}'), "AUTH_STAGE": "prod"}, STAMP)
    assert [fault.partition(" is ")[0] for fault in caught.value.faults] == [
        "AUTH_STAGE", f'"stage" in {tmp_path / "settings.json"}'
    ]  # fmt: skip


def test_an_empty_variable_is_not_passed_over_for_the_settings(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="AUTH_STAGE is not set"):
        choose_stage({**settings(tmp_path, '{"stage": "dev"}'), "AUTH_STAGE": ""})


@pytest.mark.parametrize("text", ["", "no json", "[]", "{}", '{"stage": 1}', '{"stage": "PROD"}', '{"stage": "prod "}'])
def test_settings_that_name_no_stage_exactly_are_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(ConfigurationError, match=r"settings\.json"):
        choose_stage(settings(tmp_path, text))


def test_a_stamp_is_read_back_as_it_was_written(tmp_path: Path) -> None:
    stamp = BuildStamp(**{**vars(STAMP), "foreign": digests(["https://auth.example"])})
    (tmp_path / "stamp.json").write_text(stamp.as_json(), encoding="utf-8")
    assert read_stamp(tmp_path / "stamp.json") == stamp
    assert stamp.refuses("https://auth.example/authorize")
    assert not stamp.refuses("https://auth.staging.example")
    assert "auth.example" not in stamp.as_json()


def test_what_was_not_packed_has_no_stamp(tmp_path: Path) -> None:
    assert read_stamp(tmp_path / "stamp.json") is None


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        '{"a":' * 100_000,
        json.dumps({"stage": "dev", "colour": "blue"}),
        json.dumps({**vars(STAMP), "stage": 5}),
        json.dumps({**vars(STAMP), "web_url": None}),
        json.dumps({**vars(STAMP), "foreign": 1}),
    ],
)
def test_a_damaged_stamp_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "stamp.json").write_text(text, encoding="utf-8")
    with pytest.raises(ValueError, match="no build stamp"):
        read_stamp(tmp_path / "stamp.json")
