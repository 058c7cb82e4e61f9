"""The reference's secrets, rotated as its operator rotates them, while its stages serve."""

from __future__ import annotations

import json
import uuid
from base64 import urlsafe_b64decode

from joserfc import jwt
from joserfc.jwk import ECKey

from harness.errors import TargetError
from harness.faults.launch import parts_of
from harness.observations import RotationPlan
from harness.observe import Recorder
from harness.probes.stage_address import Client
from harness.targets.reference_host import ReferenceHost
from reference_impl.config import Lifetimes
from reference_impl.parts import Part
from reference_impl.rotation import Plan, Rotation, RotationPolicy
from reference_impl.rotation.parameter import read_generations
from reference_impl.secret_parameters import StageSecrets, parameter_name, write_secrets

__all__ = ["ReferenceRotation"]

CLIENT = "reports"
LIFE = 600  # seconds that a forged token claims to live


class ReferenceRotation:
    """Rotates in the Parameter Store of one stage; what it learns of keys it keeps for itself."""

    def __init__(self, target: ReferenceHost, stage: str, recorder: Recorder) -> None:
        running = target.reference.stages[stage]
        self._target, self._stage, self._recorder = target, stage, recorder
        self._config = running.config
        self._ssm = running.config.aws.clients().ssm()
        policy = parts_of(target.faults, stage).choose(Part.ROTATION_POLICY, RotationPolicy.of(Lifetimes()))
        self._operator = Rotation(self._ssm, self._config.app, stage, policy, target.shifted)
        self._deploy()
        self._secrets: dict[str, str] = {}
        self._keys: dict[str, dict[str, str]] = {}
        self._newest = ""
        self._remember_key()

    def rotate(self, case: str, secret: str) -> RotationPlan:
        return self._record(case, secret, self._operator.rotate(self._named(secret)))

    def roll_back(self, case: str, secret: str) -> RotationPlan:
        return self._record(case, secret, self._operator.roll_back(self._named(secret)))

    def withdraw(self, case: str, secret: str) -> RotationPlan:
        return self._record(case, secret, self._operator.withdraw(self._named(secret)))

    def client(self, generation: str = "") -> Client:
        if not self._secrets:
            raise TargetError("the confidential client has no secret yet: rotate client-secret first")
        registered = next(client for client in self._config.clients if client.client_id == CLIENT)
        secret = self._secrets[generation or self._newest]
        return Client(CLIENT, registered.redirect_uris[0], secret=secret, authentication="client_secret_basic")

    def forge(self, access_token: str, generation: str) -> str:
        payload = access_token.split(".")[1]
        claims = json.loads(urlsafe_b64decode(payload + "=="))
        now = int(self._target.shifted.now())
        fresh = {**claims, "iat": now, "exp": now + LIFE, "jti": str(uuid.uuid4())}
        header = {"alg": "ES256", "typ": "at+jwt", "kid": generation}
        token = jwt.encode(header, fresh, ECKey.import_key(dict(self._keys[generation])), algorithms=["ES256"])
        self._recorder.redactor.register(token, "access_token")
        return token

    def close(self) -> None:
        self._ssm.close()

    def _deploy(self) -> None:
        """Have the secrets that the running stage was started with in the store: another process of the same stage may
        have been given its own there."""
        config = self._config
        if not read_generations(self._ssm, config.app, self._stage):
            secrets = StageSecrets(config.signing_key, config.refresh_key, config.subject_key, config.users)
            write_secrets(self._ssm, config.app, self._stage, secrets)

    def _named(self, secret: str) -> str:
        return f"{secret}/{CLIENT}" if secret == "client-secret" else secret

    def _record(self, case: str, secret: str, plan: Plan) -> RotationPlan:
        if plan.reveal:
            self._recorder.redactor.register(plan.reveal, "client_secret")
            self._secrets[plan.generation], self._newest = plan.reveal, plan.generation
        self._remember_key()
        told = RotationPlan(
            case=case,
            about={"stage": self._stage},
            secret=secret,
            generation=plan.generation,
            at=self._target.shifted.now(),
            used_from=plan.used_from,
            ending=plan.ending,
        )
        return self._recorder.record(told)

    def _remember_key(self) -> None:
        """Keep the newest signing key, as somebody would who reads what he should not."""
        name = parameter_name(self._config.app, self._stage, "signing-key")
        jwk = json.loads(self._ssm.get_parameter(Name=name, WithDecryption=True)["Parameter"]["Value"])
        self._recorder.redactor.register(jwk["d"], "signing_key")
        self._keys[jwk["kid"]] = jwk
