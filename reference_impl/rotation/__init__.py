"""Rotation of keys and secrets: generations with a beginning and an end, seen by running processes."""

from reference_impl.rotation.generations import Generation, Generations
from reference_impl.rotation.live import RELOAD, LiveGenerations
from reference_impl.rotation.operation import ROTATABLE, Plan, Rotation
from reference_impl.rotation.policy import RotationPolicy

__all__ = ["RELOAD", "ROTATABLE", "Generation", "Generations", "LiveGenerations", "Plan", "Rotation", "RotationPolicy"]
