"""Judgements about where a desktop shell sends its credentials."""

from __future__ import annotations

from harness.checks.common import Complaint, conclude
from harness.checks.registry import Parameters, check
from harness.model import Judgement
from harness.observations.bridge import BridgeCalls, Destinations, ShellState
from harness.observe import MissingObservation, Record

NAMED = "after the addresses"
REDIRECTED = ("redirected by 302", "redirected by 307")
SENT = "addresses of an attacker"


@check("BRIDGE-09.E1", "RFC 9700 §4.9.1, ASVS 5.0.0 13.2.4")
def the_attacker_gets_no_credential(seen: Record, parameters: Parameters) -> Judgement:
    complaints = []
    for went in _destinations(seen):
        if went.credentials:
            complaints.append(Complaint(f"{went.case}: {went.credentials} requests brought a credential", went))
        elif went.came and went.case == NAMED:
            complaints.append(Complaint(f"{went.case}: {len(went.came)} requests came to the attacker", went))
    return conclude(complaints, "the attacker got no request with a credential")


@check("BRIDGE-09.E2", "ASVS 5.0.0 13.2.4")
def requests_go_to_configured_hosts(seen: Record, parameters: Parameters) -> Judgement:
    complaints = []
    for went in _destinations(seen):
        strange = sorted(set(went.arrived) - set(went.configured))
        complaints += [Complaint(f"{went.case}: a credential went to {host}", went) for host in strange]
        if went.came:
            complaints.append(Complaint(f"{went.case}: {len(went.came)} requests came to the attacker", went))
    return conclude(complaints, "all requests went to the hosts of the configuration")


@check("BRIDGE-09.E3", "ASVS 5.0.0 2.2.2")
def addresses_in_messages_are_refused(seen: Record, parameters: Parameters) -> Judgement:
    sent, state = seen.one(BridgeCalls, SENT), seen.one(ShellState, NAMED)
    if not sent.calls or any(call.outcome == "absent" for call in sent.calls):
        raise MissingObservation("no message was sent")
    ignored = [line for line in state.refusals if "ignored" in line]
    complaints = [
        Complaint(f"{call.what} on {call.channel}: {call.outcome}", sent)
        for call in sent.calls
        if call.outcome not in sent.codes and not any(f'"{call.channel}"' in line for line in ignored)
    ]
    return conclude(complaints, f"{len(sent.calls)} messages with addresses were refused by typed errors")


def _destinations(seen: Record) -> list[Destinations]:
    """Raises MissingObservation unless the listener notices who comes, and the shell sent credentials at all."""
    found = [seen.one(Destinations, case) for case in (NAMED, *REDIRECTED)]
    for went in found:
        if not went.noticed:
            raise MissingObservation(f"{went.case}: the listener does not notice who comes")
        if not went.arrived and not went.credentials:
            raise MissingObservation(f"{went.case}: the shell sent no credential anywhere")
    return found
