"""A target: all its ports, and what it says of itself."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from harness.model import Waiver
from harness.observe import Recorder
from harness.ports.builds import PackedClients
from harness.ports.bus import Bus, Publisher
from harness.ports.clients import DesktopClient, RelyingParty, StoreClient, WebClient
from harness.ports.configuration import Configuration
from harness.ports.cross_site import CrossSite
from harness.ports.events import AlertRule, BusOutage, EventContract, EventPath, Logs, SessionEnds, Subscribers
from harness.ports.file_vault import FileVault
from harness.ports.issuer import Admin, Clock, Issuer, Realtime, SigningKey, Surroundings
from harness.ports.loopback import LoopbackLogin
from harness.ports.navigation import Navigation
from harness.ports.operation import Artifacts, Documentation, Process, Rehearsal
from harness.ports.page_policy import PagePolicy
from harness.ports.recovery import Recovery
from harness.ports.rotation import Rotation
from harness.ports.session_identifiers import SessionIdentifiers
from harness.ports.settings import Settings
from harness.ports.shell import DesktopShell
from harness.ports.shell_credentials import ShellCredentials
from harness.ports.shell_hindered import HinderedShell
from harness.ports.shell_logout import ShellLogout
from harness.ports.shell_outside import ShellLaunch, ShellOutside
from harness.ports.shell_policy import ShellPolicy
from harness.ports.shell_secrets import ShellSecrets
from harness.ports.store_trials import StoreTrials
from harness.ports.stored import StoredClient
from harness.ports.switching import StageSwitching
from harness.ports.sync import SyncPage, SyncServer
from harness.ports.web_expiry import WebExpiry
from harness.ports.web_logout import WebLogout

__all__ = ["Target"]


class Target(Protocol):
    """A system under verification, open. Each port is bound to a scenario's recorder."""

    @property
    def name(self) -> str: ...
    @property
    def version(self) -> str: ...
    @property
    def stages(self) -> Sequence[str]: ...
    @property
    def browsers(self) -> Sequence[str]: ...
    @property
    def further_browsers(self) -> Sequence[str]:
        """Those whose cells are run only where they are asked for."""

    @property
    def stores(self) -> Sequence[str]: ...
    @property
    def confirms(self) -> bool:
        """Whether a failure is reported only after a second trial, with another HTTP client, has confirmed it."""

    @property
    def patience(self) -> float | None:
        """Seconds for which one may wait to see an effect; None where effects are immediate."""

    @property
    def scenario_seconds(self) -> float:
        """A trial of a scenario that takes longer has judged nothing more."""

    @property
    def declared_absent(self) -> Mapping[str, str]:
        """The capabilities that its description declares absent, each with its reason."""

    @property
    def parameters(self) -> Mapping[str, float]:
        """The policy parameters that its description sets, by name."""

    @property
    def remedies(self) -> Mapping[str, str]:
        """What to change where an expectation fails, in the target's own terms, by expectation."""

    @property
    def expected_failures(self) -> Sequence[Waiver]:
        """Failures that its description expects."""

    def spares(self, stage: str) -> str:
        """Why nothing destructive is done to this stage; "" where it may be."""

    def client_of_trial(self, trial: int) -> str:
        """The name of the HTTP client that this trial uses."""

    def issuer(self, stage: str, recorder: Recorder) -> Issuer: ...

    def clock(self) -> Clock: ...

    def bus(self, recorder: Recorder) -> Bus: ...

    def publisher(self, recorder: Recorder) -> Publisher: ...

    def event_contract(self, recorder: Recorder) -> EventContract: ...

    def event_path(self, recorder: Recorder) -> EventPath: ...

    def subscribers(self, recorder: Recorder) -> Subscribers: ...

    def alert_rule(self, recorder: Recorder) -> AlertRule: ...

    def session_ends(self, recorder: Recorder) -> SessionEnds: ...

    def logs(self, recorder: Recorder) -> Logs: ...

    def bus_outage(self, recorder: Recorder) -> BusOutage: ...

    def process(self, recorder: Recorder) -> Process: ...

    def admin(self) -> Admin: ...

    def store(self, store: str, recorder: Recorder) -> StoreClient: ...

    def store_trials(self, recorder: Recorder) -> StoreTrials: ...

    def desktop(self, stage: str, recorder: Recorder, situation: str = "") -> DesktopClient:
        """The desktop client in a situation of its store: "" as the machine has it, `no back end`, …"""

    def loopback(self, stage: str, recorder: Recorder) -> LoopbackLogin:
        """The native client, as far as its sign-ins come back to a loopback port."""

    def shell(self, stage: str, recorder: Recorder) -> DesktopShell: ...

    def shell_logout(self, stage: str, recorder: Recorder) -> ShellLogout: ...

    def shell_hindered(self, stage: str, recorder: Recorder) -> HinderedShell: ...

    def shell_credentials(self, stage: str, recorder: Recorder) -> ShellCredentials: ...

    def shell_policy(self, stage: str, recorder: Recorder) -> ShellPolicy: ...

    def shell_secrets(self, stage: str, recorder: Recorder) -> ShellSecrets: ...

    def shell_launch(self, stage: str, recorder: Recorder) -> ShellLaunch: ...

    def shell_outside(self, stage: str, recorder: Recorder) -> ShellOutside: ...

    def stored_client(self, stage: str, recorder: Recorder) -> StoredClient:
        """The desktop client in surroundings of its own."""

    def file_vault(self, stage: str, recorder: Recorder) -> FileVault:
        """The vault of encrypted files that the client's store may use."""

    def web(self, stage: str, browser: str, recorder: Recorder, on_disk: bool = False) -> WebClient:
        """`on_disk`: in a browser with a profile on disk, as users have; else without one."""

    def cross_site(self, stage: str, browser: str, recorder: Recorder) -> CrossSite: ...

    def session_identifiers(self, stage: str, browser: str, recorder: Recorder) -> SessionIdentifiers: ...

    def page_policy(self, stage: str, browser: str, recorder: Recorder) -> PagePolicy: ...

    def settings(self, stage: str, browser: str, recorder: Recorder) -> Settings: ...

    def navigation(self, stage: str, browser: str, recorder: Recorder) -> Navigation: ...

    def web_expiry(self, stage: str, browser: str, recorder: Recorder) -> WebExpiry: ...

    def web_logout(self, stage: str, browser: str, recorder: Recorder) -> WebLogout: ...

    def realtime(self, stage: str, recorder: Recorder) -> Realtime: ...

    def sync_server(self, stage: str, recorder: Recorder) -> SyncServer: ...

    def sync_page(self, stage: str, browser: str, recorder: Recorder, on_disk: bool = False) -> SyncPage:
        """The page that syncs its user's notes; `on_disk`: in a browser that can be started again."""

    def relying_party(self, client: str, stage: str, recorder: Recorder) -> RelyingParty:
        """The target's `web` or `desktop` client, with two issuers in its list."""

    def recovery(self, recorder: Recorder) -> Recovery: ...

    def configuration(self, recorder: Recorder) -> Configuration: ...

    def rotation(self, stage: str, recorder: Recorder) -> Rotation: ...

    def packed(self, recorder: Recorder) -> PackedClients: ...

    def switching(self, stage: str, others: Sequence[str], recorder: Recorder) -> StageSwitching:
        """The desktop client that knows `stage`, at which it begins, and the `others`."""

    def artifacts(self, recorder: Recorder) -> Artifacts: ...

    def documentation(self, recorder: Recorder) -> Documentation: ...

    def signing_key(self) -> SigningKey: ...

    def surroundings(self, recorder: Recorder) -> Surroundings: ...

    def rehearsal(self, recorder: Recorder) -> Rehearsal: ...

    def close(self) -> None: ...
