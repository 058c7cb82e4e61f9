"""What can happen to a page that syncs, in any order: made from a seed, written as words, played on a page."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, field

from harness.errors import UsageError, nearest
from harness.observations import SyncState
from harness.ports import SyncPage

__all__ = ["MOVES", "Player", "interleaving", "read_moves"]

STEP, PERSISTED = 8.0, 2.0  # seconds: of a wait; after which Replicache keeps what was written
PATIENT, WITHIN = 16.0, 60.0  # seconds: longer than anybody may wait; in which all is saved once all is well
REFRESH = {  # by what is said of a refresh: how the token endpoint answers from then on
    "fresh": (),
    "401": ("invalid_grant", "pass"),
    "500": ("500",),
    "late": ("late",),
}
# Moves by how often they come. "never": a refresh is not answered; "lost": the next push's answer does not arrive.
WEIGHTS = {
    "write": 6, "expire": 4, "fresh": 2, "401": 1, "500": 1, "never": 1, "late": 1, "lost": 2, "wait": 2, "logout": 1,
    "login": 1, "reload": 2, "offline": 2, "online": 2,
}  # fmt: skip
MOVES = (*WEIGHTS, "restart")


def interleaving(seed: int | str, length: int) -> tuple[str, ...]:
    """The moves that a seed stands for."""
    chance = random.Random(seed)
    return tuple(chance.choices(list(WEIGHTS), list(WEIGHTS.values()), k=length))


def read_moves(text: str) -> tuple[str, ...]:
    """The moves that are written in a text. Raises UsageError for a word that is none."""
    for word in text.split():
        if word not in MOVES:
            raise UsageError(f"{word!r} is no move ({nearest(word, MOVES)})")
    return tuple(text.split())


@dataclass
class Player:
    """Plays one interleaving after another on a page. What is recorded has its name as the beginning of its case."""

    page: SyncPage = field(repr=False)
    texts: str  # what the texts of all notes have in common
    user: str = "first"
    number: int = 0
    client: int = 1
    offline: bool = False
    accepted: set[str] = field(default_factory=set)

    def play(self, name: str, moves: Sequence[str]) -> SyncState:
        """All moves; then everything is well again, and the state that the page comes to is returned."""
        self.page.watch()
        self.accepted.clear()
        for index, move in enumerate(moves, 1):
            getattr(self, f"_{move}", self._refreshes)(f"{name}: {index} {move}", move)
        return self._calm(name)

    def _calm(self, name: str) -> SyncState:
        self.page.travel(PATIENT)
        self.page.settle(f"{name}: with patience", 0.3)
        self.page.token_endpoint()
        self.page.refresh_hangs(False)
        self.page.loses_answers(0)
        self._online(name, "")
        self.page.traffic(f"{name}, before: the traffic")
        self.page.watch()
        self._login(f"{name}: signed in again", "")
        while True:
            self.page.settle(f"{name}: on the way", 1.0)
            state = self.page.look(f"{name}: in the end")
            saved = state.unsaved == 0 and state.state == "fresh" and self.accepted <= set(state.stored)
            if saved or state.seconds > WITHIN:
                self.page.traffic(f"{name}: the traffic")
                return state
            if state.asks_for_login:
                self._login(f"{name}: signed in again", "")
            self.page.travel(STEP)

    def _write(self, case: str, move: str) -> None:
        self.number += 1
        texts = (f"note {self.number} {self.texts}",)
        written = self.page.write(f"{case.partition(':')[0]}: written by client {self.client}", texts)
        self.accepted |= set(texts[: len(written.milliseconds)])

    def _expire(self, case: str, move: str) -> None:
        self.page.expire()

    def _refreshes(self, case: str, move: str) -> None:
        self.page.refresh_hangs(False)
        self.page.token_endpoint(*REFRESH[move])

    def _never(self, case: str, move: str) -> None:
        self.page.refresh_hangs(True)

    def _lost(self, case: str, move: str) -> None:
        self.page.loses_answers(1)

    def _wait(self, case: str, move: str) -> None:
        self.page.travel(STEP)
        self.page.settle(case, 0.2)

    def _logout(self, case: str, move: str) -> None:
        """He stays where he is asked: nothing is given up."""
        if not self.offline:
            self.page.log_out(case, "stay")
            self._login(case, move)

    def _login(self, case: str, move: str) -> None:
        """Sign in where nobody is signed in any more."""
        if not self.offline and self.page.look(case).asks_for_login:
            self._keep()
            self.page.log_in(case, self.user)

    def _reload(self, case: str, move: str) -> None:
        if not self.offline:
            self._keep()
            self.page.reload()

    def _restart(self, case: str, move: str) -> None:
        if not self.offline:
            self._keep()
            self.page.restart()

    def _keep(self) -> None:
        """What is written becomes another client's before the page is left, and so must be in the browser by then."""
        self.page.travel(PERSISTED)
        self.page.keep()
        self.client += 1

    def _offline(self, case: str, move: str) -> None:
        self.offline = True
        self.page.offline(True)

    def _online(self, case: str, move: str) -> None:
        self.offline = False
        self.page.offline(False)
