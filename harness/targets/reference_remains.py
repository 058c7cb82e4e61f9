"""What a client's processes show while they run, and what they leave behind when they end."""

from __future__ import annotations

import signal
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import psutil

from harness.observations import CrashRecord, ProcessWatch, SecretScan
from harness.observe import Recorder
from harness.probes.open_places import appeared_since
from harness.probes.process_watch import ARGUMENTS, ENVIRONMENT, Watcher
from harness.scan import SecretScanner, observe_scan
from harness.secret_forms import Secret
from harness.targets.reference_child import DesktopChild

__all__ = ["crash", "scan_with_open_places", "tell_watched"]

DUMPS = ("core*", "*.core", "*.dmp", "*crash*")
PLANTED_MARK = "{{planted:0000000000000000:43}}"


def crash(case: str, about: Mapping[str, str], child: DesktopChild, folder: Path) -> CrashRecord:
    """End the child by SIGSEGV; `folder` is where it runs, and where a dump of it is written."""
    limits = _dump_limits(child.pid)
    code = child.end_by(signal.SIGSEGV)
    ended = signal.Signals(-code).name if code < 0 else f"exit code {code}"
    dumps = sorted({str(file.relative_to(folder)) for like in DUMPS for file in folder.rglob(like)})
    return CrashRecord(
        case=case, about=about, signal=signal.SIGSEGV.name, ended_by=ended, limits=limits, dumps=tuple(dumps)
    )


def _dump_limits(pid: int) -> tuple[int, ...]:
    """The most bytes of a dump of the process and of each descendant; empty where the system tells of no such limit."""
    if not hasattr(psutil, "RLIMIT_CORE"):
        return ()
    process = psutil.Process(pid)
    return tuple(each.rlimit(psutil.RLIMIT_CORE)[0] for each in (process, *process.children(recursive=True)))


def scan_with_open_places(scan: SecretScan, scanner: SecretScanner, began: float) -> SecretScan:
    """The scan, with what appeared since `began` in places that are open to all programs."""
    files = appeared_since(began)
    hits = [hit for place, data in files.items() for hit in scanner.scan_bytes(place, data)]
    size = sum(len(data) for data in files.values())
    return replace(
        scan,
        places=(*scan.places, "places open to all"),
        bytes=scan.bytes + size,
        hits=(*scan.hits, *hits),
    )


def tell_watched(
    recorder: Recorder, case: str, about: Mapping[str, str], watcher: Watcher, during: str, secrets: tuple[Secret, ...]
) -> None:
    """Record what was looked at, and a search in the arguments and in the environments."""
    watched = ProcessWatch(
        case=case,
        about=about,
        processes=watcher.processes,
        looks=watcher.looks,
        longest_gap=watcher.longest_gap,
        during=tuple(during.split(", ")),
    )
    recorder.record(watched)
    for what in (ARGUMENTS, ENVIRONMENT):
        texts: dict[str, Path | bytes] = {
            f"{what} of process {number}": data for number, data in enumerate(sorted(watcher.seen[what]))
        }
        scan = observe_scan(f"{case}: {what}", texts, SecretScanner(secrets), about=about)
        finder = SecretScanner([Secret(watcher.witness.encode(), "planted", PLANTED_MARK)])
        found = any(finder.scan_bytes(what, data) for data in watcher.planted[what])
        recorder.record(replace(scan, planted_found=scan.planted_found and found))
