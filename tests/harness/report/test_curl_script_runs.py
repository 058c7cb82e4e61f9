"""Curl scripts, run by bash and curl against a reference with defects in it: the same comes back."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from harness.catalog import load_catalog
from harness.execution import NoEvidence
from harness.faults.registry import load_faults
from harness.machine.session import PrivateSession
from harness.model import Basis, Catalog, Finding, Verdict
from harness.observations import Observation
from harness.observe import Recorder
from harness.probes.races import race_redemptions
from harness.redact import Redactor
from harness.report.failures import Failure, failures
from harness.report.report_input import ReportInput, RunFacts, SealFacts
from harness.run import Question, carry_out, plan_of
from harness.targets.reference import ReferenceTarget

NEEDED = ("bash", "curl", "openssl", "python3")
MISSING = [tool for tool in NEEDED if shutil.which(tool) is None]
pytestmark = pytest.mark.skipif(bool(MISSING), reason=f"not on this machine: {', '.join(MISSING)}")
DEFECTS = ("F-TOKEN-01-a", "F-TOKEN-08-b", "F-TOKEN-08-x1")


class Kept(NoEvidence):
    """Evidence that keeps observations."""

    def __init__(self) -> None:
        self.observations: dict[str, Observation] = {}

    def observation(self, observation: Observation) -> None:
        self.observations[observation.id] = observation


@pytest.fixture(scope="module")
def broken() -> Iterator[ReferenceTarget]:
    """A reference that asks for no PKCE, and that takes a code twice, at once and later."""
    with PrivateSession.start(secret_service=False) as machine:
        target = ReferenceTarget.open(machine, Redactor(), [load_faults()[id] for id in DEFECTS])
        yield target
        target.close()


def failure(target: ReferenceTarget, findings: tuple[Finding, ...], observations: Mapping[str, Observation]) -> Failure:
    catalog: Catalog = load_catalog(None)
    facts = RunFacts("reference", "reference 0.1.0")
    (found,) = failures(ReportInput(facts, catalog, findings, observations, SealFacts("bundle")))
    assert found.script is not None
    return found


def repeated(made: Failure, target: ReferenceTarget, folder: Path, **variables: str) -> tuple[int, str]:
    """Exit code and output of the script, run where nothing of the harness is known."""
    script = folder / "again.sh"
    script.write_text(made.script.text if made.script else "")
    environment = {
        "PATH": os.environ["PATH"],
        "CA": str(target.reference.ca_file),
        "PASSWORD": target.addresses["dev"].users["existing"].password,
        **variables,
    }
    ran = subprocess.run(["bash", script], env=environment, capture_output=True, text=True, timeout=60, cwd=folder)
    return ran.returncode, ran.stdout + ran.stderr


def test_a_failure_of_a_scenario_comes_again_by_its_curl_lines_and_not_where_it_is_mended(
    broken: ReferenceTarget, reference: ReferenceTarget, tmp_path: Path
) -> None:
    kept, question = Kept(), Question("reference", ("TOKEN-01",), {"stage": "dev"}, "pr")
    plan = plan_of(question, load_catalog(None), broken)
    found = carry_out(plan, {"reference": broken}, broken.redactor, "pr", kept)
    made = failure(broken, tuple(f for f in found if f.verdict is Verdict.FAILED), kept.observations)
    assert made.expectation.id == "TOKEN-01.E1"
    code, printed = repeated(made, broken, tmp_path)
    assert code == 0, printed
    assert "request 2, as in the run: 303 with a redirect with code, iss, state" in printed
    elsewhere = reference.addresses["dev"].issuer
    code, printed = repeated(made, reference, tmp_path, BASE=elsewhere)
    assert code != 0, printed


def test_what_needs_a_login_a_code_and_a_race_comes_again_too(broken: ReferenceTarget, tmp_path: Path) -> None:
    seen: list[Observation] = []
    issuer = broken.issuer("dev", Recorder("token/A code@reference/linux/dev/any/any", broken.redactor, seen.append))
    client, user = issuer.address.clients["desktop"], issuer.address.users["existing"]
    code = issuer.authorize("a login", client, user)
    tokens = issuer.redeem("first redemption", code, client).json()
    issuer.redeem("second redemption", code, client)
    refreshed = issuer.refresh("refresh after the replay", tokens["refresh_token"], client)
    used = issuer.call_api("access after the replay", tokens["access_token"])
    race = race_redemptions(issuer, "race", 5, 1, client, user)
    for expectation, shown in (("TOKEN-08.E2", (refreshed.observation, used.observation)), ("TOKEN-08.E1", (race,))):
        ids = tuple(one.id for one in seen)
        cell = "reference/linux/dev/any/any"
        finding = Finding(
            expectation, cell, Verdict.FAILED, Basis.MACHINE, "it failed", "s", ids, shown_by=tuple(o.id for o in shown)
        )
        made = failure(broken, (finding,), {one.id: one for one in seen})
        ended, printed = repeated(made, broken, tmp_path)
        assert ended == 0, printed
    assert "5 200" in printed
