"""The repository's own configuration, compared: as it stands, and in branches that are copies with one change."""

from __future__ import annotations

import ast
import json
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from tempfile import mkdtemp

from harness.errors import TargetError, nearest
from harness.faults.registry import Fault
from harness.machine.places import CHECKOUT
from harness.machine.session import PrivateSession
from harness.observations import ConfigurationComparison
from harness.observe import Recorder
from harness.probes.configuration_document import Difference, compare, documented_in
from harness.probes.configuration_reads import Read, flags_of, parameters_of, reads_of, resources_of
from harness.rehearsal.parts import HarnessParts
from harness.variables import SYSTEM

__all__ = ["ItselfConfiguration", "difference_of", "document_of"]

SOURCES = (
    "harness",
    "reference_impl",
    "noxfile.py",
    "reports/allure/allurerc.mjs",
)
# What declares variables reads none; what stands in for a target's programs, or seeds faults, is not the product.
EXCEPT = (
    "harness/faults",
    "harness/variables.py",
    "reference_impl/config/variables.py",
    "harness/probes/constant_key.py",
)
DOCUMENT = "AGENTS.md"
DECLARATIONS = "reference_impl/config/variables.py"
REFERENCE = "reference_impl"
PARAMETERS = ("reference_impl/secret_parameters.py", "reference_impl/rotation/parameter.py")
PROGRAMS = ("reference_impl", "reference_impl.desktop")
SECONDS = 60.0
ADDED = "AUTH_UNDOCUMENTED_SWITCH"
ORPHAN = "AUTH_NO_LONGER_READ"


def document_of(root: Path) -> str:
    """The text of the documentation."""
    return (root / DOCUMENT).read_text(encoding="utf-8")


def difference_of(root: Path, document: str) -> tuple[Difference, tuple[Read, ...], int]:
    """How the document differs from what the sources below `root` read; the reads, and how many rows there are."""
    reads = [r for r in reads_of(root, SOURCES, _declared(root)) if not r.place.startswith(EXCEPT)]
    reads += [*resources_of(root, REFERENCE), *parameters_of(root, PARAMETERS), *flags_of(root, REFERENCE)]
    rows = documented_in(document)
    return compare(reads, rows, SYSTEM), tuple(reads), len(rows)


def _declared(root: Path) -> Mapping[str, str]:
    """The constants of the reference's declarations, to the variables that they declare."""
    tree = ast.parse((root / DECLARATIONS).read_text(encoding="utf-8"))
    return {
        target.id: str(call.args[0].value)
        for node in tree.body
        if isinstance(node, ast.Assign) and isinstance(call := node.value, ast.Call)
        for target in node.targets
        if isinstance(target, ast.Name) and call.args and isinstance(call.args[0], ast.Constant)
    }


class ItselfConfiguration:
    """Compares with the parts that the faults may have replaced."""

    def __init__(self, machine: PrivateSession, faults: Sequence[Fault], recorder: Recorder) -> None:
        parts = HarnessParts.of(faults)
        self._machine, self._recorder = machine, recorder
        self._document = parts.choose("configuration document", document_of)
        self._difference = parts.choose("configuration comparison", difference_of)

    def compare(self, case: str) -> ConfigurationComparison:
        started = tuple(sorted({name for program in PROGRAMS for name in self._read_by(program)}))
        names = {row.name for row in documented_in(self._document(CHECKOUT))} | SYSTEM
        return self._observe(case, CHECKOUT, "", started, tuple(name for name in started if name not in names))

    def compare_branch(self, case: str, change: str) -> ConfigurationComparison:
        if change not in CHANGES:
            raise TargetError(f"no branch with {change!r} ({nearest(change, CHANGES)})")
        root = Path(mkdtemp(prefix="branch-", dir=self._machine.folder))
        for source in (*SOURCES, DOCUMENT):
            _copy(CHECKOUT / source, root / source)
        changed = CHANGES[change](root)
        try:
            return self._observe(case, root, changed, (), ())
        finally:
            shutil.rmtree(root, ignore_errors=True)

    def _observe(
        self, case: str, root: Path, changed: str, started: tuple[str, ...], unknown: tuple[str, ...]
    ) -> ConfigurationComparison:
        difference, reads, rows = self._difference(root, self._document(root))
        return self._recorder.record(
            ConfigurationComparison(
                case=case,
                changed=changed,
                read=len({read.name for read in reads} - SYSTEM),
                documented=rows,
                undocumented=difference.undocumented,
                orphans=difference.orphans,
                incomplete=difference.incomplete,
                at_run_time=started,
                undocumented_at_run_time=unknown,
            )
        )

    def _read_by(self, program: str) -> list[str]:
        """What a program reads when it is started with a stage and nothing else, until it says what it lacks."""
        done = subprocess.run(
            [sys.executable, "-m", "harness.probes.recorded_environment", program],
            env={**self._machine.environment, "AUTH_STAGE": "dev"},
            cwd=CHECKOUT,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=SECONDS,
        )
        try:
            names: list[str] = json.loads(done.stdout.splitlines()[-1])
        except (IndexError, ValueError):
            raise TargetError(f"what {program} reads was not recorded: {done.stderr[-300:]}") from None
        return names


def _copy(source: Path, to: Path) -> None:
    to.parent.mkdir(parents=True, exist_ok=True)
    if source.is_dir():
        shutil.copytree(source, to, ignore=shutil.ignore_patterns("__pycache__", "node_modules"))
    else:
        shutil.copyfile(source, to)


def _add_read(root: Path) -> str:
    module = root / "reference_impl" / "clock.py"
    module.write_text(f'{module.read_text()}\n\nimport os\n\nSWITCH = os.environ.get("{ADDED}")\n')
    return ADDED


def _add_row(root: Path) -> str:
    document = root / DOCUMENT
    text = document.read_text(encoding="utf-8")
    row = f"| `{ORPHAN}` | every | public | not set | none | what it was for |\n"
    document.write_text(text.replace("<!-- variables: end -->", f"{row}<!-- variables: end -->", 1), encoding="utf-8")
    return ORPHAN


CHANGES: Mapping[str, Callable[[Path], str]] = {
    "an undocumented read": _add_read,
    "an orphan in the documentation": _add_row,
}
