"""Every finding judged again, from exactly the observations that it names."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from harness.errors import EvidenceError
from harness.evidence.agreement import Line, read_lines
from harness.evidence.breach import Breach
from harness.evidence.canonical import parse
from harness.evidence.files import BundleFiles
from harness.evidence.records import controls_from, finding_from, observation_from
from harness.evidence.seal import STATEMENT
from harness.model import Basis, Finding, Judgement, Parameter, Verdict
from harness.observations import Absence, Confirmation, Observation

__all__ = ["Judge", "Rejudged", "rejudge"]

Judge = Callable[[str, Iterable[Observation], Mapping[str, Parameter]], Judgement]
_BY_CHECKS = (Verdict.PASSED, Verdict.FAILED)  # what only a check, or a person, can come to


@dataclass(frozen=True)
class Rejudged:
    """What does not hold, and what differs only because the check is another version now."""

    breaches: tuple[Breach, ...] = ()
    notes: tuple[str, ...] = ()


def rejudge(files: BundleFiles, judge: Judge, digest: Callable[[str], str]) -> Rejudged:
    """Judges all findings again with the policy parameters of the bundle. The first note says how many of those that
    a check judged were judged by another version of it than the one at hand, if any were."""
    try:
        catalog = controls_from(parse(files.get("controls.json") or b"{}"))
    except EvidenceError as error:
        return Rejudged((Breach("controls", "controls.json", str(error)),))
    known = {expectation.id for control in catalog.controls.values() for expectation in control.expectations}
    breaches: list[Breach] = []
    notes: list[str] = []
    judged: list[Finding] = []
    observations = _observations(files, breaches)
    predicate = _predicate(files)
    stated = _stated_checks(predicate)
    for line in read_lines(files, "findings.jsonl", "expectation"):
        place = f"findings.jsonl:{line.number}"
        if line.data is None:
            breaches.append(Breach("finding", place, f"the line cannot be read: {line.error}"))
            continue
        try:
            finding = finding_from(line.data)
            if finding.expectation not in known:
                raise EvidenceError(f"controls.json does not know the expectation {finding.expectation}")
            seen = _seen(finding, observations)
        except EvidenceError as error:
            breaches.append(Breach("finding", place, str(error)))
            continue
        current = digest(finding.expectation)
        false = [Breach("check", place, detail) for detail in _false_check(finding, stated)]
        breaches += false
        breaches += [Breach("confirmation", place, detail) for detail in _unconfirmed(finding, seen, predicate)]
        judged += [finding] if finding.check else []
        older = _another_version(finding, current)
        for difference in _differences(finding, seen, judge, catalog.parameters, older):
            if not false and older:
                notes.append(f"{place}: {difference}; judged by another version of the check ({finding.check})")
            else:
                breaches.append(Breach("judgement", place, difference))
    others = sum(_another_version(finding, digest(finding.expectation)) for finding in judged)
    count = [f"{others} of {len(judged)} findings were judged by another version of their check"] if others else []
    return Rejudged(tuple(breaches), (*count, *notes))


def _predicate(files: BundleFiles) -> Mapping[str, object] | None:
    """What the statement says of the run; None where there is no statement to read, which is told elsewhere."""
    try:
        found = parse(files.get(STATEMENT) or b"").get("predicate")
    except EvidenceError:
        return None
    return found if isinstance(found, dict) else {}


def _stated_checks(predicate: Mapping[str, object] | None) -> Mapping[str, object] | None:
    """The checks that the statement names, by expectation."""
    if predicate is None:
        return None
    digests = predicate.get("digests")
    found = digests.get("checks") if isinstance(digests, dict) else None
    return found if isinstance(found, dict) else {}


def _unconfirmed(
    finding: Finding, seen: Sequence[Observation], predicate: Mapping[str, object] | None
) -> Iterator[str]:
    """Why a failure of a target that somebody else wrote may not be reported as one: a second trial must have seen it
    too. The checks cannot tell, for they do not know whose target it was."""
    foreign = (predicate or {}).get("foreign")
    strangers = foreign if isinstance(foreign, list) else []
    if finding.verdict is not Verdict.FAILED or not finding.check or finding.cell.partition("/")[0] not in strangers:
        return
    observed = {one.trial for one in seen if not isinstance(one, Confirmation | Absence)}
    if not {1, 2} <= observed:
        yield f"{finding.expectation} is failed, but not confirmed: a second trial observed nothing"


def _false_check(finding: Finding, stated: Mapping[str, object] | None) -> Iterator[str]:
    """Why the check that a finding names cannot have judged it. Without this, a made-up digest would pass for another
    version, and excuse any verdict."""
    if not finding.check:
        return
    if stated is not None and finding.check != stated.get(finding.expectation):
        said = stated.get(finding.expectation) or "no check"
        yield f"{finding.expectation} was judged by {finding.check}, but the statement gives {said} for it"


def _another_version(finding: Finding, current: str) -> bool:
    return bool(finding.check and current and finding.check != current)


def _observations(files: BundleFiles, breaches: list[Breach]) -> dict[str, Observation]:
    observations: dict[str, Observation] = {}
    for line in read_lines(files, "observations.jsonl", "id"):
        try:
            observations[line.name] = _observation(files, line)
        except EvidenceError as error:
            breaches.append(Breach("observation", f"observations.jsonl:{line.number}", str(error)))
    return observations


def _observation(files: BundleFiles, line: Line) -> Observation:
    def blob(name: str) -> bytes:
        content = files.get(f"blobs/{name}")
        if content is None:
            raise EvidenceError(f"its content blobs/{name} is missing")
        return content

    if line.data is None:
        raise EvidenceError(line.error)
    return observation_from(line.data, blob)


def _seen(finding: Finding, observations: Mapping[str, Observation]) -> Sequence[Observation]:
    missing = [id for id in finding.observations if id not in observations]
    if missing:
        raise EvidenceError(f"{finding.expectation} rests on {missing[0]}, which is not among the observations")
    return [observations[id] for id in finding.observations]


def _differences(
    finding: Finding, seen: Sequence[Observation], judge: Judge, parameters: Mapping[str, Parameter], older: bool
) -> Iterator[str]:
    """A finding that no check made (not run, attested) has nothing to be judged again, but says neither passed nor
    failed unless a person attests it. `older`: by another version of the check, which may have told no symptoms."""
    if not finding.check:
        if finding.verdict in _BY_CHECKS and finding.basis is Basis.MACHINE:
            yield f"{finding.expectation} is {finding.verdict}, but names no check"
        return
    judgement = judge(finding.expectation, seen, parameters)
    if judgement.verdict != finding.verdict:
        yield f"{finding.expectation} is {finding.verdict}, but its observations say {judgement.verdict}"
    elif judgement.reason != finding.reason:
        yield f"{finding.expectation} is {finding.verdict} for another reason than its observations say"
    elif judgement.shown_by != finding.shown_by:
        yield f"{finding.expectation} names other observations than those that show it"
    elif judgement.symptoms != finding.symptoms and not (older and not finding.symptoms):
        yield f"{finding.expectation} tells other symptoms than its observations say"
