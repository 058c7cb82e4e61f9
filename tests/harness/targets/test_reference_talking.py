"""What the harness hears of the reference's desktop client when things go wrong."""

from __future__ import annotations

import shutil
from collections.abc import Iterator

import pytest
import requests

from harness.observe import Recorder
from harness.probes.telemetry import TelemetrySink
from harness.secret_forms import Secret
from harness.targets.reference import ReferenceTarget
from harness.targets.reference_talking import ReferenceTalking, clipped


@pytest.fixture
def client(reference: ReferenceTarget, recorder: Recorder) -> Iterator[ReferenceTalking]:
    if shutil.which("gnome-keyring-daemon") is None:
        pytest.skip("gnome-keyring is not installed (Debian: apt install gnome-keyring)")
    client = ReferenceTalking(reference, "dev", recorder)
    yield client
    client.close()


def test_a_client_to_which_everything_happens_is_heard_and_says_nothing_secret(client: ReferenceTalking) -> None:
    client.log_everything()
    client.start_as("start", "first")
    assert client.sign_in("sign-in", "existing").signed_in
    for status in (400, 500):
        with client.echoing(status):
            assert client.refresh(f"refused with {status}").error
    assert client.refresh("refresh").error == ""
    held = client.copies("held").refresh_token
    assert [record["record"] for record in client.logs("logs").records if "session" in record] == [
        "signed-in",
        "refresh-failed",
        "refresh-failed",
        "refreshed",
    ]
    assert client.start_failing("failing").signed_in
    assert "ArithmeticError" in client.refresh("unforeseen").error
    assert client.sign_out("unforeseen at the sign-out").status
    told = client.errors("errors").records
    assert {record["where"] for record in told} == {"reply", "page", "crash report"}
    assert held not in repr(told)
    scan = client.scan_logs("everything")
    assert (scan.hits, scan.planted_found) == ((), True)
    assert {"standard error", "standard output", "telemetry"} <= set(scan.places)


def test_a_token_of_another_installation_can_be_held(client: ReferenceTalking) -> None:
    client.start_as("start", "first")
    assert client.hold("held", "a token of another installation").outcome == "done"
    assert client.start_as("again", "first").signed_in


def test_telemetry_keeps_what_it_is_sent() -> None:
    sink = TelemetrySink()
    place = sink.variables["OTEL_EXPORTER_OTLP_ENDPOINT"]
    assert requests.post(f"{place}/v1/logs?a=b", data=b"a report", timeout=5).status_code == 200
    assert requests.get(f"{place}/health", timeout=5).status_code == 200
    assert b"POST /v1/logs?a=b" in sink.taken
    assert b"a report" in sink.taken
    sink.close()


def test_both_ends_of_a_secret_are_looked_for_and_not_those_of_a_short_one() -> None:
    secret = Secret(b"abcdefghIJKLMNOPqrstuvwx", "refresh_token", "{{refresh_token:0123456789abcdef:24}}")
    pieces = list(clipped(secret))
    assert [piece.value for piece in pieces] == [b"abcdefgh", b"qrstuvwx"]
    assert pieces[0].mark == "{{refresh_token:0123456789abcdef:24[0:8]}}"
    assert list(clipped(Secret(b"too-short", "code", "{{code:0123456789abcdef:9}}"))) == []
