"""The building: a part imports only parts on lower floors. There is no list of exceptions."""

import ast
import subprocess
import sys
from pathlib import Path

import footlights

FLOORS = [
    {"core"},
    {"media", "models", "wire"},
    {"perception"},
    {"recognition", "dance"},
    {"apps"},
    {"engine"},
    {"agent", "hub", "studio"},
    {"cli"},
]
LEVEL = {part: level for level, parts in enumerate(FLOORS) for part in parts}
ROOT = Path(footlights.__file__).parent
FILE_LINES = 500
FUNCTION_LINES = 60
VAGUE = {"utils", "util", "helpers", "helper", "manager", "common", "misc"}


def python_files() -> list[Path]:
    return sorted(ROOT.rglob("*.py"))


def parts_imported(path: Path) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: a relative import; write the full name, so that floors show"
            module = node.module or ""
            names |= {f"{module}.{alias.name}" for alias in node.names} if module == "footlights" else {module}
    return {name.split(".")[1] for name in names if name.startswith("footlights.")} - {"__version__"}


def test_every_part_has_a_floor() -> None:
    parts = {path.name for path in ROOT.iterdir() if path.is_dir() and list(path.glob("*.py"))}
    assert parts <= LEVEL.keys()


def test_a_part_imports_only_lower_floors() -> None:
    wrong = []
    for path in python_files():
        part = path.relative_to(ROOT).parts[0]
        if part in LEVEL:
            wrong += [
                f"{path.relative_to(ROOT)} imports {other}"
                for other in sorted(parts_imported(path))
                if other != part and LEVEL[other] >= LEVEL[part]
            ]
    assert not wrong, "\n".join(wrong)


def test_core_needs_numpy_and_the_standard_library_only() -> None:
    code = "import sys, pkgutil, footlights.core as c; [__import__(m.name) for m in pkgutil.iter_modules(c.__path__, 'footlights.core.')]; print(*{n.split('.')[0] for n in sys.modules})"  # noqa: E501
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    foreign = {"cv2", "av", "PIL", "pydantic", "onnxruntime", "ai_edge_litert", "click", "starlette", "httpx"}
    assert not foreign & set(done.stdout.split())


def test_files_are_short() -> None:
    lengths = {str(path.relative_to(ROOT)): len(path.read_text().splitlines()) for path in python_files()}
    assert not {name: lines for name, lines in lengths.items() if lines > FILE_LINES}


def test_functions_are_short() -> None:
    long = []
    for path in python_files():
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                lines = (node.end_lineno or node.lineno) - node.lineno + 1
                if lines > FUNCTION_LINES:
                    long.append(f"{path.relative_to(ROOT)}: {node.name} has {lines} lines")
    assert not long, "\n".join(long)


def test_names_say_what_a_file_holds() -> None:
    assert not [path for path in ROOT.rglob("*") if path.stem in VAGUE]
