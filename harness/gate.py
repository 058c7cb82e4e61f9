"""The gate: a pure function from findings and a policy to a decision.

Not run is not passed: a gated expectation must have passed in every cell that it was found in, unless the policy says
otherwise with a reason. What the policy let through is told too, by a reason whose rule is one of `NOTES`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from fnmatch import fnmatchcase

from harness.errors import nearest
from harness.kill_matrix import judge_kill_matrix
from harness.model import Catalog, Decision, Finding, Policy, Reason, Verdict, Waiver
from harness.policy import load_policy

__all__ = ["NOTES", "decide", "gate_markdown", "grouped", "load_policy"]

NOTES = frozenset({"over", "waived", "not-run-allowed", "not-applicable", "fault-not-run", "unproven"})
"""Rules that tell of something and fail nothing."""
NAMED = 4  # subjects of one reason that a list names


def decide(
    findings: Iterable[Finding],
    policy: Policy,
    catalog: Catalog,
    kill_matrix: Mapping[str, object] | None,
    today: date,
    scope: tuple[str, ...] = (),
) -> Decision:
    """Whether the findings satisfy the policy on this day; with `scope` (patterns of controls), over those only.

    `kill_matrix` is a kill-matrix.json, or None where no faults were run.
    """
    every = list(findings)
    left_out = _left_out(every, policy, scope)
    controls = [id for id in catalog.controls if _any(id, policy.controls) and (not scope or _any(id, scope))]
    gated = [id for id in controls if id not in left_out]
    found = [
        f
        for f in every
        if _any(_control(f), policy.controls)
        and (not scope or _any(_control(f), scope))
        and _control(f) not in left_out
    ]
    waivers = [w for w in policy.waivers if not scope or _any(w.control.partition(".")[0], scope)]
    reasons = dict.fromkeys(
        [
            *_reach(policy, catalog, gated, scope),
            *_waivers(waivers, found, policy, today),
            *_findings(found, policy, [waiver for waiver in waivers if not _expired(waiver, today)]),
            *_absent(found, catalog, gated),
            *judge_kill_matrix(kill_matrix, policy, catalog, gated),
            *(Reason("over", id, f"it was not asked for: {policy.only_if_asked[id]}") for id in left_out),
        ]
    )
    ordered = sorted(reasons, key=lambda reason: reason.rule in NOTES)
    return Decision(all(reason.rule in NOTES for reason in ordered), tuple(ordered), scope)


def _left_out(findings: Iterable[Finding], policy: Policy, scope: tuple[str, ...]) -> list[str]:
    """The controls that the policy gates on only where they were asked for, and that were not: nobody names any now,
    and the run had no scenario of them to carry out."""
    planned = {_control(finding) for finding in findings if finding.scenario}
    return [] if scope else [id for id in policy.only_if_asked if id not in planned]


def _reach(policy: Policy, catalog: Catalog, gated: Sequence[str], scope: tuple[str, ...]) -> Iterator[Reason]:
    """A pattern that reaches no control would ask for nothing."""
    for pattern in policy.controls:
        if not any(fnmatchcase(id, pattern) for id in catalog.controls):
            hint = nearest(pattern, catalog.controls)
            yield Reason("policy", pattern, f"it names no control of the catalog; mend {_file(policy)} ({hint})")
    for pattern in scope:
        if not any(fnmatchcase(id, pattern) for id in gated):
            yield Reason("scope", pattern, f"it names no control that the policy gates on; see {_file(policy)}")
    if not gated and not scope:
        yield Reason("policy", policy.name, f"it gates on no control; name some in {_file(policy)}")


def _waivers(waivers: Iterable[Waiver], found: Sequence[Finding], policy: Policy, today: date) -> Iterator[Reason]:
    for waiver in waivers:
        subject = f"{waiver.control} in {waiver.cell}"
        place = f"{_file(policy)}:{waiver.line}" if not waiver.file else waiver.file
        covered = [finding for finding in found if waiver.covers(finding)]
        failed = sum(finding.verdict is Verdict.FAILED for finding in covered)
        if _expired(waiver, today):
            renew = f"ask {waiver.owner} to renew it" if waiver.owner else "renew it"
            detail = f"it held until {waiver.expires}; mend the defect, or {renew} at {place}"
            yield Reason("waiver-expired", subject, detail)
        elif not covered:
            yield Reason(
                "waiver-unused", subject, f"no gated finding is covered by it; delete it or mend it at {place}"
            )
        elif all(finding.verdict is Verdict.PASSED for finding in covered):
            yield Reason("waiver-unused", subject, f"all that it covers passed; delete it at {place}")
        elif failed:
            accepted = f"by {waiver.owner}" if waiver.owner else f"expected by {waiver.file}"
            detail = f"failures accepted: {failed}, {accepted} until {waiver.expires}: {waiver.reason}"
            yield Reason("waived", subject, detail)


def _absent(found: Iterable[Finding], catalog: Catalog, gated: Iterable[str]) -> Iterator[Reason]:
    seen = {finding.expectation for finding in found}
    for id in gated:
        expected = [expectation.id for expectation in catalog.controls[id].expectations]
        missing = [expectation for expectation in expected if expectation not in seen]
        seen.difference_update(expected)
        if missing == expected:
            yield Reason("no-finding", id, f"nothing was found on this control; run: authassay run --controls {id}")
        else:
            for expectation in missing:
                yield Reason("no-finding", expectation, f"nothing was found on it; run: authassay run --controls {id}")
    for stranger in sorted(seen):
        yield Reason("not-in-catalog", stranger, "the catalog has no such expectation; use the catalog of that run")


def _findings(found: Iterable[Finding], policy: Policy, waivers: Sequence[Waiver]) -> Iterator[Reason]:
    allowed: Counter[str] = Counter()
    for finding in found:
        subject = f"{finding.expectation} in {finding.cell}"
        match finding.verdict:
            case Verdict.FAILED if not any(waiver.covers(finding) for waiver in waivers):
                mend = f"mend the target, or waive it in {_file(policy)} with an owner and an expiry"
                yield Reason("failed", subject, f"{finding.reason}; {mend}")
            case Verdict.UNKNOWN:
                yield Reason("unknown", subject, f"{finding.reason}; mend what kept it from being judged and run again")
            case Verdict.NOT_RUN:
                pattern = next((p for p in policy.may_be_not_run if fnmatchcase(finding.cell, p)), None)
                if pattern is None:
                    yield Reason("not-run", subject, f"{finding.reason}; {_bring(finding, policy)}")
                else:
                    allowed[pattern] += 1
            case Verdict.NOT_APPLICABLE:
                yield _not_applicable(finding, subject, policy)
    for pattern, count in allowed.items():
        yield Reason("not-run-allowed", pattern, f"findings not run: {count}; {policy.may_be_not_run[pattern]}")


def _bring(finding: Finding, policy: Policy) -> str:
    """What lets a finding be that was not run: where a target may declare what it lacks, that is the way."""
    if any(fnmatchcase(finding.cell, pattern) for pattern in policy.may_be_not_applicable):
        return "describe what it needs, or declare it absent there, with the reason"
    return "bring what it needs (authassay doctor says how), or allow the cell under may_be_not_run"


def _not_applicable(finding: Finding, subject: str, policy: Policy) -> Reason:
    """What a target declares absent excuses it only where the policy lets it declare something."""
    if not finding.reason.strip():
        mend = "the target's description declares a capability absent and does not say why; say it there"
        return Reason("no-reason", subject, mend)
    if not any(fnmatchcase(finding.cell, pattern) for pattern in policy.may_be_not_applicable):
        mend = f"bring it, or allow the cell under may_be_not_applicable in {_file(policy)}"
        return Reason("absent", subject, f"{finding.reason}; {mend}")
    return Reason("not-applicable", subject, finding.reason)


def _expired(waiver: Waiver, today: date) -> bool:
    return today > date.fromisoformat(waiver.expires)


def _control(finding: Finding) -> str:
    return finding.expectation.rpartition(".")[0]


def _any(id: str, patterns: Iterable[str]) -> bool:
    return any(fnmatchcase(id, pattern) for pattern in patterns)


def _file(policy: Policy) -> str:
    return policy.file or f"the policy {policy.name!r}"


def grouped(reasons: Iterable[Reason]) -> tuple[Reason, ...]:
    """The reasons as a list that is read: those of one rule and detail are one, and what was not run hides nothing."""
    groups: dict[tuple[str, str], list[str]] = {}
    for reason in reasons:
        groups.setdefault((reason.rule, reason.detail), []).append(reason.subject)
    told = [Reason(rule, _subjects(subjects), detail) for (rule, detail), subjects in groups.items()]
    return tuple(sorted(told, key=lambda reason: reason.rule == "not-run"))


def _subjects(subjects: Sequence[str]) -> str:
    more = len(subjects) - NAMED
    return ", ".join(subjects[:NAMED]) + (f" and {more} more" if more > 0 else "")


def gate_markdown(decision: Decision, limit: int = 200) -> str:
    """The decision for the summary of a CI job: at most `limit` reasons a table, and how many more there are."""
    failures = [reason for reason in decision.reasons if reason.rule not in NOTES]
    notes = [reason for reason in decision.reasons if reason.rule in NOTES]
    head = (
        "✅ Gate passed" if decision.passed else f"❌ Gate failed: {len(failures)} reason{'s' * (len(failures) != 1)}"
    )
    parts = [f"## {head}"]
    if decision.scope:
        parts.append(f"Over these controls only: {', '.join(map(_cell, decision.scope))}")
    parts += [_table(failures, limit)] if failures else []
    parts += ["### Let through, and worth knowing", _table(notes, limit)] if notes else []
    return "\n\n".join(parts) + "\n"


def _table(reasons: Sequence[Reason], limit: int) -> str:
    rows = ["| rule | what | detail |", "|---|---|---|"]
    told = grouped(reasons)
    rows += [f"| {_cell(r.rule)} | {_cell(r.subject)} | {_cell(r.detail)} |" for r in told[:limit]]
    more = len(told) - limit
    return "\n".join(rows) + (f"\n\n… and {more} more" if more > 0 else "")


def _cell(text: str) -> str:
    """The text inert in a Markdown table: no markup, no line break, no link, no mention."""
    text = " ".join(text.split())
    return "".join(f"&#{ord(c)};" if c in "\\`*_{}[]<>#|!@&~" else c for c in text).replace("://", ":&#47;/")
