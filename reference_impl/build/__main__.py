"""``python -m reference_impl.build --outputs stages.json --stage dev --into FOLDER``; exits 2 where it builds nothing.

``--internal staging`` makes a build that people may switch to these stages too; ``--ca FILE`` packs the authority of
the stage's hosts. The log goes to stdout, and holds no value.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from reference_impl.build.outputs import BuildError, make_stamp, read_outputs
from reference_impl.build.packer import CA_NAME, Packer
from reference_impl.config import ConfigurationError, parse_stage
from reference_impl.parts import Part, Parts


def main(environ: Mapping[str, str], parts: Parts | None = None, arguments: Sequence[str] = ()) -> int:
    """Pack; return the exit code."""
    options = _options(arguments)
    try:
        stage, ca = parse_stage(options.stage, "--stage"), options.ca
        internal = [parse_stage(name, "--internal") for name in options.internal]
        stamp = make_stamp(stage, read_outputs(options.outputs), internal, CA_NAME if ca else "")
        options.into.mkdir(parents=True, exist_ok=True)
        real = Packer(stamp, environ, lambda line: print(line, flush=True), ca)
        (parts or Parts()).choose(Part.BUILD_PACKER, real).pack(options.into)
    except (BuildError, ConfigurationError) as error:
        print("\n".join(["nothing was built:", *(f"  {fault}" for fault in error.faults)]), file=sys.stderr)
        return 2
    return 0


def _options(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="reference_impl.build", allow_abbrev=False)
    parser.add_argument("--outputs", type=Path, required=True, help="the deployment's public outputs, JSON")
    parser.add_argument("--stage", required=True)
    parser.add_argument("--internal", action="append", default=[], metavar="STAGE")
    parser.add_argument("--ca", type=Path)
    parser.add_argument("--into", type=Path, required=True)
    return parser.parse_args(list(arguments))


if __name__ == "__main__":
    sys.exit(main(os.environ, arguments=sys.argv[1:]))
