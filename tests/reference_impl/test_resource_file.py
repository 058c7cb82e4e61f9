"""SST's encrypted resource file: byte-exact, and no byte of it can be changed unseen."""

from __future__ import annotations

import base64
import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reference_impl.config import ConfigurationError, Origins, load_config
from reference_impl.config.resource_file import ResourceFileError, new_key, open_resources, seal_resources
from reference_impl.config.resources import Resources

KEY = base64.b64encode(bytes(range(32))).decode()
RESOURCES = {"App": {"name": "shop", "stage": "dev"}, "Bucket": {"name": "größe"}}
names = st.dictionaries(st.text(max_size=8), st.dictionaries(st.text(max_size=8), st.text(max_size=8)), max_size=3)


def test_the_format_is_the_one_that_sst_writes() -> None:
    """By Node's crypto: AES-256-GCM, key 00…1f, nonce of zeros, of the plaintext {}."""
    assert seal_resources({}, KEY).hex() == "75c1755a4669de8f71e79f7d95c44026283e"
    assert open_resources(bytes.fromhex("75c1755a4669de8f71e79f7d95c44026283e"), KEY) == {}


@given(names)
@settings(max_examples=25, deadline=None)
def test_what_was_sealed_is_opened(resources: dict[str, dict[str, str]]) -> None:
    assert open_resources(seal_resources(resources, KEY), KEY) == resources


@given(st.data())
@settings(max_examples=25, deadline=None)
def test_no_byte_can_be_changed(data: st.DataObject) -> None:
    sealed = bytearray(seal_resources(RESOURCES, KEY))
    place = data.draw(st.integers(0, len(sealed) - 1))
    sealed[place] ^= data.draw(st.integers(1, 255))
    with pytest.raises(ResourceFileError, match="it was changed"):
        open_resources(bytes(sealed), KEY)


@pytest.mark.parametrize("key", ["", "no base64!", base64.b64encode(bytes(16)).decode(), new_key()])
def test_another_key_opens_nothing_and_is_not_quoted(key: str) -> None:
    with pytest.raises(ResourceFileError) as caught:
        open_resources(seal_resources(RESOURCES, KEY), key)
    assert not key or key not in str(caught.value)


@pytest.mark.parametrize("text", [b"[]", b"1", b'{"App": 1}', b"no json", b'{"a":' * 100_000])
def test_what_are_no_resources_is_refused(text: bytes) -> None:
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    sealed = AESGCM(base64.b64decode(KEY)).encrypt(bytes(12), text, None)
    with pytest.raises(ResourceFileError, match="its content is not"):
        open_resources(sealed, KEY)


def environ(folder: Path, resources: dict[str, dict[str, str]], **more: str) -> dict[str, str]:
    (folder / "resource.enc").write_bytes(seal_resources(resources, KEY))
    return {"SST_KEY": KEY, "SST_KEY_FILE": str(folder / "resource.enc"), **more}


def test_the_file_wins_over_the_environment_name_by_name(tmp_path: Path) -> None:
    faults: list[str] = []
    origins = Origins()
    more = {f"SST_RESOURCE_{name}": json.dumps({"name": "environment"}) for name in ("App", "Bus")}
    resources = Resources(environ(tmp_path, RESOURCES, **more), faults, origins)
    assert (resources.text("App", "name"), resources.text("Bus", "name")) == ("shop", "environment")
    assert {o.name: o.source for o in origins}["App.name"] == "resource file, App"
    assert faults == []


@pytest.mark.parametrize("absent", ["SST_KEY", "SST_KEY_FILE"])
def test_one_without_the_other_is_a_fault_and_no_fallback(tmp_path: Path, absent: str) -> None:
    given = environ(tmp_path, RESOURCES)
    del given[absent]
    with pytest.raises(ConfigurationError, match=f"{absent} is not: SST sets both"):
        load_config({**given, "AUTH_STAGE": "dev"})


def test_a_file_of_another_stage_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="is of another stage than AUTH_STAGE"):
        load_config({**environ(tmp_path, RESOURCES), "AUTH_STAGE": "prod"})


def test_a_file_that_cannot_be_opened_is_told_without_its_key(tmp_path: Path) -> None:
    given = environ(tmp_path, RESOURCES)
    (tmp_path / "resource.enc").write_bytes(b"x" * 40)
    with pytest.raises(ConfigurationError) as caught:
        load_config({**given, "AUTH_STAGE": "dev"})
    assert "cannot be opened by SST_KEY" in str(caught.value)
    assert KEY not in str(caught.value)
