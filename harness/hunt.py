"""`python -m harness.hunt`: looks for an order of events in which a page that syncs loses, doubles or holds up what its
user wrote. The page, its library, web application, issuer and API are the reference's, in a real browser; the time that
passes is skipped. The same seed gives the same orders."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager

import click

from harness.checks.sync_lost import left_over, lost_or_doubled, outlived, stormed
from harness.errors import AuthassayError, TargetError, UsageError, nearest
from harness.faults.registry import Fault, load_faults
from harness.machine.leftovers import sweep
from harness.machine.session import PrivateSession
from harness.observe import Record, Recorder
from harness.ports import Target
from harness.probes.interleaving import Player, interleaving, read_moves
from harness.redact import Redactor
from harness.time_limit import TimeLimit

__all__ = ["Hunt", "hunting", "search"]

LENGTH = 12  # moves
LIMIT = 120.0  # seconds of the machine for one interleaving, whatever it waits for
AFRESH = 25  # interleavings, after which a new profile is begun
STAGE, BROWSER = "dev", "chromium"
Moves = tuple[str, ...]


class Hunt:
    """Plays interleavings on a page; each goes on where the one before has come to rest."""

    def __init__(self, target: Target, redactor: Redactor) -> None:
        self._target = target
        self._recorder = Recorder("hunt", redactor, lambda observation: None)
        self._closing = ExitStack()
        self._player: Player | None = None
        self._played = 0

    def play(self, moves: Moves, afresh: bool = False) -> list[str]:
        """What went wrong; nothing, where nothing did. `afresh`: in a profile of its own."""
        if afresh or self._played % AFRESH == 0:
            self.close()
        self._played += 1
        before = len(self._recorder.seen)
        try:
            with TimeLimit(LIMIT):
                self._player = self._player or self._begin()
                self._player.play(f"interleaving {self._played}", moves)
        except (TargetError, TimeoutError) as error:
            self.close()
            return [f"it did not come to its end: {error}"]
        seen = Record(self._recorder.seen[before:])
        found = outlived(seen) + lost_or_doubled(seen) + left_over(seen) + stormed(seen, moves.count("expire"))
        return [wrong.partition(": ")[2] or wrong for wrong in map(str, found)]

    def shortest(self, moves: Moves) -> Moves:
        """The same without whatever can be left out so that something still goes wrong."""
        index = 0
        while index < len(moves):
            fewer = moves[:index] + moves[index + 1 :]
            if self.play(fewer, afresh=True):
                moves = fewer
            else:
                index += 1
        return moves

    def close(self) -> None:
        """Leave the profile."""
        self._player = None
        self._closing.close()

    def _begin(self) -> Player:
        server = self._target.sync_server(STAGE, self._recorder)
        server.forget_notes()
        server.close()
        page = self._target.sync_page(STAGE, BROWSER, self._recorder)
        self._closing.callback(page.close)
        page.log_in("signed in", "first")
        return Player(page, secrets.token_hex(4))


@contextmanager
def hunting(faults: Sequence[Fault] = ()) -> Iterator[Hunt]:
    """The reference, started with these faults. Raises NotHere where there is no browser, or no Replicache."""
    from harness.targets.reference import ReferenceTarget

    with PrivateSession.start(secret_service=False) as machine, ExitStack() as closing:
        redactor = Redactor()
        target = ReferenceTarget.open(machine, redactor, faults)
        closing.callback(target.close)
        hunt = Hunt(target, redactor)
        closing.callback(hunt.close)
        yield hunt


def search(hunt: Hunt, seed: int, number: int, told: Callable[[str], None]) -> tuple[Moves, list[str]] | None:
    """The first interleaving in which something goes wrong, and what; None where there is none."""
    began = time.monotonic()
    for index in range(number):
        moves = interleaving(f"{seed}/{index}", LENGTH)
        if wrong := hunt.play(moves):
            return moves, wrong
        if (index + 1) % 10 == 0 or index + 1 == number:
            took = time.monotonic() - began
            told(f"{index + 1} of {number}: all is well; {took:.0f} s, {(index + 1) / took:.2f} a second")
    return None


def named(fault: str) -> tuple[Fault, ...]:
    """The fault of this id. Raises UsageError where there is none."""
    known = load_faults()
    if fault and fault not in known:
        raise UsageError(f"--fault: there is no fault {fault!r} ({nearest(fault, known)})")
    return (known[fault],) if fault else ()


@click.command()
@click.option("--seed", type=int, default=1, show_default=True, help="The orders that it stands for.")
@click.option("--number", type=click.IntRange(min=1), default=20, show_default=True, help="How many orders.")
@click.option("--fault", default="", metavar="ID", help="Seed this fault, and see whether the hunt finds it.")
@click.option("--replay", default="", metavar="MOVES", help="Play this one order instead.")
def main(seed: int, number: int, fault: str, replay: str) -> None:
    """Play random orders of what can happen to a page that syncs. Exit code 1: something went wrong."""
    sweep()
    try:
        with hunting(named(fault)) as hunt:
            ends = _replay(hunt, read_moves(replay)) if replay else _search(hunt, seed, number, fault)
    except AuthassayError as error:
        raise click.ClickException(str(error)) from error
    raise SystemExit(1 if ends else 0)


def _replay(hunt: Hunt, moves: Moves) -> bool:
    wrong = hunt.play(moves, afresh=True)
    click.echo("\n".join(wrong) or "nothing was lost, doubled or held up")
    return bool(wrong)


def _search(hunt: Hunt, seed: int, number: int, fault: str) -> bool:
    found = search(hunt, seed, number, click.echo)
    if found is None:
        return False
    moves, wrong = found
    click.echo("\n".join(wrong))
    click.echo(f"in this order: {' '.join(moves)}")
    given = f"--fault {fault} " if fault else ""
    if hunt.play(moves, afresh=True):
        click.echo(f"again: python3 noxfile.py -s hunt -- {given}--replay '{' '.join(hunt.shortest(moves))}'")
    else:
        click.echo(f"not so in a profile of its own; all before it: … hunt -- {given}--seed {seed} --number {number}")
    return True


if __name__ == "__main__":
    main()
