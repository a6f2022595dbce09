"""The files that a trained model can be taken away as. Converters run in a process of their own: they are heavy."""

import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from footlights.core.errors import FootlightsError
from footlights.studio.project import ModelRun, Project

PATIENCE = 900  # seconds that a converter may take


@dataclass(frozen=True)
class Form:
    """One kind of file."""

    key: str  # as `footlights studio export` calls it
    title: str
    file: str  # in the folder of the training
    help: str

    def path(self, run: ModelRun) -> Path:
        """Where it lies, made or not."""
        return run.folder / self.file


FORMS = (
    Form("onnx", "footlights and ONNX", "model.zip", "The model, its labels and its card, as footlights runs it."),
    Form("coreml", "Core ML", "exports/model.mlpackage", "For iPhone, iPad and Mac."),
    Form("tflite", "LiteRT, once TensorFlow Lite", "exports/model.tflite", "For Android and small devices."),
)


def exported(project: Project, run: ModelRun, form: Form) -> str:
    """Make the file; what the command says about it. Raises FootlightsError with the command's own line."""
    command = [sys.executable, "-m", "footlights", "studio", "export", str(project.folder), form.key, "--run", run.name]
    try:
        done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=PATIENCE)
    except subprocess.TimeoutExpired as error:
        raise FootlightsError(f"the {form.title} file was not ready after {PATIENCE // 60} minutes") from error
    lines = [line for line in (done.stdout if done.returncode == 0 else done.stderr).splitlines() if line.strip()]
    if done.returncode != 0:
        raise FootlightsError(lines[-1].removeprefix("footlights: ") if lines else "the export failed")
    return lines[-1] if lines else ""


def packed(path: Path) -> tuple[Path, Path | None]:
    """A file that can be sent, and the folder to delete afterwards: what is a folder itself goes into a zip."""
    if path.is_file():
        return path, None
    folder = Path(tempfile.mkdtemp(prefix="footlights-export-"))
    return Path(shutil.make_archive(str(folder / path.name), "zip", path.parent, path.name)), folder
