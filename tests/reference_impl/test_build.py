"""The packer: stamped artifacts of one stage, from an explicit list, the same each time."""

from __future__ import annotations

import ast
import json
import shutil
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from reference_impl.build import BuildError, Packer, read_outputs
from reference_impl.build.__main__ import main
from reference_impl.build.outputs import make_stamp
from reference_impl.build.packer import SOURCES, client_files
from reference_impl.provision import make_secrets

STAGES = ("dev", "staging", "prod")
OUTPUTS = {stage: {name: f"https://{name}.{stage}.test" for name in ("issuer", "api", "web")} for stage in STAGES}


@pytest.fixture
def outputs(tmp_path: Path) -> Path:
    path = tmp_path / "stages.json"
    path.write_text(json.dumps(OUTPUTS), encoding="utf-8")
    return path


def pack(outputs: Path, stage: str, *more: str, environ: dict[str, str] | None = None) -> dict[str, zipfile.ZipFile]:
    into = outputs.parent / stage
    arguments = ["--outputs", str(outputs), "--stage", stage, "--into", str(into), *more]
    assert main(environ or {}, arguments=arguments) == 0
    return {path.stem: zipfile.ZipFile(path) for path in into.glob("*.zip")}


def texts(archive: zipfile.ZipFile) -> str:
    return "\n".join(archive.read(name).decode("utf-8", "replace") for name in archive.namelist())


@pytest.mark.parametrize("stage", STAGES)
def test_each_artifact_is_stamped_and_names_no_other_stages_hosts(outputs: Path, stage: str) -> None:
    for name, archive in pack(outputs, stage).items():
        stamp = json.loads(archive.read("build-stamp.json" if name == "web" else "reference_impl/build-stamp.json"))
        assert (stamp["stage"], stamp["issuer"]) == (stage, OUTPUTS[stage]["issuer"])
        for other in set(STAGES) - {stage}:
            assert f".{other}.test" not in texts(archive)


def test_what_is_in_the_environment_is_packed_only_by_name_and_never_logged(
    outputs: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    environ = {"VITE_PAYMENTS_KEY": "secret-of-payments", "SIGNING_KEY": "secret-key", "BUILD_NUMBER": "4711"}
    packed = pack(outputs, "prod", environ=environ)
    for archive in packed.values():
        assert "secret-" not in texts(archive)
        assert '"BUILD_NUMBER": "4711"' in texts(archive)
    log = capsys.readouterr().out
    assert "BUILD_NUMBER (4 characters)" in log
    assert "4711" not in log


def test_equal_inputs_give_equal_artifacts(outputs: Path) -> None:
    first = {name: Path(str(archive.filename)).read_bytes() for name, archive in pack(outputs, "dev").items()}
    again = {name: Path(str(archive.filename)).read_bytes() for name, archive in pack(outputs, "dev").items()}
    assert first == again


def imported(file: Path) -> Iterator[Path]:
    """Files of the package that a file imports, relative to it, also within functions and for types alone."""
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("reference_impl"):
            for name in (node.module or "", *(f"{node.module}.{one.name}" for one in node.names)):
                place = Path(*name.split(".")[1:])
                found = (place.with_suffix(".py") if place.parts else place, place / "__init__.py")
                yield from (one for one in found if one.suffix and (SOURCES / one).is_file())


def test_the_desktop_is_packed_with_what_it_imports_and_with_nothing_of_a_server() -> None:
    packed = {*client_files()}
    needed = {path for path in packed if path.suffix == ".py" and path.parts[0] in ("desktop", "session_store")}
    rest = [*needed]
    while rest:
        fresh = {*imported(SOURCES / rest.pop())} - needed
        needed |= fresh
        rest += fresh
    assert needed <= packed
    beyond = {path.parts[0] for path in packed - needed}
    assert beyond <= {"__init__.py", "config", "web", "desktop"}, "modules that nothing of the desktop imports"
    assert not {path.parts[0] for path in packed} & {
        "api", "app.py", "build", "database.py", "events", "issuer", "operate", "provision.py", "retention.py",
        "rotation", "stage.py",
    }  # fmt: skip


def test_a_module_that_is_not_named_is_not_packed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    sources = tmp_path / "reference_impl"
    shutil.copytree(SOURCES, sources, ignore=shutil.ignore_patterns("__pycache__"))
    before = {*client_files()}
    (sources / "another.py").touch()
    (sources / "another").mkdir()
    (sources / "another" / "module.py").touch()
    monkeypatch.setattr("reference_impl.build.packer.SOURCES", sources)
    assert {*client_files()} == before


@pytest.mark.parametrize("value", ["https://auth.prod.example.com sk_live_PRODSECRET", "HEAD", "0123abc\n", ""])
def test_what_is_no_commit_is_not_packed(outputs: Path, value: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert pack(outputs, "dev", environ={"BUILD_COMMIT": "0123abc", "BUILD_NUMBER": "1.2.3-rc.1"})
    for variable in ("BUILD_COMMIT", "BUILD_NUMBER"):
        arguments = ["--outputs", str(outputs), "--stage", "dev", "--into", str(outputs.parent / "none")]
        if variable == "BUILD_COMMIT" or not value.startswith("0"):
            assert main({variable: value}, arguments=arguments) == 2
            said = capsys.readouterr().err
            assert f"{variable} is not like " in said
            assert not value or value not in said
    assert not [*(outputs.parent / "none").glob("*")]


def test_what_the_sources_have_as_examples_is_no_deployments_host(tmp_path: Path) -> None:
    path = tmp_path / "stages.json"
    hosts = {stage: f"{stage}.example.com" for stage in STAGES} | {"prod": "example.com"}
    outputs = {
        stage: {"issuer": f"https://auth.{host}", "api": f"https://api.{host}", "web": f"https://app.{host}"}
        for stage, host in hosts.items()
    }
    path.write_text(json.dumps(outputs), encoding="utf-8")
    for stage in STAGES:
        assert pack(path, stage)


class Holding(Packer):
    """A packer that puts more into its artifacts than it should."""

    def web(self, settings: Mapping[str, str]) -> dict[str, bytes]:
        return {**super().web(settings), "more.js": self.environ["MORE"].encode()}


JWK = json.dumps(dict(make_secrets("prod", {}, scrypt_cost=2).signing_key))


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ('location = "https://issuer.prod.test/authorize"', "names a host of a stage that is not built"),
        ("see API.Staging.test.", "names a host of a stage that is not built"),
        ("-----BEGIN EC PRIVATE KEY-----", "holds a private key"),
        (JWK, "holds a private JWK"),
        (json.dumps(JWK), "holds a private JWK"),
        ("scrypt$16384$8$1$c2FsdA==$aGFzaA==", "holds the hash of a password"),
        ("sk_live_PRODSECRET", "holds a secret key of a service"),
        ("AKIAIOSFODNN7EXAMPLE", "holds a key of AWS"),
        ("eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiJhbGljZSJ9.c2ln", "holds a signed token"),
        ("https://admin:hunter2@db.dev.test", "holds the password of a URL"),
        ("payments = 'value-of-payments'", "holds the value of VITE_PAYMENTS_KEY"),
    ],
)
def test_nothing_is_built_with_what_may_be_in_no_artifact(outputs: Path, tmp_path: Path, more: str, said: str) -> None:
    environ = {"MORE": more, "VITE_PAYMENTS_KEY": "value-of-payments", "API_TOKEN": ""}
    with pytest.raises(BuildError) as caught:
        Holding(make_stamp("dev", read_outputs(outputs)), environ, print).pack(tmp_path)
    assert caught.value.faults == (f"web.zip: more.js {said}",)
    assert not [*tmp_path.glob("*.zip")]


@pytest.mark.parametrize(
    "more", ["https://issuer.dev.test:8443/", "prod.test", "const key = 'k'; // a key", '{"d": "M0 0"}']
)
def test_what_is_of_the_stage_or_of_nobody_is_packed(outputs: Path, tmp_path: Path, more: str) -> None:
    assert Holding(make_stamp("dev", read_outputs(outputs)), {"MORE": more}, print).pack(tmp_path)


def test_an_internal_build_holds_the_stages_that_it_may_be_switched_to(outputs: Path) -> None:
    stamp = make_stamp("dev", read_outputs(outputs), ["staging"])
    assert (stamp.internal, stamp.client_id) == (True, "desktop-internal")
    assert stamp.other_stages == {"staging": {"issuer": OUTPUTS["staging"]["issuer"], "api": OUTPUTS["staging"]["api"]}}
    assert stamp.refuses(OUTPUTS["prod"]["issuer"])
    assert not stamp.refuses(OUTPUTS["staging"]["issuer"])


@pytest.mark.parametrize("stage", ["dev", "prod"])
def test_a_stage_on_a_host_of_another_is_not_built(tmp_path: Path, stage: str) -> None:
    path = tmp_path / "stages.json"
    path.write_text(json.dumps({**OUTPUTS, "dev": {**OUTPUTS["dev"], "issuer": OUTPUTS["prod"]["issuer"]}}))
    with pytest.raises(BuildError, match=f"{stage} has the issuer on a host of a stage that is not built"):
        make_stamp(stage, read_outputs(path))


@pytest.mark.parametrize(("stage", "internal"), [("prod", "dev"), ("dev", "prod")])
def test_production_is_in_no_internal_build(outputs: Path, stage: str, internal: str) -> None:
    with pytest.raises(BuildError, match="no production stage in it"):
        make_stamp(stage, read_outputs(outputs), [internal])


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("no json", "not a readable JSON file"),
        ("[]", "not a JSON object of stages"),
        ('{"qa": {}}', '"qa" is no stage'),
        (
            '{"dev": {"issuer": "http://x", "api": "https://y", "web": "https://z"}}',
            "no origin like https://host under issuer",
        ),
        ('{"dev": {"issuer": "https://x", "api": "https://y/?q", "web": "https://u@z"}}', "under api"),
        ('{"dev": 1}', "no origin like https://host under web"),
    ],
)
def test_outputs_that_are_none_are_refused(tmp_path: Path, written: str, said: str) -> None:
    path = tmp_path / "stages.json"
    path.write_text(written, encoding="utf-8")
    with pytest.raises(BuildError) as caught:
        read_outputs(path)
    assert said in str(caught.value)


@pytest.mark.parametrize("stage", ["PROD", "qa", ""])
def test_an_unknown_stage_builds_nothing(outputs: Path, stage: str, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["--outputs", str(outputs), "--stage", stage, "--into", str(outputs.parent / "none")]
    assert main({}, arguments=arguments) == 2
    assert "nothing was built" in capsys.readouterr().err
    assert not (outputs.parent / "none").exists()


def test_a_packer_is_given_its_log(outputs: Path, tmp_path: Path) -> None:
    said: list[str] = []
    Packer(make_stamp("dev", read_outputs(outputs)), {}, said.append).pack(tmp_path)
    assert said[0] == "packing for dev"
    assert all("sha256" in line for line in said[1:])
