"""A packed desktop: what its build fixed cannot be overridden, and its stages are looked up exactly."""

from __future__ import annotations

import json
import threading
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from reference_impl.config import BuildStamp, ConfigurationError
from reference_impl.config.build_stamp import digests
from reference_impl.desktop.config import DesktopConfig
from reference_impl.desktop.stamped import load_packed_config
from reference_impl.desktop.switching import SettingsGuard, StagePreference, StageSwitch, UnknownStage, preference_of

STAMP = BuildStamp("prod", "https://auth.example", "https://api.example", "desktop")
EVIL = "https://evil.example"
OVERRIDES = {
    "AUTH_STAGE": "dev",
    "AUTH_ISSUER": EVIL,
    "AUTH_API": EVIL,
    "AUTH_CLIENT_ID": "other",
    "AUTH_TLS_CA": "/nowhere.pem",
    "AUTH_OTHER_STAGES": json.dumps({"dev": {"issuer": EVIL, "api": EVIL}}),
}


def test_the_environment_changes_nothing_that_the_build_fixed() -> None:
    assert load_packed_config(OVERRIDES, [], STAMP) == load_packed_config({}, [], STAMP)
    config = load_packed_config(OVERRIDES, [], STAMP)
    assert (config.stage, config.issuer, config.other_stages, config.ca_file) == ("prod", STAMP.issuer, (), None)


@pytest.mark.parametrize(
    "arguments", [[f"--issuer={EVIL}"], ["--stage", "dev"], [f"app://login?issuer={EVIL}"], ["--store"]]
)
def test_arguments_change_nothing_either_and_do_not_end_the_start(arguments: list[str]) -> None:
    assert load_packed_config({}, arguments, STAMP) == load_packed_config({}, [], STAMP)


@pytest.mark.parametrize("arguments", [["--store", "a.B"], ["--issuer=x", "--store=a.B"]])
def test_the_store_may_still_be_chosen(arguments: list[str]) -> None:
    assert load_packed_config({}, arguments, STAMP).store_switch == "a.B"


def test_what_is_the_users_is_read_from_the_environment() -> None:
    assert load_packed_config({"AUTH_ACCOUNT": "work"}, [], STAMP).account == "work"


def test_what_was_passed_over_is_logged_by_name_and_not_by_value(caplog: pytest.LogCaptureFixture) -> None:
    load_packed_config(OVERRIDES, [f"--issuer={EVIL}"], STAMP)
    told = [vars(record).get("fields", {}) for record in caplog.records]
    assert [sorted(fields["variables"]) for fields in told] == [sorted(OVERRIDES)]
    assert EVIL not in caplog.text + str(told)


def test_a_stamp_with_another_stages_issuer_does_not_start() -> None:
    wrong = replace(STAMP, stage="dev", foreign=digests([STAMP.issuer]))
    with pytest.raises(ConfigurationError, match="stamped for dev with another stage's issuer: pack it again"):
        load_packed_config({}, [], wrong)


def test_without_a_stamp_the_environment_decides() -> None:
    environ = {"AUTH_STAGE": "dev", "AUTH_ISSUER": "https://a.example", "AUTH_API": "https://b.example"}
    assert load_packed_config(environ, [], None).issuer == "https://a.example"


class Session:
    def __init__(self, stage: str, log: list[str]) -> None:
        self.stage, self.signed_in, self._log = stage, True, log

    def logout(self, reason: str) -> tuple[bool, bool]:
        self._log.append(f"{self.stage} signed out: {reason}")
        self.signed_in = False
        return True, True

    def leave(self) -> None:
        self.logout("left")


class Two:
    """Two sessions, and what was done in which order."""

    def __init__(self) -> None:
        self.log: list[str] = []
        self._all = {stage: Session(stage, self.log) for stage in ("dev", "staging")}
        self.shown = self._all["dev"]
        self._all["staging"].signed_in = False
        self.turn = threading.RLock()

    @property
    def left(self) -> list[Session]:
        return [one for one in self._all.values() if one is not self.shown and one.signed_in]

    def show(self, stage: str) -> None:
        self.log.append(f"{stage} shown")
        self.shown = self._all[stage]


def config(stage: str) -> DesktopConfig:
    return DesktopConfig("app", stage, "https://a", "https://b", "desktop", None, "default", None, 10.0)


def switch_of(sessions: Two, folder: Path) -> StageSwitch:
    guard = SettingsGuard({stage: config(stage) for stage in ("dev", "staging")})
    # `Any`: a stand-in for the sessions.
    any_sessions: Any = sessions
    return StageSwitch(any_sessions, guard, StagePreference(folder / "stage.json"))


@pytest.mark.parametrize("asked", ["prod", "STAGING", "staging ", "", "https://auth.staging.example", None, ["dev"]])
def test_what_is_no_stage_of_the_build_is_refused_and_changes_nothing(tmp_path: Path, asked: object) -> None:
    sessions = Two()
    with pytest.raises(UnknownStage, match="it has dev, staging"):
        switch_of(sessions, tmp_path).switch(asked)
    assert sessions.log == []


def test_the_old_session_ends_before_the_choice_is_kept(tmp_path: Path) -> None:
    sessions = Two()
    switch = switch_of(sessions, tmp_path)
    kept_while_signed_in = []
    sessions.shown.logout = lambda reason: kept_while_signed_in.append((tmp_path / "stage.json").exists())  # type: ignore[method-assign,assignment,return-value]
    switch.switch("staging")
    assert kept_while_signed_in == [False]
    assert sessions.log == ["staging shown"]
    assert StagePreference(tmp_path / "stage.json").load() == "staging"


def test_the_stage_that_is_shown_is_not_signed_out_for_itself(tmp_path: Path) -> None:
    sessions = Two()
    assert switch_of(sessions, tmp_path).switch("dev") == "dev"
    assert sessions.log == []


def test_the_last_choice_is_taken_up_where_the_build_still_has_it(tmp_path: Path) -> None:
    for kept, log in (("staging", ["staging shown"]), ("prod", []), ("", [])):
        sessions = Two()
        sessions.shown.signed_in = False
        StagePreference(tmp_path / "stage.json").save(kept)
        switch_of(sessions, tmp_path).resume()
        assert sessions.log == log


def test_a_sign_in_at_a_stage_that_is_not_shown_ends_at_the_next_start(tmp_path: Path) -> None:
    sessions = Two()
    StagePreference(tmp_path / "stage.json").save("staging")
    switch_of(sessions, tmp_path).resume()
    assert sessions.log == ["staging shown", "dev signed out: left"]


@pytest.mark.parametrize("text", ["", "no json", "[]", '{"stage": 1}'])
def test_a_damaged_preference_is_none(tmp_path: Path, text: str) -> None:
    (tmp_path / "stage.json").write_text(text, encoding="utf-8")
    assert StagePreference(tmp_path / "stage.json").load() == ""


def test_settings_lie_where_the_system_keeps_them(tmp_path: Path) -> None:
    assert preference_of({"XDG_CONFIG_HOME": str(tmp_path)}, "app").path == tmp_path / "app" / "stage.json"
    assert preference_of({"HOME": str(tmp_path)}, "app").path == tmp_path / ".config" / "app" / "stage.json"
