"""Parts of a shell's main process that a test can hinder. They are no faults: a shell has to live with all of these."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from harness.probes.hindrance import SILENT, STORE_BLOCKS, STORE_BREAKS, Hindrance
from reference_impl.parts import Part, Replacement

__all__ = ["hindered"]


class StoreBroke(Exception):
    """No error of a store that anybody foresaw."""


def hindered(folder: Path) -> dict[Part, Replacement]:
    """The parts, as the hindrance in a folder says from time to time."""
    hindrance = Hindrance(folder)

    def dispatcher(real: Any) -> Any:
        class Hindered(type(real)):  # type: ignore[misc]  # of whatever class it is, faulty or not
            def answer(self, channel: Any, request: Any) -> Any:
                value = super().answer(channel, request)
                hindrance.hold(SILENT)
                return value

        real.__class__ = Hindered
        return real

    def token_manager(real: Any) -> Any:
        write = real.vault._write  # the manager saves a token while it holds its lock

        def hinder(item: str, value: str) -> None:
            hindrance.hold(STORE_BLOCKS)
            if hindrance.applies(STORE_BREAKS):
                raise StoreBroke
            write(item, value)

        real.vault._write = hinder
        return real

    return {Part.BRIDGE_DISPATCHER: dispatcher, Part.TOKEN_MANAGER: token_manager}
