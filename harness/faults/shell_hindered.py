"""Faults by which something that hangs holds up the desktop shell."""

from __future__ import annotations

from harness.faults.registry import fault
from harness.faults.shell import scripts_with
from harness.faults.sync_page import Assets, altered
from reference_impl.desktop.shell.scripts import PreloadScripts
from reference_impl.oauth_client import Tokens
from reference_impl.parts import Part
from reference_impl.token_manager import TokenManager


@fault("F-BRIDGE-05-x1", "BRIDGE-05.E1", Part.PRELOAD_SCRIPTS)
def the_page_waits_on_after_a_time_out(real: PreloadScripts) -> PreloadScripts:
    found = "const call = waiting.get(data.id);\n    if (!call) return;"
    return scripts_with((found, f'if (data.error === "Timeout") return;\n    {found}'))


@fault("F-BRIDGE-05-b", "BRIDGE-05.E2", Part.TOKEN_MANAGER)
def the_lock_is_kept_by_who_fails(real: TokenManager) -> TokenManager:
    class Keeping(TokenManager):
        def adopt(self, tokens: Tokens) -> None:
            self._lock.acquire()
            super().adopt(tokens)
            self._lock.release()

    real.__class__ = Keeping
    return real


@fault("F-BRIDGE-05-c", "BRIDGE-05.E3", Part.TOKEN_MANAGER)
def a_late_refresh_overwrites_a_newer_session(real: TokenManager) -> TokenManager:
    class Careless(TokenManager):
        def _exchange(self, epoch: int) -> Tokens:
            tokens = self.oauth.refresh(self.vault.load() or "")
            self.adopt(tokens)
            return tokens

    real.__class__ = Careless
    return real


@fault("F-BRIDGE-05-d", "BRIDGE-05.E4", Part.PRELOAD_SCRIPTS)
def the_getter_of_the_token_lets_nothing_else_run(real: PreloadScripts) -> PreloadScripts:
    """Qt's channel has no call that waits: this one does to the page what such a call does."""
    waits = 'for (const end = performance.now() + 250; method === "getAccessToken" && performance.now() < end;);'
    return scripts_with(("const id = next++;\n      waiting", f"{waits}\n      const id = next++;\n      waiting"))


@fault("F-BRIDGE-05-x2", "BRIDGE-05.E5", Part.ASSETS)
def a_note_waits_for_a_word_of_the_main_process(real: Assets) -> Assets:
    written = "await replica.mutate.createNote({ id, text });"
    return altered(real, "sync.js", (written, f'await request("/session");\n    {written}'))
