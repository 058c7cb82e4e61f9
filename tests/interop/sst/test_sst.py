"""What Python writes SST's own package reads, and the other way round."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import pytest

from reference_impl.config.origins import Origins
from reference_impl.config.resource_file import new_key, open_resources, seal_resources
from reference_impl.config.resources import Resources
from reference_impl.config.sst_secrets import open_state, seal_state

HERE = Path(__file__).parent
RESOURCES: dict[str, dict[str, object]] = {
    "App": {"name": "shop", "stage": "dev"},
    "Bus": {"name": 'größe "bus" €'},
    "Deep": {"a": {"b": [1, None]}},
}
SECRETS = {"AuthSigningKey": '{"kty":"EC"}', "AuthRefreshKey": "k" * 44, "Größe": "€"}


@pytest.fixture
def sealed(tmp_path: Path) -> dict[str, str]:
    """The environment of a function whose resource file Python wrote."""
    key, path = new_key(), tmp_path / "resource.enc"
    path.write_bytes(seal_resources(RESOURCES, key))
    return {"SST_KEY": key, "SST_KEY_FILE": str(path)}


def test_sst_reads_the_resource_file_that_python_writes(run_script: Any, sealed: dict[str, str]) -> None:
    assert run_script(HERE / "resources.mjs", list(RESOURCES), sealed) == RESOURCES


def test_python_reads_what_node_sealed_as_sst_does(run_script: Any) -> None:
    key = new_key()
    given = {"what": "seal file", "key": key, "plain": RESOURCES}
    assert open_resources(base64.b64decode(run_script(HERE / "crypto.mjs", given)), key) == RESOURCES


@pytest.mark.parametrize("in_file", [True, False])
def test_both_let_the_file_win_over_the_environment(run_script: Any, sealed: dict[str, str], in_file: bool) -> None:
    name = "App" if in_file else "Other"
    environ = {**sealed, f"SST_RESOURCE_{name}": json.dumps({"name": "environment"})}
    read = run_script(HERE / "resources.mjs", [name], environ)[name]
    assert read == Resources(environ, [], Origins()).of(name)
    assert (read == RESOURCES["App"]) == in_file


def test_both_read_the_same_from_the_environment_alone(run_script: Any) -> None:
    environ = {f"SST_RESOURCE_{name}": json.dumps(value) for name, value in RESOURCES.items()}
    read = run_script(HERE / "resources.mjs", list(RESOURCES), environ)
    assert read == {name: Resources(environ, [], Origins()).of(name) for name in RESOURCES}


def test_node_opens_the_secret_state_that_python_writes(run_script: Any) -> None:
    key = new_key()
    state = base64.b64encode(seal_state(SECRETS, key)).decode()
    assert run_script(HERE / "crypto.mjs", {"what": "open state", "key": key, "sealed": state}) == SECRETS


def test_python_opens_the_secret_state_that_node_writes(run_script: Any) -> None:
    key = new_key()
    state = run_script(HERE / "crypto.mjs", {"what": "seal state", "key": key, "plain": SECRETS})
    assert open_state(base64.b64decode(state), key) == SECRETS
