from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest

from harness.faults.registry import Fault, load_faults
from harness.observations import Observation
from harness.observe import Recorder
from harness.probes.scripted_bus import CallRefused
from harness.redact import Redactor
from harness.targets.reference import ReferenceTarget
from harness.targets.reference_bus import ReferencePublisher


def publisher(folder: Path, faults: Sequence[Fault] = ()) -> ReferencePublisher:
    seen: list[Observation] = []
    target = cast("ReferenceTarget", SimpleNamespace(folder=folder, faults=faults))
    return ReferencePublisher(target, Recorder("test", Redactor(), seen.append))


@pytest.fixture
def real(tmp_path: Path) -> Iterator[ReferencePublisher]:
    made = publisher(tmp_path)
    yield made
    made.close()


def test_a_refused_entry_is_sent_again_alone_and_all_end_as_published(real: ReferencePublisher) -> None:
    seen = real.publish("case", [["", "ThrottlingException", ""], [""]], 3)
    assert [call.event_ids for call in seen.calls] == [seen.submitted, (seen.submitted[1],)]
    assert sorted(seen.reported_published) == sorted(seen.submitted)
    assert seen.finished
    assert seen.alarms == ()


def test_an_entry_refused_for_good_ends_as_a_dead_letter_with_an_alarm(real: ReferencePublisher) -> None:
    seen = real.publish("case", [["MalformedDetail", ""]], 2)
    assert seen.dead_letters == (seen.submitted[0],)
    assert seen.reported_published == (seen.submitted[1],)
    assert seen.dead_letters_sha256 == (seen.submitted_sha256[0],)
    assert (seen.redelivered, seen.redelivered_sha256) == ((seen.submitted[0],), (seen.submitted_sha256[0],))
    assert any(seen.submitted[0] in alarm for alarm in seen.alarms)
    assert seen.finished


def test_a_refused_call_is_made_again_and_the_refusal_is_told(real: ReferencePublisher) -> None:
    seen = real.publish("case", [CallRefused("AccessDeniedException"), []], 2)
    assert [call.whole for call in seen.calls] == [True, False]
    assert seen.calls[1].event_ids == seen.submitted
    assert sorted(seen.reported_published) == sorted(seen.submitted)
    assert seen.alarms
    assert seen.dead_letters == ()


def test_a_publisher_that_never_gives_up_is_not_waited_for(tmp_path: Path) -> None:
    stubborn = publisher(tmp_path, [load_faults()["F-EVENT-10-c"]])
    seen = stubborn.publish("case", [["MalformedDetail"]], 1)
    assert not seen.finished
    assert seen.dead_letters == ()
    stubborn.close()
