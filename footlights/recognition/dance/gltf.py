"""glTF 2.0 files (GLB): the dancers as skinned, animated bodies, for Blender, three.js and anything else that reads it.

Metres, y up, the audience in the direction of z, as glTF wants it. One animation, "dance", moves everybody.
"""

import json
import struct
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from footlights.core.errors import SinkError
from footlights.media.faults import place_fault
from footlights.media.rehearsal.arrays import Reals
from footlights.media.rehearsal.looks import Look
from footlights.recognition.dance.capsules import colours, meshes, rest_places
from footlights.recognition.dance.dance import Dance
from footlights.recognition.dance.rig import Rig, rig
from footlights.recognition.dance.show.troupe import Troupe

FPS = 30.0  # keys a second
_JSON, _BIN = 0x4E4F534A, 0x004E4942
_ARRAY, _ELEMENTS = 34962, 34963  # what a view of the buffer is for
_FLOAT, _BYTE, _SHORT, _INT = 5126, 5121, 5123, 5125
_TYPES = {_FLOAT: np.float32, _BYTE: np.uint8, _SHORT: np.uint16, _INT: np.uint32}


def write_gltf(troupe: Troupe, path: Path, fps: float = FPS) -> None:
    """Write the file. Raises SinkError where the place cannot be written."""
    try:
        path.write_bytes(glb(troupe, fps))
    except OSError as fault:
        raise SinkError(f"{path} cannot be written: {place_fault(fault)}") from None


def glb(troupe: Troupe, fps: float = FPS) -> bytes:
    """The file's bytes."""
    buffer = _Buffer()
    song = troupe.dance.song
    document: dict[str, Any] = {
        "asset": {"version": "2.0", "generator": "footlights"}, "scene": 0,
        "scenes": [{"name": song.title, "nodes": []}], "nodes": [], "meshes": [], "skins": [], "materials": [],
        "animations": [{"name": "dance", "channels": [], "samplers": []}],
    }  # fmt: skip
    times = np.arange(max(2, round(troupe.dance.seconds * fps))) / fps
    clock = buffer.add(times[:, None], _FLOAT, "SCALAR", limits=True)
    moving = troupe.moving(times)
    for number, (dancer, (joints, _)) in enumerate(zip(troupe.dancers, moving, strict=True)):
        alone = replace(troupe.dance, fps=fps, joints=joints, body=dancer.body)
        _add_dancer(document, buffer, alone, dancer.look, f"{number + 1} {dancer.look.name}", clock)
    document |= {"accessors": buffer.accessors, "bufferViews": buffer.views}
    document["buffers"] = [{"byteLength": len(buffer.data)}]
    return _packed(document, bytes(buffer.data))


def _add_dancer(document: dict[str, Any], buffer: "_Buffer", alone: Dance, look: Look, name: str, clock: int) -> None:
    """Nodes, skin, meshes and channels of one dancer."""
    bones = rig(alone)
    first = len(document["nodes"])
    turns = quaternions(bones.turns)
    animation = document["animations"][0]
    rest = rest_places(bones)
    for joint, joint_name in enumerate(bones.names):
        children = [first + child for child, parent in enumerate(bones.parents) if parent == joint]
        place = bones.offsets[joint] if joint else rest[0]
        node: dict[str, Any] = {"name": f"{joint_name}", "translation": place.astype(np.float32).tolist()}
        if children:
            node["children"] = children
        document["nodes"].append(node)
        if np.ptp(turns[:, joint], axis=0).max() > 1e-6:
            _animate(animation, first + joint, "rotation", clock, buffer.add(turns[:, joint], _FLOAT, "VEC4"))
        else:
            node["rotation"] = turns[0, joint].astype(np.float32).tolist()
    _animate(animation, first, "translation", clock, buffer.add(bones.root, _FLOAT, "VEC3"))
    document["scenes"][0]["nodes"].append(first)
    inverse = np.tile(np.eye(4), (len(bones.names), 1, 1))
    inverse[:, :3, 3] = -rest
    columns = np.swapaxes(inverse, -1, -2).reshape(-1, 16)
    document["skins"].append({
        "name": name, "skeleton": first, "joints": [first + joint for joint in range(len(bones.names))],
        "inverseBindMatrices": buffer.add(columns, _FLOAT, "MAT4"),
    })  # fmt: skip
    document["scenes"][0]["nodes"].append(len(document["nodes"]))
    document["nodes"].append(
        {"name": f"dancer {name}", "mesh": len(document["meshes"]), "skin": len(document["skins"]) - 1}
    )
    document["meshes"].append(
        {"name": name, "primitives": _primitives(document, buffer, bones, look, alone.body.scale)}
    )


def _primitives(
    document: dict[str, Any], buffer: "_Buffer", bones: Rig, look: Look, scale: float
) -> list[dict[str, Any]]:
    tones = colours(look)
    found = []
    for mesh in meshes(bones, look, scale):
        weights = np.zeros((len(mesh.points), 4))
        weights[:, 0] = 1.0
        joints = np.zeros((len(mesh.points), 4))
        joints[:, 0] = mesh.joints
        found.append({
            "attributes": {
                "POSITION": buffer.add(mesh.points, _FLOAT, "VEC3", _ARRAY, limits=True),
                "NORMAL": buffer.add(mesh.normals, _FLOAT, "VEC3", _ARRAY),
                "JOINTS_0": buffer.add(joints, _BYTE, "VEC4", _ARRAY),
                "WEIGHTS_0": buffer.add(weights, _FLOAT, "VEC4", _ARRAY),
            },
            "indices": buffer.add(mesh.faces.reshape(-1, 1), _SHORT, "SCALAR", _ELEMENTS),
            "material": len(document["materials"]),
        })  # fmt: skip
        document["materials"].append({
            "name": f"{look.name} {mesh.material}",
            "pbrMetallicRoughness": {
                "baseColorFactor": [*(round(v, 5) for v in tones[mesh.material]), 1.0], "metallicFactor": 0.0,
                "roughnessFactor": 0.8,
            },
        })  # fmt: skip
    return found


def _animate(animation: dict[str, Any], node: int, path: str, clock: int, values: int) -> None:
    animation["channels"].append({"sampler": len(animation["samplers"]), "target": {"node": node, "path": path}})
    animation["samplers"].append({"input": clock, "output": values, "interpolation": "LINEAR"})


class _Buffer:
    """The binary part of the file, and what says where everything is in it."""

    def __init__(self) -> None:
        self.data = bytearray()
        self.views: list[dict[str, Any]] = []
        self.accessors: list[dict[str, Any]] = []

    def add(self, values: Reals, kind: int, shape: str, target: int | None = None, *, limits: bool = False) -> int:
        """Put (N, ...) values into the buffer; the number of their accessor."""
        typed = np.ascontiguousarray(values, _TYPES[kind])
        self.data += b"\0" * (-len(self.data) % 4)
        view = {"buffer": 0, "byteOffset": len(self.data), "byteLength": typed.nbytes}
        self.views.append(view if target is None else {**view, "target": target})
        self.data += typed.tobytes()
        accessor = {"bufferView": len(self.views) - 1, "componentType": kind, "count": len(typed), "type": shape}
        if limits:
            accessor |= {"min": typed.min(0).tolist(), "max": typed.max(0).tolist()}
        self.accessors.append(accessor)
        return len(self.accessors) - 1


def quaternions(turns: Reals) -> Reals:
    """(T, J, 4) x, y, z, w of (T, J, 3, 3) turns, without jumps from one moment to the next."""
    m = turns
    trace = np.trace(m, axis1=-2, axis2=-1)
    diagonal = np.stack([m[..., 0, 0], m[..., 1, 1], m[..., 2, 2], trace], -1)
    largest = diagonal.argmax(-1)
    out = np.empty((*m.shape[:-2], 4))
    for case in range(4):
        chosen = largest == case
        if not chosen.any():
            continue
        part = m[chosen]
        quarter = np.empty((len(part), 4))
        if case == 3:
            quarter[:, 3] = 1 + trace[chosen]
            for axis in range(3):
                a, b = (axis + 1) % 3, (axis + 2) % 3
                quarter[:, axis] = part[:, b, a] - part[:, a, b]
        else:
            a, b = (case + 1) % 3, (case + 2) % 3
            quarter[:, case] = 1 + part[:, case, case] - part[:, a, a] - part[:, b, b]
            quarter[:, a] = part[:, a, case] + part[:, case, a]
            quarter[:, b] = part[:, b, case] + part[:, case, b]
            quarter[:, 3] = part[:, b, a] - part[:, a, b]
        out[chosen] = quarter
    out /= np.linalg.norm(out, axis=-1, keepdims=True)
    flips = np.sign(np.where((dots := (out[1:] * out[:-1]).sum(-1)) == 0, 1, dots))
    out[1:] *= np.cumprod(flips, axis=0)[..., None]
    return out


def _packed(document: dict[str, Any], data: bytes) -> bytes:
    """The two chunks of a GLB file."""
    text = json.dumps(document, separators=(",", ":"), ensure_ascii=False).encode()
    text += b" " * (-len(text) % 4)
    data += b"\0" * (-len(data) % 4)
    length = 12 + 8 + len(text) + 8 + len(data)
    head = struct.pack("<4sII", b"glTF", 2, length)
    return head + struct.pack("<II", len(text), _JSON) + text + struct.pack("<II", len(data), _BIN) + data
