"""Runs a model: LiteRT for `.tflite`, ONNX Runtime for `.onnx`, behind one small interface.

A session may be called from several threads at once. It keeps one interpreter for each call that was ever running at
the same time as another, made when first needed, so that memory follows the real concurrency and not the streams.
"""

import contextlib
import os
import queue
import threading
import weakref
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar, Protocol

from numpy.typing import NDArray

from footlights.core.errors import InstallError, ModelCorruptError, ModelMissingError, SettingsError, ShapeError
from footlights.models.cache import find
from footlights.models.cards import card
from footlights.models.free_size import free_size

Array = NDArray[Any]
Inputs = Array | Mapping[str, Array]
Shape = tuple[int | None, ...]  # None: any length

PROVIDERS = {  # of ONNX Runtime, by the names that people use
    "cpu": "CPUExecutionProvider",
    "cuda": "CUDAExecutionProvider",
    "tensorrt": "TensorrtExecutionProvider",
    "openvino": "OpenVINOExecutionProvider",
    "coreml": "CoreMLExecutionProvider",
    "directml": "DmlExecutionProvider",
}


class Interpreter(Protocol):
    """One copy of a model in memory. One call at a time, unless it is `reentrant`."""

    reentrant: ClassVar[bool]
    inputs: dict[str, Shape]
    outputs: dict[str, Shape]
    types: dict[str, str]  # NumPy's name of each input's type
    metadata: dict[str, str]  # what the file says of itself

    def run(self, inputs: Mapping[str, Array]) -> dict[str, Array]:
        """Every output by its name."""


class Session:
    """A model, ready to run from any thread."""

    def __init__(self, path: Path, make: Callable[[], Interpreter]) -> None:
        self.path = path
        self._make = make
        self._idle: queue.LifoQueue[Interpreter] = queue.LifoQueue()
        self._first = make()
        self.inputs, self.outputs = self._first.inputs, self._first.outputs
        self.types, self.metadata = self._first.types, self._first.metadata
        self._idle.put(self._first)

    def run(self, inputs: Inputs) -> dict[str, Array]:
        """Outputs by name, batch dimension included. An array alone is the one input that the model has.

        Raises ShapeError where an input does not fit.
        """
        named = inputs if isinstance(inputs, Mapping) else dict(zip(self.inputs, [inputs], strict=True))
        for name, array in named.items():
            self._check(name, array)
        if self._first.reentrant:
            return self._first.run(named)
        try:
            interpreter = self._idle.get_nowait()
        except queue.Empty:
            interpreter = self._make()
        try:
            return interpreter.run(named)
        finally:
            self._idle.put(interpreter)

    def _check(self, name: str, array: Array) -> None:
        want = self.inputs.get(name)
        if want is None:
            raise ShapeError(f"{self.path.name} has no input {name!r}, it has {sorted(self.inputs)}")
        same = len(want) == array.ndim and all(
            length in (None, got) for length, got in zip(want, array.shape, strict=True)
        )
        if not same:
            raise ShapeError(f"the input {name!r} of {self.path.name} must have the shape {want}, got {array.shape}")


class LiteRtInterpreter:
    """A TFLite file on LiteRT with XNNPACK."""

    reentrant: ClassVar[bool] = False

    def __init__(self, content: bytes, threads: int) -> None:
        from ai_edge_litert.interpreter import Interpreter as LiteRt

        with _without_notices():
            self._runtime = LiteRt(model_content=content, num_threads=threads)
            self._runtime.allocate_tensors()
        inputs, outputs = self._runtime.get_input_details(), self._runtime.get_output_details()
        self.inputs: dict[str, Shape] = {entry["name"]: _lengths(entry["shape"].tolist()) for entry in inputs}
        self.outputs: dict[str, Shape] = {entry["name"]: _lengths(entry["shape"].tolist()) for entry in outputs}
        self.types = {entry["name"]: entry["dtype"].__name__ for entry in inputs}
        self.metadata: dict[str, str] = {}
        self._places = {entry["name"]: entry["index"] for entry in [*inputs, *outputs]}

    def run(self, inputs: Mapping[str, Array]) -> dict[str, Array]:
        for name, array in inputs.items():
            self._runtime.set_tensor(self._places[name], array)
        self._runtime.invoke()
        return {name: self._runtime.get_tensor(self._places[name]) for name in self.outputs}


class OnnxInterpreter:
    """An ONNX file on ONNX Runtime. Its threads never spin: waiting must not cost what another stream could use."""

    reentrant: ClassVar[bool] = True

    def __init__(self, content: bytes, threads: int, providers: Sequence[str]) -> None:
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        options.log_severity_level = 4  # what goes wrong is raised
        self._runtime = onnxruntime.InferenceSession(content, options, providers=list(providers))
        self.inputs: dict[str, Shape] = {entry.name: _lengths(entry.shape) for entry in self._runtime.get_inputs()}
        self.outputs: dict[str, Shape] = {entry.name: _lengths(entry.shape) for entry in self._runtime.get_outputs()}
        self.types = {entry.name: _numpy_name(entry.type) for entry in self._runtime.get_inputs()}
        self.metadata: dict[str, str] = dict(self._runtime.get_modelmeta().custom_metadata_map)

    def run(self, inputs: Mapping[str, Array]) -> dict[str, Array]:
        return dict(zip(self.outputs, self._runtime.run(list(self.outputs), dict(inputs)), strict=True))


_open: "weakref.WeakValueDictionary[tuple[Path, int, tuple[str, ...], str], Session]" = weakref.WeakValueDictionary()
_opening = threading.Lock()
_making = threading.Lock()  # one at a time: standard error belongs to the whole process


def open_session(
    name: str | Path, threads: int = 1, providers: Sequence[str] = ("CPUExecutionProvider",), free: str = ""
) -> Session:
    """A session for a card's model, by name, or for a `.tflite` or `.onnx` file, by path.

    Who opens the same model with the same settings twice gets the same session, so streams share it. `providers` are
    ONNX Runtime execution providers, the preferred one first. `free` is the name of an input of an ONNX model that is
    to take pictures of any size, see `free_size`.

    Raises SettingsError (no such card, a file of another kind), ModelMissingError, ModelCorruptError, InstallError (an
    execution provider that this installation lacks).
    """
    path = Path(name) if Path(name).suffix else find(card(str(name)))
    key = (path.absolute(), threads, tuple(providers), free)
    with _opening:
        session = _open.get(key)
        if session is None:
            session = _open[key] = _load(*key)
        return session


def providers_of(names: Sequence[str]) -> tuple[str, ...]:
    """ONNX Runtime's names of execution providers, the preferred one first; the processor does what they cannot."""
    return tuple(dict.fromkeys(PROVIDERS[name] for name in (*names, "cpu"))) if names else ()


def _load(path: Path, threads: int, providers: tuple[str, ...], free: str) -> Session:
    makers: dict[str, Callable[[bytes], Interpreter]] = {
        ".tflite": lambda content: LiteRtInterpreter(content, threads),
        ".onnx": lambda content: OnnxInterpreter(content, threads, providers),
    }
    make = makers.get(path.suffix)
    if make is None:
        raise SettingsError(f"{path} is no model file: its name must end in {' or '.join(makers)}")
    if path.suffix == ".onnx":
        _check_providers(providers)
    try:
        content = path.read_bytes()
    except OSError as error:
        raise ModelMissingError(f"cannot read the model file {path}: {error.strerror}") from error
    try:
        content = free_size(content, free) if free else content
        return Session(path, lambda: make(content))
    except Exception as error:  # each runtime raises its own kinds, and all of them mean the same here
        first = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise ModelCorruptError(f"{path} is not a model that can be run: {first}") from error


def _check_providers(providers: Sequence[str]) -> None:
    import onnxruntime

    installed = onnxruntime.get_available_providers()
    absent = [provider for provider in providers if provider not in installed]
    if absent:
        raise InstallError(
            f"ONNX Runtime has no {', '.join(absent)} here, it has {', '.join(installed)}; install the build of "
            "onnxruntime that brings it, for example: pip install onnxruntime-gpu"
        )


@contextlib.contextmanager
def _without_notices() -> Iterator[None]:
    """Keep LiteRT's notice that it runs on the processor off the terminal; it has no switch for that."""
    with _making, contextlib.ExitStack() as after:
        with contextlib.suppress(OSError):  # a process may have no standard error
            kept = os.dup(2)
            after.callback(os.close, kept)
            after.callback(os.dup2, kept, 2)
            with Path(os.devnull).open("w") as nowhere:
                os.dup2(nowhere.fileno(), 2)
        yield


def _lengths(shape: Sequence[Any]) -> Shape:
    return tuple(length if isinstance(length, int) else None for length in shape)


def _numpy_name(onnx: str) -> str:
    """`float32` for `tensor(float)`."""
    name = onnx.removeprefix("tensor(").removesuffix(")")
    return {"float": "float32", "double": "float64"}.get(name, name)
