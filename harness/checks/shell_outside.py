"""Judgements about a desktop shell's way to what is not its own: other pages, the system's browser, hostile starts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from fnmatch import fnmatchcase
from urllib.parse import urlsplit

from harness.checks.common import Complaint, conclude
from harness.checks.registry import Parameters, check
from harness.model import Judgement
from harness.observations.bridge import BridgeCalls, Openings, ShellProcess
from harness.observe import MissingObservation, Record

BY_MESSAGE, SIGN_IN = "by message", "the sign-in"
WAYS = (BY_MESSAGE, "by a new window", "by a link")
ASTRAY = ("led astray", "windows astray")
TO_LOGIN = "led to the login"
WITNESS = "witness-of-a-payload"
REQUIRED: Mapping[str, Mapping[str, str]] = {
    "settings": {
        "JavascriptCanOpenWindows": "off",
        "LocalContentCanAccessRemoteUrls": "off",
        "LocalContentCanAccessFileUrls": "off",
        "AllowRunningInsecureContent": "off",
        "preload in the page's world": "off",
    },
    "behaviour": {
        "node in the page's world": "off",
        "reads across origins": "off",
        "reads local files": "off",
    },
}
"""What windows must be set to, by how it was looked at."""
WHERE_TOLD = {"preload in the page's world": "off"}  # Electron alone shows it from outside


@check("BRIDGE-06.E1", "Electron security checklist #2, #3, #4, #6")
def windows_and_renderers_are_confined(seen: Record, parameters: Parameters) -> Judgement:
    start = _started(seen)
    if not start.settings or not start.renderers:
        raise MissingObservation("no window or no renderer was seen")
    complaints = [
        f"{window}: {name} is {told.get(name, 'not told')}"
        for window, told in start.settings.items()
        for name, value in _required(start.looked_at, told).items()
        if told.get(name) != value
    ]
    seen_ones = [how for how in start.renderers if how != "gone"]
    complaints += [f"a renderer is {how}" for how in seen_ones if not how.startswith("confined")]
    complaints += [f"a process was started with {flag}" for flag in start.flags]
    if not complaints and len(seen_ones) < len(start.renderers):
        raise MissingObservation("a renderer ended before it was seen how it was confined")
    good = f"{len(start.settings)} windows have the required settings, {len(seen_ones)} renderers are confined"
    return conclude([Complaint(text, start) for text in complaints], good)


def _required(looked_at: str, told: Mapping[str, str]) -> Mapping[str, str]:
    further = {name: value for name, value in WHERE_TOLD.items() if name in told}
    return {**REQUIRED[looked_at], **further}


@check("BRIDGE-06.E2", "Electron security checklist #13, #14")
def windows_go_nowhere_else(seen: Record, parameters: Parameters) -> Judgement:
    complaints, count = list[Complaint](), 0
    for case in ASTRAY:
        openings = seen.one(Openings, case)
        count += len(openings.asked)
        complaints += _strange_windows(openings)
        if openings.came:
            complaints.append(Complaint(f"{case}: {openings.came} requests came elsewhere", openings))
    if not count:
        raise MissingObservation("no window was led astray")
    return conclude(complaints, f"{count} navigations and windows to what is not the application's were denied")


@check("BRIDGE-06.E3", "Electron security checklist #19")
def nothing_from_outside_opens_it(seen: Record, parameters: Parameters) -> Judgement:
    start = _started(seen)
    if not start.tried:
        raise MissingObservation("nobody tried to open it up from outside")
    complaints = [f"it listens at {at}" for at in start.listening]
    complaints += [f"a process was started with {flag}" for flag in start.flags if "debugging" in flag]
    if start.ran:
        complaints.append("it ran foreign code")
    return conclude([Complaint(text, start) for text in complaints], "no port was open, and no foreign code ran")


def _started(seen: Record) -> ShellProcess:
    start = seen.one(ShellProcess, "a hostile start")
    if not start.started:
        raise MissingObservation(f"the shell did not start: {start.about.get('error', '')}")
    return start


@check("BRIDGE-07.E1", "Electron security checklist #15, ASVS 5.0.0 3.7.2")
def only_issuer_and_help_are_opened(seen: Record, parameters: Parameters) -> Judgement:
    complaints = []
    for openings in _require_opened(seen):
        allowed = {openings.issuer, *openings.help}
        complaints += [
            Complaint(f"{openings.case}: the browser was opened at {_origin(url)}", openings)
            for url in openings.opened
            if _origin(url) not in allowed
        ]
    return conclude(complaints, "the browser was opened at the issuer and at help pages only")


@check("BRIDGE-07.E2", "Electron security checklist #15")
def refused_openings_are_typed_and_logged(seen: Record, parameters: Parameters) -> Judgement:
    _require_opened(seen)
    sent, heard = seen.one(BridgeCalls, BY_MESSAGE), seen.one(Openings, BY_MESSAGE)
    complaints = [
        Complaint(f"{call.what}: {call.outcome}", sent)
        for call in sent.calls
        if call.outcome != "value" and call.outcome not in sent.codes
    ]
    refused = sum(call.outcome in sent.codes for call in sent.calls)
    if not refused:
        raise MissingObservation("nothing was refused")
    if len(heard.refusals) < refused:
        complaints.append(Complaint(f"{refused} were refused, {len(heard.refusals)} are logged", heard))
    complaints += [
        Complaint(f"{openings.case}: a log holds what follows the origin", openings)
        for openings in (seen.one(Openings, way) for way in WAYS)
        if any(WITNESS in line for line in openings.refusals)
    ]
    return conclude(complaints, f"{refused} addresses were refused, typed and logged")


@check("BRIDGE-07.E3", "RFC 8252 §8.12")
def nobody_signs_in_inside(seen: Record, parameters: Parameters) -> Judgement:
    _require_opened(seen)
    led = seen.one(Openings, TO_LOGIN)
    complaints = [*_strange_windows(seen.one(Openings, SIGN_IN)), *_strange_windows(led)]
    return conclude(complaints, "a sign-in goes to the system's browser, and no window to the issuer")


def _require_opened(seen: Record) -> list[Openings]:
    """Raises MissingObservation unless the browser was opened for the sign-in and at the help page that was asked for:
    where nothing is opened at all, nothing is refused."""
    found = [seen.one(Openings, case) for case in (*WAYS, SIGN_IN)]
    by_message, sign_in = found[0], found[-1]
    if not any(_origin(url) in by_message.help for url in by_message.opened):
        raise MissingObservation("the browser was not opened at the help page")
    if not any(_origin(url) == sign_in.issuer for url in sign_in.opened):
        raise MissingObservation("the browser was not opened for the sign-in")
    return found


def _strange_windows(openings: Openings) -> Iterable[Complaint]:
    if not openings.windows:
        raise MissingObservation(f"{openings.case}: no window was seen")
    strange = [url for url in openings.windows if not any(fnmatchcase(url, own) for own in openings.own)]
    return [Complaint(f"{openings.case}: a window shows {_origin(url)}", openings) for url in strange]


def _origin(url: str) -> str:
    """Scheme, and whatever stands between it and the path: a user name makes it another origin."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"
