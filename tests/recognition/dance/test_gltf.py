"""GLB files: checked by the Khronos validator, and their bodies moved by a small reader that shares no code with us."""

import json
import shutil
import struct
import subprocess
import tempfile
import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from footlights.core.errors import SinkError
from footlights.recognition.dance.gltf import glb, write_gltf
from footlights.recognition.dance.show.troupe import casting, troupe
from tests.recognition.dance.live.test_page import CHROMIUM, FLAGS
from tests.recognition.dance.performed import a_dance

VALIDATOR = "gltf-validator@2.0.0-dev.3.10"
THREE = "three@0.170.0"
PAGE = """<!doctype html><canvas id="c" width="320" height="240"></canvas>
<script type="importmap">{"imports": {"three": "/node_modules/three/build/three.module.js"}}</script>
<script type="module">
import * as T from "three";
import { GLTFLoader } from "/node_modules/three/examples/jsm/loaders/GLTFLoader.js";
const renderer = new T.WebGLRenderer({ canvas: document.getElementById("c"), preserveDrawingBuffer: true });
const scene = new T.Scene(), camera = new T.PerspectiveCamera(40, 4 / 3, 0.1, 50), gl = renderer.getContext();
scene.add(new T.HemisphereLight(0xffffff, 0x888888, 3));
camera.position.set(0, 1, 4);
const share = (one, other) => {
  let count = 0;
  for (let i = 0; i < one.length; i += 4) count += Math.abs(one[i + 1] - (other ? other[i + 1] : 0)) > 20;
  return count / (one.length / 4);
};
new GLTFLoader().load("/d.glb", ({ scene: people, animations }) => {
  let bodies = 0;
  people.traverse((one) => { if (one.isSkinnedMesh) { one.frustumCulled = false; bodies += 1; } });
  scene.add(people);
  const mixer = new T.AnimationMixer(people);
  mixer.clipAction(animations[0]).play();
  const [first, later] = [0.2, 1.7].map((time) => {
    mixer.setTime(time);
    renderer.render(scene, camera);
    const pixels = new Uint8Array(320 * 240 * 4);
    gl.readPixels(0, 0, 320, 240, gl.RGBA, gl.UNSIGNED_BYTE, pixels);
    return pixels;
  });
  window.done = {
    clips: animations.map((clip) => clip.name), seconds: animations[0].duration, bodies,
    drawn: share(first), moved: share(first, later),
  };
}, undefined, (error) => { window.done = { error: String(error) }; });
</script>"""
CHECK = """
const validator = require('gltf-validator'), fs = require('fs');
validator.validateBytes(new Uint8Array(fs.readFileSync(process.argv[1])))
  .then((report) => console.log(JSON.stringify(report)), (error) => { console.error(error); process.exit(1); });
"""


def _installed(package: str) -> Path:
    """A folder, kept between runs, in which node finds an npm package."""
    if shutil.which("node") is None or shutil.which("npm") is None:
        pytest.skip("no node and npm here: apt-get install nodejs npm")
    folder = Path(tempfile.gettempdir()) / f"footlights-{package.replace('@', '-')}"
    if not (folder / "done").exists():
        folder.mkdir(exist_ok=True)
        done = subprocess.run(
            ["npm", "install", "--no-audit", "--no-fund", "--prefix", str(folder), package],
            check=False, capture_output=True, text=True, timeout=200,
        )  # fmt: skip
        if done.returncode:
            pytest.skip(f"npm cannot install {package}: {done.stderr.strip().splitlines()[-1:]}")
        (folder / "done").touch()
    return folder


@pytest.fixture(scope="module")
def validator() -> Path:
    return _installed(VALIDATOR)


@pytest.mark.parametrize("dancers", [1, 9])
def test_the_khronos_validator_finds_nothing(validator: Path, tmp_path: Path, dancers: int) -> None:
    write_gltf(troupe(a_dance(4.0, roam=0.5), dancers), tmp_path / "d.glb")
    done = subprocess.run(
        ["node", "-e", CHECK, str(tmp_path / "d.glb")], check=True, capture_output=True, text=True, timeout=60,
        cwd=validator,
    )  # fmt: skip
    report = json.loads(done.stdout)
    assert report["issues"]["numErrors"] == 0, report["issues"]["messages"][:5]
    assert report["issues"]["numWarnings"] == 0, report["issues"]["messages"][:5]
    assert report["info"]["animationCount"] == 1
    assert report["info"]["hasSkins"] is True


def test_three_js_plays_it(tmp_path: Path) -> None:
    if not CHROMIUM.exists():
        pytest.skip(f"no Chromium at {CHROMIUM}: apt-get install chromium, or name it in FOOTLIGHTS_CHROMIUM")
    api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    folder = _installed(THREE)
    write_gltf(troupe(a_dance(4.0, "squat"), 2), tmp_path / "d.glb")
    own = {"/": PAGE.encode(), "/d.glb": (tmp_path / "d.glb").read_bytes()}

    class Files(SimpleHTTPRequestHandler):
        def do_GET(self) -> None:
            if self.path not in own:
                super().do_GET()
                return
            self.send_response(200)
            self.send_header("Content-Type", "text/html" if self.path == "/" else "model/gltf-binary")
            self.end_headers()
            self.wfile.write(own[self.path])

        def log_message(self, *words: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Files, directory=str(folder)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        with api.sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=list(FLAGS))
            tab = browser.new_page()
            tab.goto(f"http://127.0.0.1:{server.server_port}/")
            tab.wait_for_function("window.done", timeout=30_000)
            done = tab.evaluate("window.done")
            browser.close()
    finally:
        server.shutdown()
        server.server_close()
    assert done["clips"] == ["dance"]
    assert done["seconds"] == pytest.approx(4.0, abs=0.05)
    assert done["bodies"] == 12  # two dancers, six materials each
    assert done["drawn"] > 0.02  # of the picture
    assert done["moved"] > 0.004


def test_it_moves_as_the_dance_does() -> None:
    dance = a_dance(4.0, "jumping_jack+squat", roam=0.4)
    document, data = _unpacked(glb(troupe(dance, 1), fps=30.0))
    for time in (0.0, 1.0, 2.5, 3.9):
        places = _posed(document, data, time)
        frame = round(time * dance.fps)
        for name, place in (
            ("Hips", dance.joints.pelvis), ("LeftHand", dance.joints.wrists[:, 0]),
            ("RightForeArm", dance.joints.elbows[:, 1]), ("LeftFoot", dance.joints.ankles[:, 0]),
            ("RightToeBase", dance.joints.toes[:, 1]), ("Head", dance.joints.head),
        ):  # fmt: skip
            np.testing.assert_allclose(places[name], place[frame], atol=0.001, err_msg=name)


def test_the_skin_encloses_the_bones() -> None:
    document, data = _unpacked(glb(troupe(a_dance(1.0, "idle"), 1, cast=casting(("Omar",)))))
    points = np.concatenate([
        _read(document, data, part["attributes"]["POSITION"]) for part in document["meshes"][0]["primitives"]
    ])  # fmt: skip
    low, high = points.min(0), points.max(0)
    assert 1.4 < high[0] - low[0] < 2.2  # a T
    assert 1.55 < high[1] - low[1] < 2.0
    assert abs(low[1]) < 0.08  # stands on the floor
    names = {material["name"] for material in document["materials"]}
    assert {"Omar skin", "Omar top", "Omar bottoms", "Omar shoes", "Omar hair"} <= names


def test_faces_look_outwards() -> None:
    document, data = _unpacked(glb(troupe(a_dance(1.0, "idle"), 1)))
    for part in document["meshes"][0]["primitives"]:
        points = _read(document, data, part["attributes"]["POSITION"])
        normals = _read(document, data, part["attributes"]["NORMAL"])
        np.testing.assert_allclose(np.linalg.norm(normals, axis=1), 1.0, atol=1e-3)
        faces = _read(document, data, part["indices"]).reshape(-1, 3).astype(int)
        cross = np.cross(points[faces[:, 1]] - points[faces[:, 0]], points[faces[:, 2]] - points[faces[:, 0]])
        area = np.linalg.norm(cross, axis=1)
        along = (cross * normals[faces].mean(1)).sum(1)[area > 1e-7]
        assert (along > 0).mean() > 0.98


def test_a_place_that_cannot_be_written_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(SinkError, match="no such folder"):
        write_gltf(troupe(a_dance(0.2), 1), tmp_path / "no" / "d.glb")


def _unpacked(content: bytes) -> tuple[dict[str, Any], bytes]:
    magic, version, length = struct.unpack_from("<4sII", content)
    assert (magic, version, length) == (b"glTF", 2, len(content))
    size, kind = struct.unpack_from("<I4s", content, 12)
    assert kind == b"JSON"
    return json.loads(content[20 : 20 + size]), content[28 + size :]


def _read(document: dict[str, Any], data: bytes, index: int) -> np.ndarray:
    accessor = document["accessors"][index]
    view = document["bufferViews"][accessor["bufferView"]]
    kind = {5126: "<f4", 5121: "u1", 5123: "<u2"}[accessor["componentType"]]
    width = {"SCALAR": 1, "VEC3": 3, "VEC4": 4, "MAT4": 16}[accessor["type"]]
    return np.frombuffer(data, kind, accessor["count"] * width, view["byteOffset"]).reshape(-1, width)


def _posed(document: dict[str, Any], data: bytes, time: float) -> dict[str, np.ndarray]:
    """Where the joints are at a moment: every node's matrix times its parents'."""
    own: dict[int, dict[str, np.ndarray]] = {}
    animation = document["animations"][0]
    for channel in animation["channels"]:
        sampler = animation["samplers"][channel["sampler"]]
        times, values = _read(document, data, sampler["input"])[:, 0], _read(document, data, sampler["output"])
        moment = np.array([np.interp(time, times, column) for column in values.T])
        own.setdefault(channel["target"]["node"], {})[channel["target"]["path"]] = moment
    found: dict[str, np.ndarray] = {}

    def walk(index: int, parent: np.ndarray) -> None:
        node = document["nodes"][index]
        x, y, z, w = own.get(index, {}).get("rotation", np.array(node.get("rotation", [0, 0, 0, 1])))
        x, y, z, w = np.array([x, y, z, w]) / np.linalg.norm([x, y, z, w])
        matrix = np.eye(4)
        matrix[:3, :3] = [
            [1 - 2 * (y * y + z * z), 2 * (x * y - w * z), 2 * (x * z + w * y)],
            [2 * (x * y + w * z), 1 - 2 * (x * x + z * z), 2 * (y * z - w * x)],
            [2 * (x * z - w * y), 2 * (y * z + w * x), 1 - 2 * (x * x + y * y)],
        ]
        matrix[:3, 3] = own.get(index, {}).get("translation", node.get("translation", [0, 0, 0]))
        matrix = parent @ matrix
        found[node["name"]] = matrix[:3, 3]
        for child in node.get("children", []):
            walk(child, matrix)

    for root in document["scenes"][0]["nodes"]:
        walk(root, np.eye(4))
    return found
