"""Other forms of a trained model: compared with the net, its specification checked, refused where it differs."""

import importlib.util
import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="the extra `train` is not installed")
pytest.importorskip("onnx", reason="the extra `train` is not installed")

from footlights.core.errors import InstallError, ModelCorruptError, SettingsError  # noqa: E402
from footlights.studio import export as exporting  # noqa: E402
from footlights.studio.boxes.exchange import import_boxes  # noqa: E402
from footlights.studio.export import export  # noqa: E402
from footlights.studio.photos.looks import MAP as SHAPE  # noqa: E402
from footlights.studio.photos.net import Exported, Head  # noqa: E402
from footlights.studio.project import ModelRun, Project  # noqa: E402
from footlights.studio.train import train, trained  # noqa: E402
from footlights.studio.trained_net import TrainedNet, load  # noqa: E402
from footlights.studio.watching import Watcher  # noqa: E402
from tests.studio.boxes.test_training import drawn  # noqa: E402


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A project of boxes with a small trained model."""
    folder = tmp_path_factory.mktemp("export")
    for side, seed in (("train", 1), ("valid", 2)):
        drawn(folder / "data" / side, 8, seed)
        (folder / "data" / side / "classes.txt").write_text("green\nred\n")
    made = Project.create(folder / "project", "boxes")
    import_boxes(made, folder / "data")
    train(made, threads=1, epochs=1, size=64, batch=4)
    return made


@pytest.fixture
def run(project: Project) -> ModelRun:
    return trained(project)


def test_a_project_is_trained_into_a_run_with_everything(project: Project, run: ModelRun) -> None:
    assert {"model.onnx", "model.zip", "card.toml", "labels.txt", "report.json", "curves.csv", "net.pt"} <= {
        path.name for path in run.folder.iterdir()
    }
    report = run.report
    assert report is not None and report["parity"]["onnx"] <= 1e-3 and report["labels"] == ["green", "red"]
    assert report["settings"]["size"] == 64
    with pytest.raises(SettingsError, match="no setting 'epoch' of a training; did you mean 'epochs'"):
        train(project, Watcher(), epoch=3)
    with pytest.raises(SettingsError, match=r"epochs of a training is 'many'; it must be int"):
        train(project, Watcher(), epochs="many")


def test_the_net_that_was_exported_is_read_again(project: Project, run: ModelRun) -> None:
    net = load(project, run)
    assert (net.inputs, net.outputs) == (("images",), ("output",)) and net.notes["labels"] == "green\nred"
    from footlights.models.session import open_session

    session = open_session(run.folder / "model.onnx")
    for (images,) in net.examples:
        with torch.no_grad():
            told = net.net(torch.from_numpy(images)).numpy()
        assert session.run({"images": images})["output"] == pytest.approx(told, abs=1e-3)


@pytest.mark.skipif(importlib.util.find_spec("coremltools") is None, reason="the extra `coreml` is not installed")
def test_core_ml_has_the_inputs_outputs_and_labels_of_the_net(tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    levels = tuple((rng.integers(0, 255, (1, *SHAPE)).astype(np.float32),) for _ in range(2))
    notes = {"labels": "x\nnot_x", "kind": "photos"}
    net = TrainedNet(Exported(Head(2), 1.3).eval(), ("levels",), ("probabilities",), levels, "Crossed", notes)
    assert exporting._coreml(net, tmp_path / "model.mlpackage") <= 1e-3
    import coremltools  # type: ignore[import-untyped]

    spec = coremltools.utils.load_spec(str(tmp_path / "model.mlpackage"))
    exporting.check_specification(spec, net)
    assert tuple(spec.description.input[0].type.multiArrayType.shape) == (1, *SHAPE)
    assert spec.description.metadata.userDefined["footlights.labels"] == "x\nnot_x"
    spec.description.input[0].name = "picture"
    with pytest.raises(ModelCorruptError, match="the specification takes"):
        exporting.check_specification(spec, net)


def test_an_export_that_differs_is_not_kept(project: Project, run: ModelRun, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exporting, "check", lambda form: None)
    monkeypatch.setattr(exporting, "_tflite", lambda net, path: path.write_bytes(b"x") and 0.0011)
    with pytest.raises(ModelCorruptError, match=r"model\.tflite differs from the net by 1\.1e-03"):
        export(project, run, "tflite")
    assert not [path for path in (run.folder / "exports").glob("*") if "tflite" in path.name]


def test_what_is_missing_is_said_in_one_line(project: Project, run: ModelRun, monkeypatch: pytest.MonkeyPatch) -> None:
    find = importlib.util.find_spec
    absent = {"litert_torch", "coremltools"}
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name in absent else find(name))
    for form, line in (
        ("tflite", "pip install 'footlights\\[train\\]' litert-torch"),
        ("coreml", "footlights\\[coreml\\]"),
    ):
        with pytest.raises(InstallError, match=line) as caught:
            export(project, run, form)
        assert "\n" not in str(caught.value)
    with pytest.raises(SettingsError, match="onnx, coreml, tflite"):
        export(project, run, "caffe")


def test_the_zip_is_what_the_engine_loads(
    project: Project, run: ModelRun, tmp_path: Path, models: Callable[..., None]
) -> None:
    from footlights.perception.objects import ObjectDetector

    path, difference = export(project, run, "onnx", tmp_path / "out" / "mine.zip")
    assert difference <= 1e-3 and ObjectDetector(path).labels == ("green", "red")
    assert json.loads((run.folder / "report.json").read_text())["kind"] == "boxes"
