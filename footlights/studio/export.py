"""A trained model in other forms: Core ML and LiteRT, each compared with the net on real inputs before it is kept."""

import contextlib
import importlib.util
import io
import json
import logging
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from footlights.core.errors import InstallError, ModelCorruptError, SettingsError, SinkError
from footlights.studio.manifest import replace_text
from footlights.studio.project import ModelRun, Project
from footlights.studio.trained_net import TrainedNet, load

PARITY = 1e-3  # largest difference of an answer from the net's that is let through
FILES = {"onnx": "model.zip", "coreml": "model.mlpackage", "tflite": "model.tflite"}
COREML = "coremltools is not installed; type: pip install 'footlights[coreml]'"
TFLITE = (
    "litert-torch is not installed; it cannot live beside coremltools, so make an environment of its own: "
    "pip install 'footlights[train]' litert-torch"
)


def export(project: Project, run: ModelRun, form: str, out: Path | None = None) -> tuple[Path, float]:
    """Write a trained model in a form; gives where it lies, by default in `exports/` beside the model, and how far its
    answers are from the net's on real inputs at most, which the report keeps.

    Core ML models run on Apple's systems only: elsewhere what is compared is the traced net that is converted, and the
    specification is checked for inputs, outputs and shapes.

    Raises:
        SettingsError: no such form. InstallError: a converter is missing. ModelCorruptError: the answers differ, or the
        specification is not as it must be; nothing is kept. SinkError, SourceError.
    """
    if form not in FILES:
        raise SettingsError(f"a model can be written as {', '.join(FILES)}, not {form!r}")
    name = FILES[form]
    target = out or run.folder / "exports" / name
    if target.is_dir() and target.suffix != Path(name).suffix:
        target /= name
    if form == "onnx":
        report = run.report or {}
        assert run.model is not None
        _copy(run.model, target)
        return target, float(report.get("parity", {}).get("onnx", 0.0))
    check(form)
    trained = load(project, run)
    draft = target.with_name(f".{target.name}")
    _delete(draft)
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        difference = _coreml(trained, draft) if form == "coreml" else _tflite(trained, draft)
        if not difference <= PARITY:
            raise ModelCorruptError(f"{name} differs from the net by {difference:.1e}, above {PARITY}: it was not kept")
        _delete(target)
        draft.replace(target)
    finally:
        _delete(draft)
    report = run.report or {}
    report["parity"] = {**report.get("parity", {}), form: difference}
    replace_text(run.folder / "report.json", json.dumps(report, indent=1, ensure_ascii=False) + "\n")
    return target, difference


def check(form: str) -> None:
    """Raises InstallError, with the line to type, where what a form needs is not installed."""
    if form == "coreml" and importlib.util.find_spec("coremltools") is None:
        raise InstallError(COREML)
    if form == "tflite" and importlib.util.find_spec("litert_torch") is None:
        raise InstallError(TFLITE)


def _copy(source: Path, target: Path) -> None:
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source, target)
    except OSError as error:
        raise SinkError(f"{target} cannot be written: {error.strerror or error}") from error


def _delete(path: Path) -> None:
    shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)


def _coreml(trained: TrainedNet, path: Path) -> float:
    """Write an ML program of 32-bit numbers; the largest difference of an answer on real inputs."""
    import warnings

    logging.getLogger("coremltools").setLevel(logging.CRITICAL)  # it warns of versions that it was not tried with
    with warnings.catch_warnings(), contextlib.redirect_stderr(io.StringIO()):  # and draws bars
        warnings.simplefilter("ignore")
        import coremltools  # type: ignore[import-untyped]

        examples = tuple(torch.from_numpy(values) for values in trained.examples[0])
        traced = torch.jit.trace(trained.net, examples)  # type: ignore[no-untyped-call]
        inputs = [
            coremltools.TensorType(name=name, shape=tuple(value.shape), dtype=np.float32)
            for name, value in zip(trained.inputs, examples, strict=True)
        ]
        outputs = [coremltools.TensorType(name=name, dtype=np.float32) for name in trained.outputs]
        model = coremltools.convert(
            traced, inputs=inputs, outputs=outputs, convert_to="mlprogram",
            minimum_deployment_target=coremltools.target.iOS16, compute_precision=coremltools.precision.FLOAT32,
            skip_model_load=True,
        )  # fmt: skip
        for key, value in trained.notes.items():
            model.user_defined_metadata[f"footlights.{key}"] = value
        model.short_description = trained.title
        model.save(str(path))
        check_specification(coremltools.utils.load_spec(str(path)), trained)
        run = _apple(path, trained) if coremltools.utils._is_macos() else traced
    return _difference(trained, run)


def _apple(path: Path, trained: TrainedNet) -> "nn.Module":
    """The written model, as Apple's systems run it."""
    import coremltools

    model = coremltools.models.MLModel(str(path), compute_units=coremltools.ComputeUnit.CPU_ONLY)

    class Run(nn.Module):
        def forward(self, *values: Tensor) -> tuple[Tensor, ...]:
            given = {name: value.numpy() for name, value in zip(trained.inputs, values, strict=True)}
            told = model.predict(given)
            return tuple(torch.from_numpy(np.asarray(told[name])) for name in trained.outputs)

    return Run()


def check_specification(spec: Any, trained: TrainedNet) -> None:
    """Raises ModelCorruptError where a Core ML specification has not the inputs and outputs that the net has."""
    if spec.WhichOneof("Type") != "mlProgram":
        raise ModelCorruptError(f"the specification is a {spec.WhichOneof('Type')}, not an ML program")
    shapes = [tuple(values.shape) for values in trained.examples[0]]
    wanted = dict(zip(trained.inputs, shapes, strict=True))
    given = {one.name: tuple(one.type.multiArrayType.shape) for one in spec.description.input}
    if given != wanted:
        raise ModelCorruptError(f"the specification takes {given}, the net {wanted}")
    told = tuple(one.name for one in spec.description.output)
    if set(told) != set(trained.outputs):
        raise ModelCorruptError(f"the specification gives {', '.join(told)}, the net {', '.join(trained.outputs)}")
    notes = dict(spec.description.metadata.userDefined)
    if notes.get("footlights.labels") != trained.notes["labels"]:
        raise ModelCorruptError("the specification does not hold the labels")


def _tflite(trained: TrainedNet, path: Path) -> float:
    """Write a LiteRT file; the largest difference of an answer on real inputs, run by the interpreter."""
    import litert_torch  # type: ignore[import-not-found]
    from ai_edge_litert.interpreter import Interpreter

    examples = tuple(torch.from_numpy(values) for values in trained.examples[0])
    litert_torch.convert(trained.net, examples).export(str(path))
    interpreter = Interpreter(str(path), num_threads=1)
    runner = interpreter.get_signature_runner()
    given, told = list(runner.get_input_details()), list(runner.get_output_details())

    class Run(nn.Module):
        def forward(self, *values: Tensor) -> tuple[Tensor, ...]:
            answers = runner(**{name: value.numpy() for name, value in zip(given, values, strict=True)})
            return tuple(torch.from_numpy(answers[name]) for name in told)

    return _difference(trained, Run())


@torch.no_grad()
def _difference(trained: TrainedNet, run: nn.Module) -> float:
    """The largest difference between what a file and the net answer, over real inputs."""
    worst = 0.0
    for values in trained.examples:
        tensors = [torch.from_numpy(value) for value in values]
        ours, theirs = _all(trained.net(*tensors)), _all(run(*tensors))
        worst = max([worst, *(float((a - b).abs().max()) for a, b in zip(ours, theirs, strict=True))])
    return worst


def _all(answers: Tensor | Sequence[Tensor]) -> Sequence[Tensor]:
    return (answers,) if isinstance(answers, Tensor) else answers
