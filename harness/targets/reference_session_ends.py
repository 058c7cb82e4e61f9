"""The ways in which a session of the reference ends besides a click: by an administrator, by a client that leaves."""

from __future__ import annotations

import base64
import json
import threading
import time
from contextlib import ExitStack

from harness.faults.launch import parts_of
from harness.observe import Recorder
from harness.probes.authorization import Grant
from harness.targets.reference_host import ReferenceHost
from reference_impl.oauth_client import OAuthClient
from reference_impl.parts import Part
from reference_impl.revocations import Revocations
from reference_impl.token_manager import Logout, MemoryVault, TokenManager

__all__ = ["ReferenceSessionEnds"]

RETRY = 20.0  # seconds within which a client tells the issuer, once the network is back
POLL = 0.05


class ReferenceSessionEnds:
    """Holds grants as the reference's own clients do, with their parts."""

    def __init__(self, target: ReferenceHost, recorder: Recorder) -> None:
        self._target, self._recorder = target, recorder
        self._stopping = threading.Event()
        self._offline = ExitStack()
        self._owing: Logout | None = None

    def administrator(self, stage: str, grant: Grant) -> None:
        """End the session that the access token names."""
        payload = grant.access_token.split(".")[1]
        claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
        self._target.reference.stages[stage].app.end_session(claims["sid"])

    def leave_stage(self, stage: str, grant: Grant) -> None:
        """As a client does whose user goes to another stage."""
        manager, logout = self._client(stage, grant)
        logout.end(manager, "stage_switch")

    def log_out_offline(self, case: str, stage: str, grant: Grant) -> None:
        """The session ends at the client; the issuer hears nothing of it yet."""
        manager, logout = self._client(stage, grant)
        self._offline.enter_context(self._target.outages[stage].lasting(self._recorder, case))
        logout.end(manager)
        self._owing = logout

    def reconnect(self, stage: str) -> None:
        """Wait until the client owes nothing more, at most `RETRY` seconds."""
        self._offline.close()
        deadline = time.monotonic() + RETRY
        while self._owing and self._owing.revocations.shelf.load() and time.monotonic() < deadline:
            time.sleep(POLL)

    def close(self) -> None:
        """End what the clients do beside their callers."""
        self._stopping.set()
        self._offline.close()

    def _client(self, stage: str, grant: Grant) -> tuple[TokenManager, Logout]:
        running, clock = self._target.reference.stages[stage], self._target.shifted
        oauth = OAuthClient(self._target.new_session(), running.issuer_url, grant.client.client_id, clock)
        vault = MemoryVault()
        vault.save(grant.refresh_token)
        real = Logout(Revocations(lambda _: oauth, clock, stopping=self._stopping))
        return TokenManager(oauth, vault, clock), parts_of(self._target.faults, stage).choose(Part.LOGOUT, real)
