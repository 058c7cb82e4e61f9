"""The packer: stamped artifacts of one stage, from an explicit list, the same each time."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path

import pytest

from reference_impl.build import BuildError, Packer, read_outputs
from reference_impl.build.__main__ import main
from reference_impl.build.outputs import make_stamp
from reference_impl.build.packer import client_files

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


def test_the_desktop_is_packed_without_the_servers_rooms() -> None:
    rooms = {path.parts[0] for path in client_files()}
    assert {"desktop", "session_store", "web", "config"} <= rooms
    assert not rooms & {"issuer", "api", "events", "build", "provision.py"}


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
