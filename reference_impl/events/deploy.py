"""What a deployment puts on a stage's bus: who is sent which events, who may publish, and the archive.

The patterns are the first border between stages, the bus's policy says whose entries are taken at all, and consumers
still verify each event (consumer.py): a rule or a policy that somebody changes is not noticed by those behind it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING

from reference_impl.events.fields import EventType

if TYPE_CHECKING:
    from mypy_boto3_events import EventBridgeClient

ARCHIVE_DAYS = 90  # as long as a consumer may keep the pseudonyms (fields.py)


def subscriber_pattern(app: str, stage: str, issuer: str) -> Mapping[str, object]:
    """Return the pattern of the events of one issuer at one stage (Amazon EventBridge event patterns)."""
    return {
        "source": [f"{app}.{stage}"],
        "detail-type": [str(type_) for type_ in EventType],
        "detail": {"properties": {"stage": [stage], "issuer": [issuer]}},
    }


def failure_pattern(app: str, stage: str, issuer: str) -> Mapping[str, object]:
    """Return the pattern of what the burst alarm counts."""
    return {**subscriber_pattern(app, stage, issuer), "detail-type": [str(EventType.REFRESH_FAILED)]}


def bus_policy(bus_arn: str, app: str, stage: str, issuer_role_arn: str) -> Mapping[str, object]:
    """Return the resource policy of a bus: nobody but the issuer's role puts auth events on it, and that role none of
    another stage."""
    put = {"Action": "events:PutEvents", "Resource": bus_arn}
    others = {"StringNotEquals": {"aws:PrincipalArn": issuer_role_arn}, "StringLike": {"events:detail-type": "auth.*"}}
    elsewhere = {"StringNotEquals": {"events:source": f"{app}.{stage}"}}
    return {
        "Version": "2012-10-17",
        "Statement": [
            {"Sid": "IssuerPublishes", "Effect": "Allow", "Principal": {"AWS": issuer_role_arn}, **put},
            {"Sid": "NobodyElseTellsOfLogins", "Effect": "Deny", "Principal": "*", **put, "Condition": others},
            {
                "Sid": "OnlyThisStage",
                "Effect": "Deny",
                "Principal": {"AWS": issuer_role_arn},
                **put,
                "Condition": elsewhere,
            },
        ],
    }


def put_rule(events: EventBridgeClient, bus: str, name: str, pattern: Mapping[str, object], target_arn: str) -> None:
    """Make a rule that sends what the pattern matches to one target."""
    events.put_rule(Name=name, EventBusName=bus, EventPattern=json.dumps(pattern))
    events.put_targets(Rule=name, EventBusName=bus, Targets=[{"Id": name[:64], "Arn": target_arn}])


def make_archive(events: EventBridgeClient, bus_arn: str, name: str, pattern: Mapping[str, object]) -> str:
    """Make an archive, from which the events can be replayed; return its ARN. Consumers drop what they had before."""
    made = events.create_archive(
        ArchiveName=name, EventSourceArn=bus_arn, EventPattern=json.dumps(pattern), RetentionDays=ARCHIVE_DAYS
    )
    return made["ArchiveArn"]
