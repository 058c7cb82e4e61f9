"""What every target has: ports that it does not offer answer so, and say why."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from harness.model import STAGES, Waiver
from harness.observe import Recorder
from harness.ports import (
    Admin,
    AlertRule,
    Artifacts,
    Bus,
    BusOutage,
    Clock,
    Configuration,
    DesktopClient,
    Documentation,
    EventContract,
    EventPath,
    FileVault,
    Issuer,
    Logs,
    Process,
    Publisher,
    Realtime,
    Recovery,
    Rehearsal,
    RelyingParty,
    Rotation,
    SessionEnds,
    SigningKey,
    StoreClient,
    StoredClient,
    StoreTrials,
    Subscribers,
    Surroundings,
    SyncPage,
    SyncServer,
    WebClient,
    absent,
)
from harness.ports.builds import PackedClients
from harness.ports.cross_site import CrossSite
from harness.ports.loopback import LoopbackLogin
from harness.ports.navigation import Navigation
from harness.ports.page_policy import PagePolicy
from harness.ports.session_identifiers import SessionIdentifiers
from harness.ports.settings import Settings
from harness.ports.shell import DesktopShell
from harness.ports.shell_credentials import ShellCredentials
from harness.ports.shell_hindered import HinderedShell
from harness.ports.shell_logout import ShellLogout
from harness.ports.shell_outside import ShellLaunch, ShellOutside
from harness.ports.shell_policy import ShellPolicy
from harness.ports.shell_secrets import ShellSecrets
from harness.ports.switching import StageSwitching
from harness.ports.web_expiry import WebExpiry
from harness.ports.web_logout import WebLogout

__all__ = ["BaseTarget", "Leave"]

P = TypeVar("P")


@dataclass(frozen=True)
class Leave:
    """What a run may do to a target that is not its own: `read_only`, nothing but GET and HEAD is sent;
    `allow_destructive`, scenarios that may disturb others run on production too."""

    read_only: bool = False
    allow_destructive: bool = False


class BaseTarget:
    """A target that offers nothing yet. Subclasses override what they offer."""

    name = "base"
    version = ""
    stages: Sequence[str] = STAGES
    browsers: Sequence[str] = ()
    further_browsers: Sequence[str] = ()
    stores: Sequence[str] = ()
    confirms = False
    patience: float | None = None
    scenario_seconds = 240.0
    declared_absent: Mapping[str, str] = {}  # capability: why the target has none
    parameters: Mapping[str, float] = {}
    remedies: Mapping[str, str] = {}
    expected_failures: Sequence[Waiver] = ()

    def client_of_trial(self, trial: int) -> str:
        return "requests"

    def spares(self, stage: str) -> str:
        return ""

    def _absent(self, protocol: type[P], capability: str, called: str = "") -> P:
        """A port that says what is lacking, and why where the target's description says so."""
        reason = self.declared_absent.get(capability.replace(" ", "_"))
        told = reason or f"{self.name} describes no {called or capability}"
        return absent(protocol, capability, told, declared=reason is not None)

    def issuer(self, stage: str, recorder: Recorder) -> Issuer:
        return self._absent(Issuer, "issuer")

    def clock(self) -> Clock:
        return self._absent(Clock, "clock", "test clock")

    def bus(self, recorder: Recorder) -> Bus:
        return self._absent(Bus, "bus")

    def publisher(self, recorder: Recorder) -> Publisher:
        return self._absent(Publisher, "bus", "publisher")

    def event_contract(self, recorder: Recorder) -> EventContract:
        return self._absent(EventContract, "bus", "schema of its events")

    def event_path(self, recorder: Recorder) -> EventPath:
        return self._absent(EventPath, "bus", "publisher")

    def subscribers(self, recorder: Recorder) -> Subscribers:
        return self._absent(Subscribers, "bus", "subscribers")

    def alert_rule(self, recorder: Recorder) -> AlertRule:
        return self._absent(AlertRule, "bus", "rule that alerts")

    def session_ends(self, recorder: Recorder) -> SessionEnds:
        return self._absent(SessionEnds, "bus", "ends of sessions")

    def logs(self, recorder: Recorder) -> Logs:
        return self._absent(Logs, "logs", "logs")

    def bus_outage(self, recorder: Recorder) -> BusOutage:
        return self._absent(BusOutage, "bus", "way to its bus")

    def process(self, recorder: Recorder) -> Process:
        return self._absent(Process, "process")

    def admin(self) -> Admin:
        return self._absent(Admin, "admin", "administration")

    def store(self, store: str, recorder: Recorder) -> StoreClient:
        return self._absent(StoreClient, "store")

    def store_trials(self, recorder: Recorder) -> StoreTrials:
        return self._absent(StoreTrials, "store", "store that may be killed")

    def desktop(self, stage: str, recorder: Recorder, situation: str = "") -> DesktopClient:
        return self._absent(DesktopClient, "desktop", "desktop client")

    def loopback(self, stage: str, recorder: Recorder) -> LoopbackLogin:
        return self._absent(LoopbackLogin, "desktop", "native client")

    def shell(self, stage: str, recorder: Recorder) -> DesktopShell:
        return self._absent(DesktopShell, "desktop", "desktop shell")

    def shell_logout(self, stage: str, recorder: Recorder) -> ShellLogout:
        return self._absent(ShellLogout, "desktop", "desktop shell")

    def shell_hindered(self, stage: str, recorder: Recorder) -> HinderedShell:
        return self._absent(HinderedShell, "desktop", "desktop shell")

    def shell_credentials(self, stage: str, recorder: Recorder) -> ShellCredentials:
        return self._absent(ShellCredentials, "desktop", "desktop shell")

    def shell_policy(self, stage: str, recorder: Recorder) -> ShellPolicy:
        return self._absent(ShellPolicy, "desktop", "desktop shell")

    def shell_secrets(self, stage: str, recorder: Recorder) -> ShellSecrets:
        return self._absent(ShellSecrets, "desktop", "desktop shell")

    def shell_launch(self, stage: str, recorder: Recorder) -> ShellLaunch:
        return self._absent(ShellLaunch, "desktop", "desktop shell")

    def shell_outside(self, stage: str, recorder: Recorder) -> ShellOutside:
        return self._absent(ShellOutside, "desktop", "desktop shell")

    def stored_client(self, stage: str, recorder: Recorder) -> StoredClient:
        return self._absent(StoredClient, "desktop", "desktop client")

    def file_vault(self, stage: str, recorder: Recorder) -> FileVault:
        return self._absent(FileVault, "store", "vault of files")

    def web(self, stage: str, browser: str, recorder: Recorder, on_disk: bool = False) -> WebClient:
        return self._absent(WebClient, "web", "web client")

    def cross_site(self, stage: str, browser: str, recorder: Recorder) -> CrossSite:
        return self._absent(CrossSite, "web", "web client")

    def session_identifiers(self, stage: str, browser: str, recorder: Recorder) -> SessionIdentifiers:
        return self._absent(SessionIdentifiers, "web", "web client")

    def page_policy(self, stage: str, browser: str, recorder: Recorder) -> PagePolicy:
        return self._absent(PagePolicy, "web", "web client")

    def settings(self, stage: str, browser: str, recorder: Recorder) -> Settings:
        return self._absent(Settings, "web", "web client")

    def navigation(self, stage: str, browser: str, recorder: Recorder) -> Navigation:
        return self._absent(Navigation, "web", "web client")

    def web_expiry(self, stage: str, browser: str, recorder: Recorder) -> WebExpiry:
        return self._absent(WebExpiry, "web", "web client")

    def web_logout(self, stage: str, browser: str, recorder: Recorder) -> WebLogout:
        return self._absent(WebLogout, "web", "web client")

    def realtime(self, stage: str, recorder: Recorder) -> Realtime:
        return self._absent(Realtime, "realtime", "realtime channel")

    def sync_server(self, stage: str, recorder: Recorder) -> SyncServer:
        return self._absent(SyncServer, "sync", "server that clients sync with")

    def sync_page(self, stage: str, browser: str, recorder: Recorder, on_disk: bool = False) -> SyncPage:
        return self._absent(SyncPage, "sync", "page that syncs")

    def relying_party(self, client: str, stage: str, recorder: Recorder) -> RelyingParty:
        return self._absent(RelyingParty, "relying party", "client that knows several issuers")

    def recovery(self, recorder: Recorder) -> Recovery:
        return self._absent(Recovery, "admin", "operator with a runbook")

    def configuration(self, recorder: Recorder) -> Configuration:
        return self._absent(Configuration, "configuration", "source and documentation to compare")

    def rotation(self, stage: str, recorder: Recorder) -> Rotation:
        return self._absent(Rotation, "admin", "operator who rotates its secrets")

    def packed(self, recorder: Recorder) -> PackedClients:
        return self._absent(PackedClients, "artifacts", "packed clients")

    def switching(self, stage: str, others: Sequence[str], recorder: Recorder) -> StageSwitching:
        return self._absent(StageSwitching, "desktop", "desktop client that knows several stages")

    def artifacts(self, recorder: Recorder) -> Artifacts:
        return self._absent(Artifacts, "artifacts", "build of its clients")

    def documentation(self, recorder: Recorder) -> Documentation:
        return self._absent(Documentation, "documentation", "documented lifetimes")

    def signing_key(self) -> SigningKey:
        return self._absent(SigningKey, "signing key")

    def surroundings(self, recorder: Recorder) -> Surroundings:
        return self._absent(Surroundings, "logs")

    def rehearsal(self, recorder: Recorder) -> Rehearsal:
        return self._absent(Rehearsal, "rehearsal", "run of its own")

    def close(self) -> None:
        """Nothing to close."""
