"""Packs the clients for one stage: web assets and the desktop application, each stamped, each with that stage's public
values and nothing else. ``python -m reference_impl.build`` is the program."""

from reference_impl.build.outputs import BuildError, StageOutputs, read_outputs
from reference_impl.build.packer import Packer

__all__ = ["BuildError", "Packer", "StageOutputs", "read_outputs"]
