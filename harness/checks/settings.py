"""Judgements about environment selector and debug page, and who comes to them."""

from __future__ import annotations

import re
from collections.abc import Iterator

from harness.checks.common import Complaint, conclude
from harness.checks.registry import Parameters, check
from harness.model import Judgement
from harness.observations import LogCapture, SecretScan
from harness.observations.bridge import BridgeCalls, Surface
from harness.observations.settings import DebugPanel, MarkerSearch, ToolsTrial
from harness.observe import MissingObservation, Record

WAYS = ("the settings", "its addresses", "the path", "the fragment", "a deep link", "the shortcuts")
GRANTS = (
    "a query parameter",
    "local storage",
    "session storage",
    "a cookie",
    "headers",
    "the environment",
    "an altered answer",
    "a token with the claim",
)
ABSENT = (301, 302, 303, 307, 308, 404)
REFUSED = (401, 403, 404)
SCANS = ("shown", "taken", "answered")
FIELDS = ("stage", "issuer", "client_id", "storage mode", "session expires", "access token expires", "last refresh")
NOTHING = ("", "none yet", "unknown")
WITHIN = 60.0  # seconds until who is internal no more has lost the tools
_TELLING = re.compile(r"debug|devtool|internal|environment|stage|dump|config", re.IGNORECASE)


@check("SETTINGS-01.E1", "ASVS 5.0.0 13.4.2, 13.4.5", "web")
def production_has_no_tools(seen: Record, parameters: Parameters) -> Judgement:
    _require_tools(seen.one(ToolsTrial, "elsewhere"))
    trials = seen.of(ToolsTrial, "at production")
    _require(WAYS, [trial.way for trial in trials])
    if unseen := [trial.way for trial in trials if not trial.statuses and not trial.shown]:
        raise MissingObservation(f"the settings were not shown: {', '.join(unseen)}")
    complaints = list(_found(trials, ABSENT))
    return conclude(complaints, f"{len(trials)} ways led to no trace of selector and debug page")


@check("SETTINGS-01.E2", "ASVS 5.0.0 15.2.3", "desktop")
def the_bridge_does_not_debug(seen: Record, parameters: Parameters) -> Judgement:
    surface, calls = seen.one(Surface, "functions"), seen.one(BridgeCalls, "channels")
    outcomes = {call.channel: call.outcome for call in calls.calls}
    if outcomes.pop("session:get", "") != "value" or not outcomes:
        raise MissingObservation("the bridge answered no message, so its refusals tell nothing")
    complaints = [Complaint(f"the page has shell.{n}", surface) for n in surface.seen if _TELLING.search(n)]
    answered = [c for c, outcome in outcomes.items() if outcome not in ("UnknownChannel", "Forbidden")]
    complaints += [Complaint(f"{channel} is answered: {outcomes[channel]}", calls) for channel in answered]
    return conclude(complaints, f"no function for debugging, and {len(outcomes)} channels are not there")


@check("SETTINGS-01.E3", "ASVS 5.0.0 13.4.2", "web")
def production_artifacts_hold_no_tools(seen: Record, parameters: Parameters) -> Judgement:
    search = seen.one(MarkerSearch, "artifacts")
    _require(search.searched, {found.partition(": ")[2] for found in search.control})
    complaints = [Complaint(f"a production build holds {found}", search) for found in search.found]
    return conclude(complaints, f"{len(search.searched)} markers of an internal build are in no production artifact")


@check("SETTINGS-02.E1", "ASVS 5.0.0 8.3.1, 2.2.2", "web")
def nobody_makes_himself_internal(seen: Record, parameters: Parameters) -> Judgement:
    trials = seen.of(ToolsTrial, "an ordinary user")
    _require(("nothing", *GRANTS), [trial.way for trial in trials])
    if not all(trial.statuses for trial in trials):
        raise MissingObservation("nothing was asked for behind the tools")
    return conclude(list(_found(trials, REFUSED)), f"{len(trials)} attempts brought no tools")


@check("SETTINGS-02.E2", "ASVS 5.0.0 8.3.1", "web")
def who_is_internal_no_more_loses_them(seen: Record, parameters: Parameters) -> Judgement:
    _require_tools(seen.one(ToolsTrial, "on again"))
    after = seen.one(ToolsTrial, "no more")
    if not after.statuses or not 0 < after.seconds <= WITHIN:
        raise MissingObservation(f"nobody looked within {WITHIN:g} s")
    return conclude(list(_found([after], REFUSED)), f"within {after.seconds:g} s the tools were gone")


@check("SETTINGS-02.E3", "ASVS 5.0.0 16.2.1", "web")
def turning_them_on_and_off_is_recorded(seen: Record, parameters: Parameters) -> Judgement:
    log, turned = seen.one(LogCapture, "turns"), seen.of(ToolsTrial, "on", "off", "on again")
    about = turned[0].about
    if not about.get("subject"):
        raise MissingObservation("nobody knows whose account it is")
    records = [r for r in log.records if r.get("did") in ("on", "off")]
    complaints = []
    if [r["did"] for r in records] != ["on", "off", "on"]:
        told = ", ".join(str(r["did"]) for r in records) or "nothing"
        complaints.append(Complaint(f"on, off and on again were recorded as: {told}", log))
    for record in records:
        lacking = [name for name in ("who", "at", "stage") if not record.get(name)]
        if lacking or record["who"] != about["subject"] or record["stage"] != about["stage"]:
            wrong = ", ".join(lacking) or "the account or the stage as it is"
            complaints.append(Complaint(f"a record of {record['did']} lacks {wrong}", log))
    return conclude(complaints, f"{len(records)} records tell who, when and where")


@check("SETTINGS-03.E1", "ASVS 5.0.0 14.2.6, 16.2.5", "web")
def no_secret_is_shown(seen: Record, parameters: Parameters) -> Judgement:
    scans = [seen.one(SecretScan, case) for case in SCANS]
    complaints = [Complaint(f"{hit.mark} in {hit.place} {hit.transform}".strip(), s) for s in scans for hit in s.hits]
    for scan in () if complaints else scans:
        if not scan.planted_found or not scan.kinds or not scan.bytes:
            raise MissingObservation(f"{scan.case}: a planted secret was not found, so finding none tells nothing")
    places = [place for scan in scans for place in scan.places]
    return conclude(complaints, f"no secret in {', '.join(places)}")


@check("SETTINGS-03.E2", "ASVS 5.0.0 16.2.5", "web")
def the_page_is_useful(seen: Record, parameters: Parameters) -> Judgement:
    panel = seen.one(DebugPanel, "panel")
    lacking = [name for name in FIELDS if panel.fields.get(name, "") in NOTHING]
    complaints = [Complaint(f"it does not tell: {name}", panel) for name in lacking]
    return conclude(complaints, f"it tells {', '.join(FIELDS)}")


@check("SETTINGS-03.E3", "ASVS 5.0.0 14.2.6", "web")
def values_of_the_environment_are_not_shown(seen: Record, parameters: Parameters) -> Judgement:
    panel = seen.one(DebugPanel, "panel")
    if not {"set", "unset"} <= set(panel.variables.values()):
        raise MissingObservation("it names no variable that is set, or none that is not")
    shown = [name for name, told in panel.variables.items() if told not in ("set", "unset")]
    complaints = [Complaint(f"it shows the value of {name}", panel) for name in shown]
    return conclude(complaints, f"it tells of {len(panel.variables)} variables whether they are set")


def _found(trials: list[ToolsTrial] | tuple[ToolsTrial, ...], good: tuple[int, ...]) -> Iterator[Complaint]:
    for trial in trials:
        if trial.nodes:
            yield Complaint(f"{trial.way}: the page holds {', '.join(trial.nodes)}", trial)
        for name, status in trial.statuses.items():
            if status not in good:
                yield Complaint(f"{trial.way}: {name} is answered by HTTP {status}", trial)


def _require_tools(trial: ToolsTrial) -> None:
    """Where they should be, they must have been seen: what finds them there finds them anywhere."""
    if len(trial.nodes) < 3 or trial.statuses.get("the report") != 200:
        raise MissingObservation("an internal user did not see the tools either")


def _require(wanted: tuple[str, ...], tried: object) -> None:
    assert isinstance(tried, list | set | tuple)
    if lacking := [each for each in wanted if each not in tried]:
        raise MissingObservation(f"not tried, or not found where it should be: {', '.join(lacking)}")
