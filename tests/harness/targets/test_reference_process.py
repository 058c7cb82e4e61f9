from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest
from moto.server import ThreadedMotoServer

from harness.observations import HttpExchange
from harness.observe import Recorder
from harness.redact import Redactor
from harness.targets.reference import ReferenceTarget
from harness.targets.reference_process import ReferenceProcess


@pytest.fixture
def recorder() -> Recorder:
    return Recorder("test", Redactor(), lambda _: None)


@pytest.fixture(scope="module")
def aws() -> Iterator[str]:
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def process(tmp_path: Path, recorder: Recorder, aws: str) -> Iterator[ReferenceProcess]:
    target = SimpleNamespace(
        folder=tmp_path,
        aws_endpoint=aws,
        machine=SimpleNamespace(environment=os.environ),
        command=lambda module: [sys.executable, "-m", module],
        redactor=Redactor(),
    )
    made = ReferenceProcess(cast("ReferenceTarget", target), recorder)
    yield made
    made.close()


def test_a_start_that_is_refused_is_seen_to_end_and_to_answer_nothing(
    process: ReferenceProcess, recorder: Recorder
) -> None:
    run = process.start("case", "PROD")
    assert (run.ready, run.exit_code, run.argument) == (False, 2, "PROD")
    assert '"PROD"' in run.stderr
    assert [e.status for e in recorder.seen.of(HttpExchange, "case")] == [None, None]


def test_a_server_is_the_same_one_after_a_kill(process: ReferenceProcess) -> None:
    at = process.serve("dev")
    client, user = next(iter(at.address.clients.values())), at.address.users["existing"]
    token = at.log_in("before", client, user).refresh_token
    process.kill()
    assert at.discover("killed").status == 0
    process.restart()
    assert at.refresh("after", token, client).status == 200
