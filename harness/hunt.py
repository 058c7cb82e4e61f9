"""`python -m harness.hunt`: looks for an order of events in which a page that syncs loses, doubles or holds up what its
user wrote. The page, its library, web application, issuer and API are the reference's, in a real browser; the time that
passes is skipped. The same seed gives the same orders."""

from __future__ import annotations

import secrets
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager

import click

from harness.checks.sync_lost import left_over, lost_or_doubled, outlived, stormed
from harness.errors import AuthassayError, TargetError, UsageError, nearest
from harness.faults.registry import Fault, load_faults
from harness.faults.share import WHOLE, Share, parse_share
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


def orders(seed: int, number: int, share: Share = WHOLE) -> list[Moves]:
    """The interleavings that a seed stands for, or a share of them."""
    chosen = range(share.number - 1, number, share.count)
    return [interleaving(f"{seed}/{index}", LENGTH) for index in chosen]


def search(hunt: Hunt, played: Sequence[Moves], told: Callable[[str], None]) -> tuple[Moves, list[str]] | None:
    """The first interleaving in which something goes wrong, and what; None where there is none."""
    began = time.monotonic()
    for index, moves in enumerate(played, 1):
        if wrong := hunt.play(moves):
            return moves, wrong
        if index % 10 == 0 or index == len(played):
            took = time.monotonic() - began
            told(f"{index} of {len(played)}: all is well; {took:.0f} s, {index / took:.2f} a second")
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
@click.option("--share", default="1/1", metavar="K/N", help="Play share K of N of the orders only, such as 2/4.")
@click.option("-n", "side_by_side", type=click.IntRange(min=1), default=1, help="Browsers at once.")
@click.option("--replay", default="", metavar="MOVES", help="Play this one order instead.")
def main(seed: int, number: int, fault: str, share: str, side_by_side: int, replay: str) -> None:
    """Play random orders of what can happen to a page that syncs. Exit code 1: something went wrong."""
    sweep()
    try:
        faults, moves, part = named(fault), read_moves(replay), parse_share(share)
        if side_by_side > 1 and not moves:
            given = ("--seed", str(seed), "--number", str(number), *(("--fault", fault) if fault else ()))
            raise SystemExit(_in_processes(given, part, side_by_side))
        with hunting(faults) as hunt:
            ends = _replay(hunt, moves) if moves else _search(hunt, seed, number, fault, part)
    except AuthassayError as error:
        raise click.ClickException(str(error)) from error
    raise SystemExit(1 if ends else 0)


def _in_processes(given: Iterable[str], share: Share, count: int) -> int:
    """Several hunts at once, each with a share of the share; the exit code of the first that does not end well, which
    ends the others."""
    parts = [Share(share.number + nth * share.count, share.count * count) for nth in range(count)]
    command = [sys.executable, "-m", "harness.hunt", *given]
    hunts = [subprocess.Popen([*command, "--share", str(part)]) for part in parts]
    try:
        while any(one.poll() is None for one in hunts):
            if bad := next((one.returncode for one in hunts if one.returncode), 0):
                return bad
            time.sleep(0.2)
        return max(one.returncode for one in hunts)
    finally:
        for one in hunts:
            one.terminate()
            one.wait()
        sweep()  # what those left that were ended


def _replay(hunt: Hunt, moves: Moves) -> bool:
    wrong = hunt.play(moves, afresh=True)
    click.echo("\n".join(wrong) or "nothing was lost, doubled or held up")
    return bool(wrong)


def _search(hunt: Hunt, seed: int, number: int, fault: str, share: Share) -> bool:
    found = search(hunt, orders(seed, number, share), click.echo)
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
