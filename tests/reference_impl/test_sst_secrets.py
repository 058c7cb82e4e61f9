"""SST's own secret state, over moto: the stage's secrets, and never a fallback's or another stage's."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from moto import mock_aws

from reference_impl.aws import AwsAccess
from reference_impl.config import ConfigurationError, Origins, StageConfig, load_config
from reference_impl.config.origins import mark
from reference_impl.config.secrets import STATE_NAMES
from reference_impl.config.sst_secrets import FALLBACK, SecretState, SecretStateError, open_state, seal_state
from reference_impl.provision import make_secrets
from reference_impl.secret_parameters import encode_secrets

ACCESS = AwsAccess(access_key_id="test", secret_access_key="test")
TEXTS = encode_secrets(make_secrets("dev", {"alice": "wonderland"}, scrypt_cost=2))
STATE = {STATE_NAMES[name]: text for name, text in TEXTS.items()}


@pytest.fixture
def bucket() -> Iterator[str]:
    with mock_aws():
        clients = ACCESS.clients()
        ssm, s3 = clients.ssm(), clients.s3()
        s3.create_bucket(Bucket="state", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
        ssm.put_parameter(Name="/sst/bootstrap", Value='{"version": 1, "state": "state"}', Type="String")
        yield "state"
        ssm.close()
        s3.close()


def state(stage: str = "dev") -> SecretState:
    return SecretState(ACCESS.clients(), "shop", stage)


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    resources = {
        "App": {"name": "shop", "stage": "dev"},
        "Issuer": {"url": "https://auth.dev.example"},
        "Api": {"url": "https://api.dev.example", "audience": "shop-api-dev"},
        "Web": {"url": "https://app.dev.example"},
        "Bus": {"name": "shop-dev-bus"},
    }
    return {
        **{f"SST_RESOURCE_{name}": json.dumps(value) for name, value in resources.items()},
        **ACCESS.environment(),
        "AUTH_STAGE": "dev",
        "AUTH_SECRETS": "sst",
        "AUTH_DATABASE": str(tmp_path / "dev.sqlite"),
    }


def faults(environ: dict[str, str]) -> str:
    with pytest.raises(ConfigurationError) as caught:
        load_config(environ)
    return str(caught.value)


@pytest.mark.usefixtures("bucket")
def test_a_whole_configuration_is_read_from_the_state(environ: dict[str, str]) -> None:
    state().write(STATE)
    origins = Origins()
    config = load_config(environ, origins=origins)
    assert isinstance(config, StageConfig)
    assert json.dumps(dict(config.signing_key)) == TEXTS["signing-key"]
    told = {origin.name: origin for origin in origins}
    assert told["signing-key"].source == "SST's secret state secret/shop/dev.json, AuthSigningKey"
    assert told["refresh-key"].value == mark(TEXTS["refresh-key"])
    assert not [o for o in origins if o.value and o.value in TEXTS.values()]


@pytest.mark.usefixtures("bucket")
@pytest.mark.parametrize("secret", list(STATE_NAMES))
@pytest.mark.parametrize("other", [FALLBACK, "prod"])
def test_a_missing_secret_is_not_taken_from_elsewhere(environ: dict[str, str], secret: str, other: str) -> None:
    clients = ACCESS.clients()
    passphrase = base64.b64encode(bytes(32)).decode()
    clients.ssm().put_parameter(Name=f"/sst/passphrase/shop/{other}", Value=passphrase, Type="SecureString")
    clients.s3().put_object(Bucket="state", Key=f"secret/shop/{other}.json", Body=seal_state(STATE, passphrase))
    state().write({name: text for name, text in STATE.items() if name != STATE_NAMES[secret]})
    told = faults(environ)
    assert f'secret "{secret}" ({STATE_NAMES[secret]} in SST\'s secret state secret/shop/dev.json) is missing' in told
    assert len(told.splitlines()) == 1


@pytest.mark.usefixtures("bucket")
def test_a_stage_without_a_state_misses_every_secret(environ: dict[str, str]) -> None:
    assert len(faults(environ).splitlines()) == len(STATE_NAMES)


@pytest.mark.usefixtures("bucket")
def test_a_passphrase_of_another_stage_opens_nothing(environ: dict[str, str]) -> None:
    state().write(STATE)
    ACCESS.clients().ssm().put_parameter(
        Name="/sst/passphrase/shop/dev", Value=base64.b64encode(bytes(32)).decode(), Type="SecureString", Overwrite=True
    )
    assert "/sst/passphrase/shop/dev is not its key" in faults(environ)


def test_without_a_bootstrap_that_is_said(environ: dict[str, str]) -> None:
    with mock_aws():
        assert "SSM parameter /sst/bootstrap cannot be read: ParameterNotFound" in faults(environ)


@pytest.mark.parametrize("stage", [FALLBACK, "dev/../prod"])
def test_the_fallback_is_no_stage(stage: str) -> None:
    with pytest.raises(ValueError, match="its secrets would be shared"):
        SecretState(ACCESS.clients(), "shop", stage)


@pytest.mark.parametrize("place", [0, 11, 12, 20, -16, -1])
def test_a_changed_byte_is_noticed(place: int) -> None:
    key = base64.b64encode(bytes(range(32))).decode()
    sealed = bytearray(seal_state(STATE, key))
    assert open_state(bytes(sealed), key) == STATE
    sealed[place] ^= 1
    with pytest.raises(SecretStateError, match="it was changed"):
        open_state(bytes(sealed), key)


@pytest.mark.parametrize("sealed", [b"", bytes(27)])
def test_what_is_too_short_is_refused(sealed: bytes) -> None:
    with pytest.raises(SecretStateError, match="shorter"):
        open_state(sealed, base64.b64encode(bytes(32)).decode())


def test_an_unknown_source_of_secrets_is_named(environ: dict[str, str]) -> None:
    assert 'AUTH_SECRETS is "vault": it is ssm or sst' in faults({**environ, "AUTH_SECRETS": "vault"})
