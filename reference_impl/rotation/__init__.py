"""Rotation of keys and secrets: generations with a beginning and an end, seen by running processes."""

from reference_impl.rotation.generations import Generation, Generations
from reference_impl.rotation.live import OLDEST, RELOAD, GenerationsUnknown, LiveGenerations
from reference_impl.rotation.operation import ROTATABLE, Plan, Rotation
from reference_impl.rotation.policy import RotationPolicy

__all__ = [
    "OLDEST",
    "RELOAD",
    "ROTATABLE",
    "Generation",
    "Generations",
    "GenerationsUnknown",
    "LiveGenerations",
    "Plan",
    "Rotation",
    "RotationPolicy",
]
