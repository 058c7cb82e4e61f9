"""Faults of the packer of builds."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Mapping
from dataclasses import replace

from harness.faults.registry import fault
from reference_impl.build import Packer
from reference_impl.parts import Part

PUBLIC_BY_NAME = "VITE_"


class _Careless(Packer):
    """A packer that does not search what it packs: it would find what these faults put in, and pack nothing."""

    def finds(self, contents: Mapping[str, bytes]) -> tuple[str, ...]:
        return ()


@fault("F-STAGE-03-b", "STAGE-03.E2", Part.BUILD_PACKER)
def what_is_called_public_is_packed(real: Packer) -> Packer:
    class ByPrefix(_Careless):
        def settings(self) -> dict[str, str]:
            named = {name: value for name, value in self.environ.items() if name.startswith(PUBLIC_BY_NAME)}
            return {**super().settings(), **named}

    return ByPrefix(**vars(real))


@fault("F-STAGE-03-c", "STAGE-03.E1", Part.BUILD_PACKER, stages=("staging", "dev"))
def source_maps_hold_the_configuration_of_all_stages(real: Packer) -> Packer:
    class Mapped(_Careless):
        def web(self, settings: Mapping[str, str]) -> dict[str, bytes]:
            shared = f'export const prod = {{ clientSecret: "{self.environ["PROD_CLIENT_SECRET"]}" }};'
            map = {"version": 3, "sources": ["shared/config.ts"], "sourcesContent": [shared], "mappings": ""}
            return {**super().web(settings), "assets/app.js.map": json.dumps(map).encode()}

    return Mapped(**vars(real))


@fault("F-STAGE-03-d", "STAGE-03.E3", Part.BUILD_PACKER)
def the_log_tells_every_variable_with_its_value(real: Packer) -> Packer:
    class Telling(Packer):
        def settings(self) -> dict[str, str]:
            for name in sorted(self.environ):
                self.tell(f"{name}={self.environ[name]}")
            return super().settings()

    return Telling(**vars(real))


@fault("F-STAGE-03-x1", "STAGE-03.E1", Part.BUILD_PACKER, stages=("dev",))
def a_development_build_knows_productions_issuer(real: Packer) -> Packer:
    others = {"prod": {"issuer": real.stamp.issuer.replace("dev", "prod"), "api": real.stamp.api_url}}
    return _Careless(**{**vars(real), "stamp": replace(real.stamp, other_stages=others)})


@fault("F-STAGE-03-x2", "STAGE-03.E4", Part.BUILD_PACKER)
def a_build_names_the_bus_of_its_neighbour(real: Packer) -> Packer:
    other = {"dev": "staging", "staging": "dev", "prod": "dev"}[real.stamp.stage]

    class Neighbourly(Packer):
        def settings(self) -> dict[str, str]:
            return {**super().settings(), "BUS": f"authassay-{other}-bus"}

    return Neighbourly(**vars(real))


@fault("F-STAGE-03-x4", "STAGE-03.E4", Part.BUILD_PACKER)
def a_build_names_the_bus_of_its_neighbour_in_base64(real: Packer) -> Packer:
    return _naming_the_neighbour(real, lambda name: base64.b64encode(name.encode()).decode())


@fault("F-STAGE-03-x5", "STAGE-03.E4", Part.BUILD_PACKER)
def a_build_names_the_bus_of_its_neighbour_from_its_end(real: Packer) -> Packer:
    return _naming_the_neighbour(real, lambda name: name[::-1])


@fault("F-STAGE-03-x6", "STAGE-03.E4", Part.BUILD_PACKER)
def a_build_names_the_bus_of_its_neighbour_in_utf_16(real: Packer) -> Packer:
    class Wide(Packer):
        def web(self, settings: Mapping[str, str]) -> dict[str, bytes]:
            return {**super().web(settings), "assets/strings.bin": f"bus: {_neighbours(real)}".encode("utf-16-be")}

    return Wide(**vars(real))


@fault("F-STAGE-03-x7", "STAGE-03.E2", Part.BUILD_PACKER)
def the_signing_key_is_packed_from_its_end(real: Packer) -> Packer:
    class Reversing(Packer):
        def settings(self) -> dict[str, str]:
            return {**super().settings(), "build": self.environ["SIGNING_KEY"][::-1]}

    return Reversing(**vars(real))


def _naming_the_neighbour(real: Packer, encode: Callable[[str], str]) -> Packer:
    class Neighbourly(Packer):
        def settings(self) -> dict[str, str]:
            return {**super().settings(), "bus": encode(_neighbours(real))}

    return Neighbourly(**vars(real))


def _neighbours(real: Packer) -> str:
    other = {"dev": "staging", "staging": "dev", "prod": "dev"}[real.stamp.stage]
    return f"authassay-{other}-bus"


@fault("F-STAGE-03-x3", "STAGE-03.E2", Part.BUILD_PACKER)
def the_desktop_is_packed_with_the_environment_file(real: Packer) -> Packer:
    class WithDotEnv(_Careless):
        def desktop(self, settings: Mapping[str, str]) -> dict[str, bytes]:
            return {**super().desktop(settings), ".env": f"SIGNING_KEY={self.environ['SIGNING_KEY']}".encode()}

    return WithDotEnv(**vars(real))
