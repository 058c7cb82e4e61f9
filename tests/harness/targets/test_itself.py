"""The harness rehearses itself: a run with every kind of end, and its evidence under changes."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from harness.checks.ops import CHANGES
from harness.errors import TargetError
from harness.faults.registry import Fault, load_faults
from harness.machine.session import PrivateSession
from harness.model import Verdict
from harness.observe import Recorder
from harness.ports import Rehearsal
from harness.redact import Redactor
from harness.targets import itself_rehearsal
from harness.targets.itself import ItselfTarget
from tests.harness.checks.records import judge


@pytest.fixture(scope="module")
def machine() -> Iterator[PrivateSession]:
    with PrivateSession.start(secret_service=False) as session:
        yield session


@pytest.fixture
def recorder() -> Recorder:
    return Recorder("s", Redactor(), lambda _: None)


def rehearsal(machine: PrivateSession, recorder: Recorder, *faults: Fault) -> Rehearsal:
    return ItselfTarget(machine, faults).rehearsal(recorder)


def verdict(expectation: str, recorder: Recorder) -> Verdict:
    return judge(expectation, recorder.seen).verdict


def test_a_rehearsal_has_every_kind_of_end_and_its_evidence_shows_every_change(
    machine: PrivateSession, recorder: Recorder
) -> None:
    port = rehearsal(machine, recorder)
    table = port.run("first run")
    assert {pair.partition("@")[0]: statuses for pair, statuses in table.statuses.items()} == {
        "REHEARSAL-01.E1": ("passed",),
        "REHEARSAL-01.E2": ("failed",),
        "REHEARSAL-02.E1": ("not_run",),
        "REHEARSAL-02.E2": ("unknown",),
        "REHEARSAL-03.E1": ("not_run",),
    }
    for case in ("untouched", *CHANGES):
        audited = port.audit(case)
        assert audited.holds == (case == "untouched"), audited
        assert not audited.changed or any(audited.changed in place for place in audited.places), audited
    scan = port.scan("evidence")
    assert (scan.hits, scan.planted_found) == ((), True)
    assert {"access_token", "password", "session_cookie"} <= set(scan.kinds)
    assert [verdict(f"OPS-05.E{n}", recorder) for n in (1, 2, 4)] == [Verdict.PASSED] * 3
    port.close()
    assert not list(machine.folder.glob("rehearsal-*"))


def test_a_har_that_is_attached_with_its_cookies_is_found_out(machine: PrivateSession, recorder: Recorder) -> None:
    port = rehearsal(machine, recorder, load_faults()["F-OPS-05-c"])
    port.run("first run")
    port.scan("evidence")
    assert verdict("OPS-05.E4", recorder) is Verdict.FAILED
    port.close()


@pytest.mark.parametrize("id", ["F-OPS-05-x3", "F-OPS-05-x4"])
def test_a_writer_that_says_two_things_or_another_is_found_out(
    machine: PrivateSession, recorder: Recorder, id: str
) -> None:
    port = rehearsal(machine, recorder, load_faults()[id])
    port.run("first run")
    assert verdict("OPS-05.E1", recorder) is Verdict.FAILED
    port.close()


def test_a_rehearsal_that_does_not_end_is_told_without_its_command(
    machine: PrivateSession, recorder: Recorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(itself_rehearsal, "SECONDS", 0.01)
    port = rehearsal(machine, recorder)
    with pytest.raises(TargetError, match=r"^the rehearsal did not end within 0\.01 s: this machine is busy$"):
        port.run("first run")
    port.close()
