"""What a target lets the harness do or see, as typed interfaces. Steps speak to these and to nothing else.

A target that does not offer a capability answers with its `absent` port, whose every use raises NotOffered; the
scenario is then `not_run` with that reason. `validating` wraps a port so that what it returns is what it promises.
"""

from harness.ports.bus import Bus, Publisher
from harness.ports.clients import DesktopClient, RelyingParty, StoreClient, WebClient
from harness.ports.configuration import Configuration
from harness.ports.events import (
    AlertRule,
    BusOutage,
    EventContract,
    EventPath,
    Failure,
    Logs,
    SessionEnds,
    Subscribers,
)
from harness.ports.file_vault import FileVault
from harness.ports.issuer import Admin, Clock, Copies, Issuer, Realtime, SigningKey, Surroundings, UpstreamIdentity
from harness.ports.operation import Artifacts, Documentation, Process, Rehearsal
from harness.ports.recovery import Recovery
from harness.ports.rotation import Rotation
from harness.ports.store_trials import StoreTrials
from harness.ports.stored import StoredClient
from harness.ports.sync import SyncPage, SyncServer
from harness.ports.target import Target
from harness.ports.wrapping import absent, validating

__all__ = [
    "Admin",
    "AlertRule",
    "Artifacts",
    "Bus",
    "BusOutage",
    "Clock",
    "Configuration",
    "Copies",
    "DesktopClient",
    "Documentation",
    "EventContract",
    "EventPath",
    "Failure",
    "FileVault",
    "Issuer",
    "Logs",
    "Process",
    "Publisher",
    "Realtime",
    "Recovery",
    "Rehearsal",
    "RelyingParty",
    "Rotation",
    "SessionEnds",
    "SigningKey",
    "StoreClient",
    "StoreTrials",
    "StoredClient",
    "Subscribers",
    "Surroundings",
    "SyncPage",
    "SyncServer",
    "Target",
    "UpstreamIdentity",
    "WebClient",
    "absent",
    "validating",
]
