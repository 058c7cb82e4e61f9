"""Runs by description against issuers that do harm: each ends, says what it could not see, leaves sound evidence."""

from __future__ import annotations

import json
import re
import ssl
import time
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import ExitStack
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import trustme
from click.testing import CliRunner, Result

from harness.catalog import load_catalog
from harness.cli import main
from tests.hostile.attacks import ATTACKS, Hostility, sends
from tests.hostile.issuer import HostileIssuer, describe, hostile
from tests.hostile.scripted import head, scripted

LIMITS = "max_wait = 0\nanswer = {answer}\npatience = 60\nrate = 200\nbody = 60000"
CALM, HASTY = LIMITS.format(answer=10), LIMITS.format(answer=0.4)
CONTROLS = ("TOKEN-01", "TOKEN-12")
MOST_SECONDS = 60.0  # for a run over three stages on a busy machine; an idle one takes 2 to 4
STAGES = ("dev", "staging", "prod")
GROUPS = [ATTACKS[start : start + 3] for start in range(0, len(ATTACKS), 3)]


@pytest.fixture(autouse=True, scope="module")
def _one_catalog() -> Iterator[None]:
    """A command reads the catalog several times; here it is the same for all of them."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("harness.targets.description_file.load_catalog", cache(load_catalog))
        yield


def call(*arguments: object) -> Result:
    return CliRunner().invoke(main, [*map(str, arguments)])


def run(description: Path, *more: str, controls: Collection[str] = CONTROLS) -> Mapping[str, Any]:
    """What `run` says in JSON. It ends in time, with the gate's exit code, and its bundle holds."""
    started, named = time.monotonic(), [word for control in controls for word in ("--controls", control)]
    out = description.parent / "out"
    done = call("run", "--target", description, *named, "--depth", "pr", "--out", out, "--json", *more)
    assert done.exit_code == 1, done.output
    assert time.monotonic() - started < MOST_SECONDS
    told: Mapping[str, Any] = json.loads(done.stdout)
    assert json.loads(call("audit", told["bundle"], "--json").stdout)["holds"]
    return told


def of(stage: str, told: Mapping[str, Any]) -> dict[str, tuple[str, str]]:
    """Verdict and reason by expectation."""
    found = (finding for finding in told["findings"] if f"/{stage}/" in finding["cell"])
    return {finding["expectation"]: (finding["verdict"], finding["reason"]) for finding in found}


@pytest.fixture(scope="module")
def honestly(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, str]:
    """The verdicts on an issuer that does no harm."""
    with hostile(lambda connection, step, honest: connection.sendall(honest)) as issuer:
        told = run(describe({"dev": issuer}, tmp_path_factory.mktemp("honest"), CALM))
    found = of("dev", told)
    assert {verdict for verdict, _ in found.values()} <= {"passed", "failed"}, found
    return {expectation: verdict for expectation, (verdict, _) in found.items()}


@pytest.mark.parametrize("group", GROUPS, ids=lambda group: ", ".join(one.name for one in group))
def test_what_could_not_be_seen_is_unknown_and_says_why(
    group: Sequence[Hostility], tmp_path: Path, honestly: Mapping[str, str]
) -> None:
    limits = HASTY if any("no whole answer" in one.told for one in group) else CALM
    with ExitStack() as closing:
        issuers = [closing.enter_context(hostile(one.attack, one.steps)) for one in group]
        told = run(describe(dict(zip(STAGES, issuers, strict=False)), tmp_path, limits))
    for stage, one in zip(STAGES, group, strict=False):
        found = of(stage, told)
        assert found.keys() == honestly.keys(), one.name
        assert not any(re.search("crash|Traceback", reason) for _, reason in found.values()), (one.name, found)
        changed = {e: v for e, v in found.items() if v[0] != honestly[e]}
        assert {verdict for verdict, _ in changed.values()} <= {"unknown"}, (one.name, found)
        assert bool(one.told) == bool(changed), (one.name, found)
        assert all(re.search(one.told, reason) for _, reason in changed.values()), (one.name, changed)
        assert not one.told or len(one.steps) == 1 or changed.keys() == found.keys(), (one.name, found)


@pytest.mark.parametrize(
    "elsewhere",
    ["http://localhost:{port}/", "http://127.0.0.1@localhost:{port}/", "file:///etc/passwd", "//169.254.169.254/"],
)
def test_nothing_is_asked_of_a_host_that_is_not_the_targets(tmp_path: Path, elsewhere: str) -> None:
    heard: list[bytes] = []
    with scripted(lambda connection, request: heard.append(request)) as port:
        location = elsewhere.format(port=port)
        astray = sends(head(f"Location: {location}", "Content-Length: 0", status="302 Found"))
        with hostile(astray, ("authorize", "login", "token", "keys", "api")) as issuer:
            told = run(describe({"dev": issuer}, tmp_path, CALM))
    assert heard == []
    assert of("dev", told)["TOKEN-12.E1"][0] == "unknown"


def test_endpoints_at_another_host_get_no_credential(tmp_path: Path) -> None:
    heard: list[bytes] = []

    class Astray(HostileIssuer):
        def metadata(self) -> dict[str, object]:
            return {**super().metadata(), "token_endpoint": f"http://localhost:{port}/token"}

    listening = scripted(lambda connection, request: heard.append(request))
    with listening as port, hostile(lambda *_: None, (), kind=Astray) as issuer:
        told = run(describe({"dev": issuer}, tmp_path, CALM))
    assert heard == []
    assert of("dev", told)["TOKEN-12.E1"][0] == "unknown"
    assert "'localhost' is no host of the target" in of("dev", told)["TOKEN-12.E1"][1]


def test_a_certificate_for_another_name_is_no_issuer(tmp_path: Path) -> None:
    authority, context = trustme.CA(), ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("id.example.com").configure_cert(context)
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    with hostile(lambda *_: None, (), context) as issuer:
        told = run(describe({"dev": issuer}, tmp_path, CALM, 'ca_file = "ca.pem"'))
    assert issuer.asked_for == []
    for verdict, reason in of("dev", told).values():
        assert verdict == "unknown"
        assert re.search("certificate is not valid for|doesn't match|mismatch", reason)


def test_a_dead_issuer_is_left_alone_and_the_whole_suite_ends_soon(tmp_path: Path) -> None:
    asked: list[bytes] = []
    with scripted(lambda connection, request: asked.append(request)) as port:
        dead = f"http://127.0.0.1:{port}"
        with hostile(lambda *_: None, ()) as issuer:
            issuer.url = dead
            told = run(describe({"dev": issuer}, tmp_path, CALM), controls=("TOKEN-*",))
    verdicts = {verdict for verdict, _ in of("dev", told).values()}
    assert verdicts <= {"unknown", "not_run", "not_applicable"}
    assert "unknown" in verdicts
    assert any(f"{dead} is dead since " in reason for _, reason in of("dev", told).values())
    assert len(asked) < 20
