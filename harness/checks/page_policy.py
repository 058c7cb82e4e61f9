"""Judgements about the policies of pages (CSP)."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence

from harness.checks.common import Complaint, conclude, require_answer
from harness.checks.registry import Parameters, check
from harness.model import Judgement
from harness.observations import HttpExchange, PageView, PolicyTrial
from harness.observe import MissingObservation, Record

KINDS = ("signed in", "login", "error", "issuer")  # of each a page must have been seen
INJECTED = (
    "an inline script",
    "an inline handler",
    "a script's eval",
    "a script of another host",
    "a base element",
    "a request to another host",
    "a request to another stage",
)
IN_WINDOW = "an injection into the window"
INTO_WINDOWS = tuple(what for what in INJECTED if "stage" not in what)  # which has no page of its own for each stage
FRAMED = ("home", "settings", "login", "error", "the issuer's login")
Policy = Mapping[str, Sequence[str]]
_HASHED = re.compile(r"'(nonce|sha\d+)-")
_SCHEME = re.compile(r"[a-z][a-z0-9+.-]*:$")


def parse(header: str) -> Policy:
    """A policy by its directives (CSP Level 3 §2.2.1); of two of one name the first counts."""
    found: dict[str, list[str]] = {}
    for part in header.split(";"):
        words = part.split()
        if words:
            found.setdefault(words[0].lower(), words[1:])
    return found


@check("WEB-11.E1", "ASVS 5.0.0 3.4.3, 3.4.6, RFC 9700 §4.16", "web")
def every_page_has_a_strict_policy(seen: Record, parameters: Parameters) -> Judgement:
    pages = [p for p in seen.of(HttpExchange, "a page") if "html" in (require_answer(p).header("content-type") or "")]
    if absent := [kind for kind in KINDS if kind not in {page.about.get("kind") for page in pages}]:
        raise MissingObservation(f"no page seen of: {', '.join(absent)}")
    complaints = [Complaint(f"{_place(page)}: {flaw}", page) for page in pages for flaw in _flaws(page)]
    return conclude(list(dict.fromkeys(complaints)), f"{len(pages)} pages have a policy that forbids what it should")


def _place(page: HttpExchange) -> str:
    return f"{page.method} {page.url.partition('?')[0]} (HTTP {page.status})"


def _flaws(page: HttpExchange) -> Iterator[str]:
    policies = [parse(part) for value in page.header_values("content-security-policy") for part in value.split(",")]
    if not policies:
        yield "no Content-Security-Policy"
        return
    hosts = page.about.get("hosts", "").split(", ")
    rules: Mapping[str, Callable[[Policy], str]] = {
        "script-src": _weak_scripts,
        "object-src": lambda policy: _not_none(policy, "object-src", "default-src"),
        "base-uri": lambda policy: _not_none(policy, "base-uri"),
        "connect-src": lambda policy: _foreign(policy, hosts),
        "frame-ancestors": lambda policy: _not_none(policy, "frame-ancestors"),
    }
    for name, rule in rules.items():  # each policy is enforced: it is enough that one forbids it
        flaws = [rule(policy) for policy in policies]
        if all(flaws):
            yield f"{name} {flaws[0]}"


def _sources(policy: Policy, *names: str) -> Sequence[str] | None:
    return next((policy[name] for name in names if name in policy), None)


def _not_none(policy: Policy, *names: str) -> str:
    sources = _sources(policy, *names)
    if sources is None:
        return "is not there"
    return "" if not sources or [s.lower() for s in sources] == ["'none'"] else f"is {' '.join(sources)}"


def _weak_scripts(policy: Policy) -> str:
    sources = _sources(policy, "script-src", "default-src")
    if sources is None:
        return "is not there"
    hashed = any(_HASHED.match(source.lower()) for source in sources)  # browsers then ignore 'unsafe-inline'
    weak = [s for s in map(str.lower, sources) if s in ("*", "'unsafe-eval'") or _SCHEME.match(s)]
    weak += [s for s in map(str.lower, sources) if s == "'unsafe-inline'" and not hashed]
    return f"has {' '.join(weak)}" if weak else ""


def _foreign(policy: Policy, hosts: Sequence[str]) -> str:
    sources = _sources(policy, "connect-src", "default-src")
    if sources is None:
        return "is not there"
    named = [s for s in sources if s.lower() not in ("'self'", "'none'")]
    foreign = [s for s in named if re.sub(r"^\w+://", "", s).rstrip("/") not in hosts]
    return f"allows {' '.join(foreign)}" if foreign else ""


@check("WEB-11.E2", "ASVS 5.0.0 3.4.3, Electron security checklist #7", "web")
def what_is_injected_does_not_run(seen: Record, parameters: Parameters) -> Judgement:
    """Of a web client's page in a browser, or of the page in a desktop shell's window."""
    window = {o.what: o for o in seen if isinstance(o, PolicyTrial) and o.case == IN_WINDOW}
    if window:
        return _judge_window(window)
    if not seen.one(PageView, "login").signed_in:
        raise MissingObservation("nobody was signed in")
    complaints: list[Complaint] = []
    trials = {trial.what: trial for trial in seen.of(PolicyTrial, "an injection")}
    for what in INJECTED:
        trial = _possible(trials, what)
        if trial.happened:
            complaints.append(Complaint(f"{what}: it ran, or was sent", trial))
        elif not trial.reported:
            complaints.append(Complaint(f"{what}: nothing reported that it was blocked", trial))
    return conclude(complaints, f"{len(INJECTED)} injections were blocked, and reported")


def _judge_window(trials: Mapping[str, PolicyTrial]) -> Judgement:
    """A shell may keep a request back by more than the page's policy: that it would happen without one is asked of what
    the policy did not report."""
    ran = [trials[what] for what in INTO_WINDOWS if what in trials and trials[what].happened]
    if not ran:
        for what in INTO_WINDOWS:
            if not (what in trials and trials[what].reported):
                _possible(trials, what)
    silent = [t for what, t in trials.items() if t.possible and not t.reported and not t.happened]
    complaints = [Complaint(f"{trial.what}: it ran, or was sent", trial) for trial in ran]
    complaints += [Complaint(f"{trial.what}: nothing reported that it was blocked", trial) for trial in silent]
    return conclude(complaints, f"{len(INTO_WINDOWS)} injections into the window were blocked, and reported")


def _possible(trials: Mapping[str, PolicyTrial], what: str) -> PolicyTrial:
    if what not in trials:
        raise MissingObservation(f"nobody tried: {what}")
    if not trials[what].possible:
        raise MissingObservation(f"{what}: it did not happen on a page without a policy either")
    return trials[what]


@check("WEB-11.E3", "ASVS 5.0.0 3.4.6, RFC 9700 §4.16", "web")
def nobody_frames_the_pages(seen: Record, parameters: Parameters) -> Judgement:
    trials = {trial.page: trial for trial in seen.of(PolicyTrial, "a frame")}
    framed = [_possible(trials, page) for page in FRAMED]
    complaints = [Complaint(f"{t.page}: a page of another origin shows it in a frame", t) for t in framed if t.happened]
    return conclude(complaints, f"{len(FRAMED)} pages are shown in no frame of another origin")
