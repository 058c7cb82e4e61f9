"""Observations as JSON, and back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, cast

from pydantic import Field, TypeAdapter

from harness.observations.artifacts import ArtifactValues
from harness.observations.attributes import AccessAttempt, FileModes, TamperTable
from harness.observations.base import Absence, Confirmation, Observation
from harness.observations.bridge import (
    AfterLogout,
    BridgeCalls,
    Destinations,
    HandedToken,
    HeldSession,
    Openings,
    Replies,
    Settlements,
    ShellNotes,
    ShellProcess,
    ShellState,
    SocketTable,
    Surface,
)
from harness.observations.builds import PackedLogin, StageSelector
from harness.observations.clients import CookieJar, PageView, ProcessRun
from harness.observations.configuration import ConfigurationComparison
from harness.observations.cross_site import CrossSiteAttempt
from harness.observations.event_life import (
    Alerts,
    BufferFill,
    CallSizes,
    Erasure,
    EventFlow,
    EventSchemas,
    EventTrial,
    SessionReferences,
)
from harness.observations.events import BusCapture, LogCapture, PublishTranscript
from harness.observations.evidence import AuditResult, LifetimeTable, SecretScan, StatusTable
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
from harness.observations.moves import MoveTable
from harness.observations.navigation import NavigationTrail
from harness.observations.page_policy import PolicyTrial
from harness.observations.recovery import OperationsTrail
from harness.observations.rotation import RotationPlan
from harness.observations.secrets import SecretAccess
from harness.observations.settings import DebugPanel, MarkerSearch, ToolsTrial
from harness.observations.store_trials import KilledRotations, KillTable, Resumptions, StoreHistory
from harness.observations.stores import SelfTestRun, StoreListing, StoreOperation, StoreState
from harness.observations.switching import KilledSwitches, StageSwitch
from harness.observations.sync import StoredData, SyncState, SyncTraffic, SyncWrites
from harness.observations.vaults import (
    BrowserHandover,
    CrashRecord,
    NativeListing,
    PersistencePolicy,
    ProcessWatch,
    Responsiveness,
)
from harness.observations.web_expiry import DataExpiry, KeptData
from harness.observations.web_logout import RevocationState, TabRequests, TabView, UserNotes

__all__ = ["from_json", "to_json"]

Known = (
    Absence
    | Confirmation
    | HttpExchange
    | TokenFacts
    | BusCapture
    | Alerts
    | BufferFill
    | CallSizes
    | Erasure
    | EventFlow
    | EventSchemas
    | EventTrial
    | SessionReferences
    | CallbackDelivery
    | SecretSample
    | PublishTranscript
    | StoreOperation
    | StoreListing
    | StoreState
    | StoredData
    | SyncState
    | SyncTraffic
    | SyncWrites
    | SecretAccess
    | KillTable
    | MoveTable
    | KilledRotations
    | Resumptions
    | StoreHistory
    | SelfTestRun
    | ProcessRun
    | PageView
    | CookieJar
    | CrossSiteAttempt
    | IdentifierTrial
    | PolicyTrial
    | NavigationTrail
    | ToolsTrial
    | DebugPanel
    | MarkerSearch
    | SecretScan
    | Openings
    | AfterLogout
    | HeldSession
    | Replies
    | Settlements
    | ShellNotes
    | Destinations
    | HandedToken
    | ShellProcess
    | Race
    | RealtimeConnection
    | LifetimeTable
    | LogCapture
    | ArtifactValues
    | PackedLogin
    | StageSelector
    | AuditResult
    | StatusTable
    | Visits
    | Volley
    | RotationPlan
    | BrowserHandover
    | CrashRecord
    | NativeListing
    | PersistencePolicy
    | ProcessWatch
    | Responsiveness
    | AccessAttempt
    | FileModes
    | TamperTable
    | ConfigurationComparison
    | OperationsTrail
    | StageSwitch
    | KilledSwitches
    | SocketTable
    | BridgeCalls
    | ShellState
    | Surface
    | TabView
    | TabRequests
    | UserNotes
    | RevocationState
    | DataExpiry
    | KeptData
)
_adapter: TypeAdapter[Known] = TypeAdapter(Annotated[Known, Field(discriminator="kind")])


def to_json(observation: Observation) -> dict[str, Any]:
    """The observation as JSON-ready data; `from_json` gives an equal one back."""
    return cast("dict[str, Any]", _adapter.dump_python(cast("Known", observation), mode="json"))


def from_json(data: Mapping[str, Any]) -> Observation:
    """The observation in `data`. Raises pydantic.ValidationError where it is none."""
    return _adapter.validate_python(dict(data), strict=False)
