"""What probes saw, as typed records.

Every observation answers one stimulus, named by `case`. Times are seconds, sizes are bytes. Strings are redacted: where
a secret stood, its mark stands.
"""

from __future__ import annotations

from harness.observations.artifacts import ArtifactValues, FoundValue
from harness.observations.attributes import AccessAttempt, FileMode, FileModes, TamperTable, TamperTrial
from harness.observations.base import Absence, Confirmation, Observation
from harness.observations.clients import Cookie, CookieJar, PageView, ProcessRun
from harness.observations.codec import from_json, to_json
from harness.observations.configuration import ConfigurationComparison
from harness.observations.cross_site import CrossSiteAttempt, ReceivedRequest
from harness.observations.event_life import (
    Alerts,
    BufferFill,
    CallSizes,
    Erasure,
    EventFlow,
    EventSchemas,
    EventTrial,
    FlowEvent,
    SessionReferences,
)
from harness.observations.events import BusCapture, BusEvent, LogCapture, PublishCall, PublishTranscript
from harness.observations.evidence import AuditResult, DocumentedLifetime, Hit, LifetimeTable, SecretScan, StatusTable
from harness.observations.http import (
    CallbackDelivery,
    HttpExchange,
    Race,
    RealtimeConnection,
    SecretSample,
    TokenFacts,
    Visits,
    Volley,
)
from harness.observations.identifiers import IdentifierTrial
from harness.observations.moves import MovePoint, MoveTable
from harness.observations.page_policy import PolicyTrial
from harness.observations.recovery import OperationEntry, OperationsTrail
from harness.observations.rotation import RotationPlan
from harness.observations.secrets import SecretAccess
from harness.observations.store_trials import (
    KilledRotation,
    KilledRotations,
    KillPoint,
    KillTable,
    Resumption,
    Resumptions,
    StoreEvent,
    StoreHistory,
)
from harness.observations.stores import SelfTestRun, StoreListing, StoreOperation, StoreState
from harness.observations.sync import StoredData, SyncRequest, SyncState, SyncTraffic, SyncWrites
from harness.observations.vaults import (
    BrowserHandover,
    CrashRecord,
    NativeItem,
    NativeListing,
    PersistencePolicy,
    ProcessWatch,
    Responsiveness,
)

__all__ = [
    "Absence",
    "AccessAttempt",
    "Alerts",
    "ArtifactValues",
    "AuditResult",
    "BrowserHandover",
    "BufferFill",
    "BusCapture",
    "BusEvent",
    "CallSizes",
    "CallbackDelivery",
    "ConfigurationComparison",
    "Confirmation",
    "Cookie",
    "CookieJar",
    "CrashRecord",
    "CrossSiteAttempt",
    "DocumentedLifetime",
    "Erasure",
    "EventFlow",
    "EventSchemas",
    "EventTrial",
    "FileMode",
    "FileModes",
    "FlowEvent",
    "FoundValue",
    "Hit",
    "HttpExchange",
    "IdentifierTrial",
    "KillPoint",
    "KillTable",
    "KilledRotation",
    "KilledRotations",
    "LifetimeTable",
    "LogCapture",
    "MovePoint",
    "MoveTable",
    "NativeItem",
    "NativeListing",
    "Observation",
    "OperationEntry",
    "OperationsTrail",
    "PageView",
    "PersistencePolicy",
    "PolicyTrial",
    "ProcessRun",
    "ProcessWatch",
    "PublishCall",
    "PublishTranscript",
    "Race",
    "RealtimeConnection",
    "ReceivedRequest",
    "Responsiveness",
    "Resumption",
    "Resumptions",
    "RotationPlan",
    "SecretAccess",
    "SecretSample",
    "SecretScan",
    "SelfTestRun",
    "SessionReferences",
    "StatusTable",
    "StoreEvent",
    "StoreHistory",
    "StoreListing",
    "StoreOperation",
    "StoreState",
    "StoredData",
    "SyncRequest",
    "SyncState",
    "SyncTraffic",
    "SyncWrites",
    "TamperTable",
    "TamperTrial",
    "TokenFacts",
    "Visits",
    "Volley",
    "from_json",
    "to_json",
]
