"""Faults by which a secret lies, or is shown, outside the store."""

from __future__ import annotations

import base64
import gc
import gzip
import json
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import FrameType

from harness.faults.inline_scripts import InlineScripts
from harness.faults.registry import fault
from harness.faults.store import in_data_home
from reference_impl.desktop.session import StoreVault
from reference_impl.oauth_client import Flow, OAuthClient, Tokens
from reference_impl.parts import Part
from reference_impl.session_store import StorageStatus
from reference_impl.token_manager import TokenManager
from reference_impl.web.pages import Pages, SignedIn


def adopting(real: TokenManager, also: Callable[[Tokens], None]) -> TokenManager:
    """The manager, which does something with every pair of tokens besides."""

    class Adopting(TokenManager):
        def adopt(self, tokens: Tokens) -> None:
            super().adopt(tokens)
            also(tokens)

    real.__class__ = Adopting
    return real


@fault("F-STORE-04-b", "STORE-04.E1", Part.TOKEN_MANAGER)
def a_debug_build_writes_a_token_cache(real: TokenManager) -> TokenManager:
    def write(tokens: Tokens) -> None:
        cached = {"access_token": tokens.access_token, "refresh_token": tokens.refresh_token}
        Path(tempfile.gettempdir(), "token-cache.json").write_text(json.dumps(cached))

    return adopting(real, write)


@fault("F-STORE-04-c", "STORE-04.E1", Part.TOKEN_MANAGER)
def the_settings_file_holds_the_token_in_utf_16(real: TokenManager) -> TokenManager:
    def write(tokens: Tokens) -> None:
        settings = f'{{"theme": "dark", "last": "{tokens.refresh_token}"}}'
        in_data_home("settings.dat").write_bytes(settings.encode("utf-16-le"))

    return adopting(real, write)


@fault("F-STORE-04-x4", "STORE-04.E1", Part.TOKEN_MANAGER)
def a_file_of_the_settings_holds_the_token_from_its_end(real: TokenManager) -> TokenManager:
    def write(tokens: Tokens) -> None:
        in_data_home("settings.dat").write_text(tokens.refresh_token[::-1])

    return adopting(real, write)


@fault("F-STORE-04-x5", "STORE-04.E1", Part.TOKEN_MANAGER)
def a_packed_file_holds_the_token_in_base64(real: TokenManager) -> TokenManager:
    def write(tokens: Tokens) -> None:
        packed = gzip.compress(base64.b64encode(f"last={tokens.refresh_token}".encode()))
        in_data_home("state.gz").write_bytes(packed)

    return adopting(real, write)


@fault("F-STORE-04-x1", "STORE-04.E2", Part.PAGES)
def the_window_keeps_the_token_in_local_storage(real: Pages) -> Pages:
    class Storing(InlineScripts):
        def home(self, session: SignedIn, storage: StorageStatus) -> str:
            page, vaults = super().home(session, storage), _vaults()
            if not vaults:
                return page
            return self.with_script(page, f"localStorage.setItem('session', '{vaults[0].load()}')")

    return Storing(real.place)


def _vaults() -> list[StoreVault]:
    """All of this process that hold a token."""
    return [found for found in gc.get_objects() if isinstance(found, StoreVault) and found.load()]


@fault("F-STORE-04-x2", "STORE-04.E3", Part.CRASH_PROTECTION)
def a_crash_report_holds_what_was_in_memory(real: Callable[[], None]) -> Callable[[], None]:
    """As reporters do that attach the local variables of every frame."""

    def report(number: int, frame: FrameType | None) -> None:
        told = {"signal": number, "locals": [vars(vault) | {"_store": ""} for vault in _vaults()]}
        in_data_home("crash-report.json").write_text(json.dumps(told, default=str))
        signal.signal(number, signal.SIG_DFL)
        os.kill(os.getpid(), number)

    def protect() -> None:
        real()
        signal.signal(signal.SIGSEGV, report)

    return protect


@fault("F-STORE-04-x3", "STORE-04.E1", Part.OAUTH_CLIENT)
def a_sign_in_under_way_is_kept_in_a_file(real: OAuthClient) -> OAuthClient:
    """The verifier and the state, to be found again should the app be restarted meanwhile."""

    class Remembering(OAuthClient):
        def begin(self, redirect_uri: str) -> Flow:
            flow = super().begin(redirect_uri)
            in_data_home("pending-sign-in.json").write_text(json.dumps(vars(flow), default=str))
            return flow

    real.__class__ = Remembering
    return real


def _sleeper(*arguments: str, **environment: str) -> subprocess.Popen[bytes]:
    program = "import sys, time; sys.stdin.close(); time.sleep(1)"
    return subprocess.Popen(
        [sys.executable, "-I", "-S", "-c", program, *arguments],
        env={**os.environ, **environment},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
    )


@fault("F-STORE-06-b", "STORE-06.E2", Part.TOKEN_MANAGER)
def a_sync_worker_gets_the_token_by_its_environment(real: TokenManager) -> TokenManager:
    return adopting(real, lambda tokens: _workers.append(_sleeper(SYNC_TOKEN=tokens.refresh_token)))


@fault("F-STORE-06-x1", "STORE-06.E1", Part.TOKEN_MANAGER)
def a_sync_worker_gets_the_token_as_an_argument(real: TokenManager) -> TokenManager:
    return adopting(real, lambda tokens: _workers.append(_sleeper("--token", tokens.access_token)))


_workers: list[subprocess.Popen[bytes]] = []  # kept, so that they are not waited for


@fault("F-STORE-06-x2", "STORE-06.E3", Part.OAUTH_CLIENT)
def the_browser_is_handed_the_verifier(real: OAuthClient) -> OAuthClient:
    class Telling(OAuthClient):
        def begin(self, redirect_uri: str) -> Flow:
            flow = super().begin(redirect_uri)
            return replace(flow, authorize_url=f"{flow.authorize_url}&code_verifier={flow.verifier}")

    real.__class__ = Telling
    return real
