"""The reference implementation as a target: `reference`."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar

from harness.errors import NotHere
from harness.faults.registry import Fault
from harness.machine.session import PrivateSession
from harness.matrix import this_os
from harness.observe import Recorder
from harness.ports import (
    Admin,
    AlertRule,
    Artifacts,
    Bus,
    BusOutage,
    Clock,
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
    validating,
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
from harness.probes.oauth import OAuthIssuer
from harness.redact import Redactor
from harness.targets.base import BaseTarget
from harness.targets.reference_admin import ReferenceAdmin, ReferenceClock
from harness.targets.reference_alerts import ReferenceAlertRule
from harness.targets.reference_build import ReferenceArtifacts
from harness.targets.reference_bus import ReferenceBus, ReferencePublisher
from harness.targets.reference_bus_outage import ReferenceBusOutage
from harness.targets.reference_cross_site import ReferenceCrossSite
from harness.targets.reference_desktop import ReferenceDesktop
from harness.targets.reference_documentation import ReferenceDocumentation
from harness.targets.reference_event_contract import ReferenceEventContract
from harness.targets.reference_event_path import ReferenceEventPath
from harness.targets.reference_file_vault import ReferenceFileVault
from harness.targets.reference_hindered_shell import ReferenceHinderedShell
from harness.targets.reference_host import ReferenceHost
from harness.targets.reference_logs import ReferenceLogs
from harness.targets.reference_loopback import ReferenceLoopback
from harness.targets.reference_navigation import ReferenceNavigation
from harness.targets.reference_packed import ReferencePacked
from harness.targets.reference_page_policy import ReferencePagePolicy
from harness.targets.reference_process import ReferenceProcess
from harness.targets.reference_realtime import ReferenceRealtime
from harness.targets.reference_recovery import ReferenceRecovery
from harness.targets.reference_relying_party import open_relying_party
from harness.targets.reference_rotation import ReferenceRotation
from harness.targets.reference_session_ends import ReferenceSessionEnds
from harness.targets.reference_session_identifiers import ReferenceSessionIdentifiers
from harness.targets.reference_settings import ReferenceSettings
from harness.targets.reference_shell import ReferenceShell
from harness.targets.reference_shell_credentials import ReferenceShellCredentials
from harness.targets.reference_shell_launch import ReferenceShellLaunch
from harness.targets.reference_shell_logout import ReferenceShellLogout
from harness.targets.reference_shell_outside import ReferenceShellOutside
from harness.targets.reference_shell_policy import ReferenceShellPolicy
from harness.targets.reference_shell_secrets import ReferenceShellSecrets
from harness.targets.reference_signing import ReferenceSigningKey
from harness.targets.reference_store import ReferenceStore
from harness.targets.reference_store_trials import ReferenceStoreTrials
from harness.targets.reference_subscribers import ReferenceSubscribers
from harness.targets.reference_surroundings import ReferenceSurroundings
from harness.targets.reference_switching import ReferenceSwitching
from harness.targets.reference_sync import ReferenceSyncServer
from harness.targets.reference_sync_page import ReferenceSyncPage
from harness.targets.reference_talking import ReferenceTalking
from harness.targets.reference_web import ReferenceWeb
from harness.targets.reference_web_expiry import ReferenceWebExpiry
from harness.targets.reference_web_logout import ReferenceWebLogout
from reference_impl import __version__ as reference_version
from reference_impl.config import Lifetimes

__all__ = ["ReferenceTarget"]

P = TypeVar("P")
NATIVE = {"linux": "secret-service", "macos": "keychain", "windows": "credential-locker"}


class ReferenceTarget(ReferenceHost, BaseTarget):
    """The running reference, behind the ports."""

    name = "reference"
    version = reference_version
    browsers = ("chromium",)
    further_browsers = ("firefox",)  # in each of these all would take as long again
    # A code is remembered as long as what came of it may live.
    parameters: Mapping[str, float] = {"code_lifetime": Lifetimes.code, "code_memory": Lifetimes.refresh_absolute}

    def __init__(self, machine: PrivateSession, redactor: Redactor, faults: Sequence[Fault] = ()) -> None:
        super().__init__(machine, redactor, faults)
        self.stores = (NATIVE.get(this_os(), "secret-service"), "memory")

    def issuer(self, stage: str, recorder: Recorder) -> Issuer:
        return OAuthIssuer(self.addresses[stage], self.new_client, recorder, self.published_keys)

    def clock(self) -> Clock:
        return validating(Clock, ReferenceClock(self.shifted))

    def admin(self) -> Admin:
        return validating(Admin, ReferenceAdmin(self.reference, self.switches, self.outages))

    def relying_party(self, client: str, stage: str, recorder: Recorder) -> RelyingParty:
        return validating(RelyingParty, open_relying_party(self, client, stage, recorder))

    def sync_server(self, stage: str, recorder: Recorder) -> SyncServer:
        return validating(SyncServer, ReferenceSyncServer(self, stage, recorder))

    def sync_page(self, stage: str, browser: str, recorder: Recorder, on_disk: bool = False) -> SyncPage:
        return validating(SyncPage, ReferenceSyncPage(self, stage, browser, recorder, on_disk))

    def recovery(self, recorder: Recorder) -> Recovery:
        return validating(Recovery, ReferenceRecovery(self, recorder))

    def rotation(self, stage: str, recorder: Recorder) -> Rotation:
        return validating(Rotation, ReferenceRotation(self, stage, recorder))

    def packed(self, recorder: Recorder) -> PackedClients:
        return validating(PackedClients, ReferencePacked(self, recorder))

    def switching(self, stage: str, others: Sequence[str], recorder: Recorder) -> StageSwitching:
        return validating(StageSwitching, ReferenceSwitching(self, stage, others, recorder))

    def artifacts(self, recorder: Recorder) -> Artifacts:
        return validating(Artifacts, ReferenceArtifacts(self, recorder))

    def documentation(self, recorder: Recorder) -> Documentation:
        return validating(Documentation, ReferenceDocumentation(self, recorder))

    def bus(self, recorder: Recorder) -> Bus:
        return validating(Bus, ReferenceBus(self, recorder))

    def publisher(self, recorder: Recorder) -> Publisher:
        return validating(Publisher, ReferencePublisher(self, recorder))

    def bus_outage(self, recorder: Recorder) -> BusOutage:
        return validating(BusOutage, ReferenceBusOutage(self, recorder))

    def subscribers(self, recorder: Recorder) -> Subscribers:
        return validating(Subscribers, ReferenceSubscribers(self, recorder))

    def alert_rule(self, recorder: Recorder) -> AlertRule:
        return validating(AlertRule, ReferenceAlertRule(self, recorder))

    def session_ends(self, recorder: Recorder) -> SessionEnds:
        return validating(SessionEnds, ReferenceSessionEnds(self, recorder))

    def event_contract(self, recorder: Recorder) -> EventContract:
        return validating(EventContract, ReferenceEventContract(self, recorder))

    def event_path(self, recorder: Recorder) -> EventPath:
        return validating(EventPath, ReferenceEventPath(self, recorder))

    def logs(self, recorder: Recorder) -> Logs:
        return validating(Logs, ReferenceLogs(recorder))

    def process(self, recorder: Recorder) -> Process:
        return validating(Process, ReferenceProcess(self, recorder))

    def store(self, store: str, recorder: Recorder) -> StoreClient:
        return validating(StoreClient, ReferenceStore(self, store, recorder))

    def store_trials(self, recorder: Recorder) -> StoreTrials:
        return validating(StoreTrials, ReferenceStoreTrials(self, recorder))

    def desktop(self, stage: str, recorder: Recorder, situation: str = "") -> DesktopClient:
        return validating(DesktopClient, ReferenceDesktop(self, stage, recorder, situation))

    def loopback(self, stage: str, recorder: Recorder) -> LoopbackLogin:
        return validating(LoopbackLogin, ReferenceLoopback(self, stage, recorder))

    def shell(self, stage: str, recorder: Recorder) -> DesktopShell:
        return self._of_shell(DesktopShell, ReferenceShell, stage, recorder)

    def shell_outside(self, stage: str, recorder: Recorder) -> ShellOutside:
        return self._of_shell(ShellOutside, ReferenceShellOutside, stage, recorder)

    def shell_launch(self, stage: str, recorder: Recorder) -> ShellLaunch:
        return self._of_shell(ShellLaunch, ReferenceShellLaunch, stage, recorder)

    def shell_policy(self, stage: str, recorder: Recorder) -> ShellPolicy:
        return self._of_shell(ShellPolicy, ReferenceShellPolicy, stage, recorder)

    def shell_secrets(self, stage: str, recorder: Recorder) -> ShellSecrets:
        return self._of_shell(ShellSecrets, ReferenceShellSecrets, stage, recorder)

    def shell_credentials(self, stage: str, recorder: Recorder) -> ShellCredentials:
        return self._of_shell(ShellCredentials, ReferenceShellCredentials, stage, recorder)

    def shell_logout(self, stage: str, recorder: Recorder) -> ShellLogout:
        return self._of_shell(ShellLogout, ReferenceShellLogout, stage, recorder)

    def shell_hindered(self, stage: str, recorder: Recorder) -> HinderedShell:
        return self._of_shell(HinderedShell, ReferenceHinderedShell, stage, recorder)

    def _of_shell(
        self, port: type[P], made: Callable[[ReferenceHost, str, Recorder], P], stage: str, recorder: Recorder
    ) -> P:
        """A port to the shell, absent where Qt is: that is an extra."""
        try:
            return validating(port, made(self, stage, recorder))
        except NotHere as absence:
            return absent(port, "desktop", str(absence))

    def stored_client(self, stage: str, recorder: Recorder) -> StoredClient:
        return validating(StoredClient, ReferenceTalking(self, stage, recorder))

    def file_vault(self, stage: str, recorder: Recorder) -> FileVault:
        return validating(FileVault, ReferenceFileVault(self, stage, recorder))

    def web(self, stage: str, browser: str, recorder: Recorder, on_disk: bool = False) -> WebClient:
        return validating(WebClient, ReferenceWeb(self, stage, browser, recorder, on_disk))

    def cross_site(self, stage: str, browser: str, recorder: Recorder) -> CrossSite:
        return validating(CrossSite, ReferenceCrossSite(self, stage, browser, recorder))

    def session_identifiers(self, stage: str, browser: str, recorder: Recorder) -> SessionIdentifiers:
        return validating(SessionIdentifiers, ReferenceSessionIdentifiers(self, stage, browser, recorder))

    def page_policy(self, stage: str, browser: str, recorder: Recorder) -> PagePolicy:
        return validating(PagePolicy, ReferencePagePolicy(self, stage, browser, recorder))

    def settings(self, stage: str, browser: str, recorder: Recorder) -> Settings:
        return validating(Settings, ReferenceSettings(self, stage, browser, recorder))

    def navigation(self, stage: str, browser: str, recorder: Recorder) -> Navigation:
        return validating(Navigation, ReferenceNavigation(self, stage, browser, recorder))

    def web_expiry(self, stage: str, browser: str, recorder: Recorder) -> WebExpiry:
        return validating(WebExpiry, ReferenceWebExpiry(self, stage, browser, recorder))

    def web_logout(self, stage: str, browser: str, recorder: Recorder) -> WebLogout:
        return validating(WebLogout, ReferenceWebLogout(self, stage, browser, recorder))

    def signing_key(self) -> SigningKey:
        return validating(SigningKey, ReferenceSigningKey(self))

    def surroundings(self, recorder: Recorder) -> Surroundings:
        return validating(Surroundings, ReferenceSurroundings(self, recorder))

    def realtime(self, stage: str, recorder: Recorder) -> Realtime:
        return validating(Realtime, ReferenceRealtime(self, stage, recorder))
