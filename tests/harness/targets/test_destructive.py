"""Which scenarios leave a production stage of others in peace, unless they are let."""

from __future__ import annotations

from collections.abc import Callable
from typing import cast

import pytest

from harness.errors import NotOffered
from harness.features import ScenarioPlan, scenarios
from harness.machine.session import PrivateSession
from harness.model import Cell
from harness.observe import Recorder
from harness.probes.login import User
from harness.probes.stage_address import Client
from harness.redact import Redactor
from harness.run import FEATURES
from harness.scene import Scene
from harness.targets.base import BaseTarget, Leave
from harness.targets.description import Description, StageDescription
from harness.targets.oauth import OAuthTarget
from harness.targets.openauth import OpenAuthTarget
from harness.targets.reference import ReferenceTarget

SHIPPED = scenarios(FEATURES)
FLOODS = {"TOKEN-05", "TOKEN-08", "TOKEN-11", "TOKEN-16", "EVENT-11", "EVENT-12"}
FEIGNED_THEFTS = {"TOKEN-09", "TOKEN-10", "TOKEN-11", "EVENT-03"}
ACCOUNTS = {"TOKEN-20", "TOKEN-21", "EVENT-02", "EVENT-06", "EVENT-07", "OPS-03"}
OUTAGES = {"TOKEN-19", "EVENT-01", "EVENT-08", "EVENT-09", "EVENT-10", "OPS-02", "SYNC-04", "SYNC-06", "WEB-10"}
FORGERIES = {"EVENT-13"}
HARMFUL = FLOODS | FEIGNED_THEFTS | ACCOUNTS | OUTAGES | FORGERIES
HARM = (
    "at once, round after round",
    "times at once",
    "server is killed",
    "is disabled",
    "withdrawn",
    "is rotated",
    "many tokens",
)


def _described(leave: Leave, prod: bool = True) -> OAuthTarget:
    clients = {"web": Client("web", "http://127.0.0.1/cb")}
    users = {"existing": User("alice", "a-password-of-hers")}
    stage = StageDescription("https://id.example", clients, users, prod=prod)
    return OAuthTarget(Description("theirs", "1", {"prod": stage}), cast("PrivateSession", None), Redactor(), leave)


def _ask(scenario: ScenarioPlan, target: OAuthTarget) -> None:
    """Raises NotOffered where the target is to be spared the scenario."""
    recorder = Recorder("s", target.redactor, lambda _: None)
    judged, is_destructive = scenario.expectations, "destructive" in scenario.tags
    cell = Cell("theirs", "linux", "prod")
    Scene("s", cell, target, recorder, {}, judged, "pr", lambda _: None, is_destructive).require_leave()


def _why(scenario: ScenarioPlan, target: OAuthTarget) -> str:
    try:
        _ask(scenario, target)
    except NotOffered as absence:
        return str(absence)
    return ""


def _spared(target: OAuthTarget) -> dict[str, str]:
    """Why, by control."""
    whys = ((scenario.controls, _why(scenario, target)) for scenario in SHIPPED)
    return {control: why for controls, why in whys if why for control in controls}


def test_production_of_others_is_spared_what_could_harm_it() -> None:
    spared = _spared(_described(Leave()))
    assert spared.keys() >= HARMFUL
    (reason,) = set(spared.values())
    assert reason.startswith("the target offers no leave to disturb it: its description marks prod as production")
    assert reason.endswith("--allow-destructive")


def test_what_only_reads_or_ends_a_session_of_its_own_is_run_there() -> None:
    assert not _spared(_described(Leave())).keys() & {
        f"TOKEN-{n:02}" for n in (1, 2, 3, 4, 6, 12, 13, 14, 15, 17, 18, 22)
    }


@pytest.mark.parametrize("words", HARM)
def test_a_scenario_whose_steps_say_that_they_do_harm_is_tagged(words: str) -> None:
    texts = {file: file.read_text(encoding="utf-8").splitlines() for file in {one.file for one in SHIPPED}}
    starts = {(one.file, one.line): one for one in SHIPPED}
    for file, lines in texts.items():
        for number, line in enumerate(lines, 1):
            if words in line and line.lstrip().startswith(("When", "And")):
                last = max(at for of, at in starts if of == file and at <= number)
                assert "destructive" in starts[file, last].tags, f"{file.name}:{number}"


@pytest.mark.parametrize(
    "target", [lambda: _described(Leave(allow_destructive=True)), lambda: _described(Leave(), prod=False)]
)
def test_with_leave_and_on_other_stages_all_are_run(target: Callable[[], OAuthTarget]) -> None:
    assert not _spared(target())


def test_what_authassay_starts_itself_is_spared_nothing() -> None:
    assert ReferenceTarget.spares is BaseTarget.spares
    assert OpenAuthTarget.spares is OAuthTarget.spares
    described = [line for line in _sources("openauth") if line.startswith("prod ")]
    assert not described


def _sources(name: str) -> list[str]:
    file = FEATURES.parent / "harness" / "targets" / f"{name}.toml"
    return file.read_text(encoding="utf-8").splitlines()
