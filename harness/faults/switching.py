"""Faults by which something of one stage comes along to another."""

from __future__ import annotations

import hashlib
from collections.abc import Collection
from typing import Any

from harness.faults.registry import fault
from reference_impl.desktop.background import Background
from reference_impl.desktop.switching import StageSwitch
from reference_impl.parts import Part
from reference_impl.session_store import SessionStore, StoreChain


class _Renamed:
    """A store that calls stages otherwise than its caller."""

    def __init__(self, real: SessionStore, names: Any, items: Collection[str] = ()) -> None:
        self._real, self._names, self._items = real, names, items

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._real, name)
        if name not in ("set", "get", "clear", "items"):
            return found

        def renamed(stage: str, account: str, *more: Any, **named: Any) -> Any:
            concerned = not self._items or (bool(more) and more[0] in self._items)
            return found(self._names(stage) if concerned else stage, account, *more, **named)

        return renamed


def _renaming(real: StoreChain, names: Any, items: Collection[str] = ()) -> Any:
    class Chain:
        def open(self) -> Any:
            return _Renamed(real.open(), names, items)

    return Chain()


def _rebuilt(real: StageSwitch, kind: type[StageSwitch]) -> StageSwitch:
    return kind(real._sessions, real._guard, real._preference)


@fault("F-STAGE-08-a", "STAGE-08.E1", Part.SESSION_STORE)
def entries_are_keyed_by_service_and_account_only(real: StoreChain) -> Any:
    return _renaming(real, lambda stage: "any")


@fault("F-STAGE-08-c", "STAGE-08.E4", Part.STAGE_SWITCH)
def the_choice_is_kept_before_the_session_is_cleared(real: StageSwitch) -> StageSwitch:
    """The choice is kept before the session is cleared, and the next start looks at the choice alone."""

    class Early(StageSwitch):
        def switch(self, asked: object) -> str:
            self._preference.save(self.check(asked))
            return super().switch(asked)

        def end_left(self) -> None:
            pass

    return _rebuilt(real, Early)


@fault("F-STAGE-08-x1", "STAGE-08.E1", Part.BACKGROUND)
def background_work_goes_on_with_the_session_it_began_with(real: Background) -> Background:
    class Stale(Background):
        began_with: Any = None

        def round(self) -> None:
            shown = self.sessions.shown
            if self.began_with is None and shown.signed_in:
                self.began_with = shown, shown._manager.access_token()
            super().round()
            if self.began_with is not None:
                session, token = self.began_with
                session._ask("/me", token)

    return Stale(real.sessions, real.pause)


@fault("F-STAGE-08-x2", "STAGE-08.E2", Part.STAGE_SWITCH)
def the_switch_is_made_when_it_is_asked_for(real: StageSwitch) -> StageSwitch:
    class Hasty(StageSwitch):
        def would_end(self, asked: object) -> bool:
            ends = super().would_end(asked)
            self.switch(asked)
            return ends

    return _rebuilt(real, Hasty)


@fault("F-STAGE-08-x3", "STAGE-08.E2", Part.STAGE_SWITCH)
def the_issuer_is_told_that_the_user_logged_out(real: StageSwitch) -> StageSwitch:
    class Plain(StageSwitch):
        def end_old(self) -> None:
            if self._sessions.shown.signed_in:
                self._sessions.shown.logout()

    return _rebuilt(real, Plain)


@fault("F-STAGE-08-x4", "STAGE-08.E3", Part.SESSION_STORE)
def stages_are_told_apart_by_a_hash(real: StoreChain) -> Any:
    """Entries name a hash of their stage: nobody who looks into the store can tell whose they are."""
    return _renaming(real, lambda stage: hashlib.sha256(stage.encode()).hexdigest()[:8])


@fault("F-STAGE-08-x5", "STAGE-08.E3", Part.SESSION_STORE)
def the_profile_is_kept_once_for_all_stages(real: StoreChain) -> Any:
    return _renaming(real, lambda stage: "prod", items=("profile",))


@fault("F-STAGE-08-x6", "STAGE-08.E1", Part.STAGE_SWITCH)
def the_session_comes_along_to_the_other_stage(real: StageSwitch) -> StageSwitch:
    """The session comes along, as single sign-on that somebody meant well: the other stage is tried with its token."""

    class Generous(StageSwitch):
        def switch(self, asked: object) -> str:
            held = self._sessions.shown._vault.load()
            stage = super().switch(asked)
            if held is not None and not self._sessions.shown.signed_in:
                self._sessions.shown._vault._refresh_token = held
            return stage

    return _rebuilt(real, Generous)
