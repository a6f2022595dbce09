"""The truth agrees with the pictures, and the camera with both."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from footlights.core.skeleton import BODY_INDEX, BODY_MIRROR
from footlights.media.rehearsal.body import build
from footlights.media.rehearsal.camera import FRAMINGS, placed
from footlights.media.rehearsal.raster import FAR
from footlights.media.rehearsal.source import RehearsalSource, open_rehearsal
from tests.media.rehearsal.pictures import Still

SMALL = "width=320&height=240"
LIMBS = [BODY_INDEX[f"{side}_{joint}"] for joint in ("shoulder", "elbow", "wrist", "hip", "knee", "ankle") for side in ("left", "right")]  # fmt: skip  # noqa: E501


@given(
    st.tuples(st.floats(-2, 2), st.floats(0, 2), st.floats(-1, 1)), st.floats(-5, 40), st.sampled_from(list(FRAMINGS))
)
def test_what_the_camera_sees_lies_on_its_ray(place: tuple[float, float, float], pitch: float, framing: str) -> None:
    camera = placed(640, 480, framing, [build()], np.zeros((1, 3)), distance=4.0, pitch=pitch)
    seen = camera.view(np.array(place))
    assert np.allclose(seen @ camera.axes + camera.position, place)
    x, y = camera.project(seen)
    ray = np.array([(x - 320) / camera.focal, (y - 240) / camera.focal, 1.0])
    assert np.allclose(ray * seen[2], seen)


@pytest.mark.parametrize(("framing", "inside", "outside"), [
    ("full", ("nose", "left_foot_index"), ()),
    ("knees", ("nose", "left_knee"), ("left_ankle",)),
    ("upper", ("nose", "left_hip"), ("left_knee",)),
    ("head", ("nose", "left_shoulder"), ("left_hip",)),
])  # fmt: skip
@pytest.mark.parametrize("look", [2, 3])
def test_a_framing_shows_what_it_says(
    framing: str, inside: tuple[str, ...], outside: tuple[str, ...], look: int
) -> None:
    _, truth = Still(f"idle?camera={framing}&look={look}&{SMALL}").draw()
    assert all(truth.visible[BODY_INDEX[name]] for name in inside)
    assert not any(truth.visible[BODY_INDEX[name]] for name in outside)


@pytest.mark.parametrize(
    "address", ["squat?seed=4", "jumping_jack?seed=2&yaw=40", "x_arms?seed=1&people=3", "wave?camera=upper"]
)
def test_visible_joints_lie_on_somebody_and_in_the_box(address: str) -> None:
    source = open_rehearsal(f"{address}&{SMALL}&fps=1&seconds=5", "stage")
    for index in range(len(source)):
        truth = source.truth(index)
        depth = source._truth_stage.depth
        for person in truth.people:
            columns, rows = person.xy[person.visible].astype(int).T
            assert (depth[rows, columns] < FAR).mean() > 0.95
            left, top, right, bottom = person.box
            assert (person.xy[LIMBS] > [left, top]).all()
            assert (person.xy[LIMBS] < [right, bottom]).all()
            assert person.visible.sum() > 10


def test_the_box_holds_the_person_and_little_else() -> None:
    for table in ({}, {"arms": {"reach": [0.2, 0.95, 0.0], "hand": "open"}}, {"arms": {"reach": [0.98, 0.0, 0.0]}}):
        still = Still(f"idle?camera=full&look=3&{SMALL}", **table)
        _, truth = still.draw()
        rows, columns = np.nonzero(still.stage.depth < FAR)
        drawn = np.array([columns.min(), rows.min(), columns.max(), rows.max()])
        assert np.abs(drawn - truth.box).max() < 7


def test_a_face_seen_from_behind_is_not_visible() -> None:
    for yaw, seen in ((0, True), (40, True), (180, False)):
        _, truth = Still(f"idle?look=0&camera=upper&yaw={yaw}&{SMALL}").draw()
        assert truth.face_visible is seen
        assert bool(truth.visible[BODY_INDEX["nose"]]) is seen
        assert bool(truth.visible[BODY_INDEX["mouth_left"]]) is seen


def test_a_hand_before_the_face_hides_it() -> None:
    row = {"at": "head", "reach": [0.02, -0.10, 0.20], "aim": [0, 1, 0], "palm": "back", "hand": "flat"}
    _, truth = Still(f"idle?look=3&camera=upper&{SMALL}", right_arm=row).draw()
    assert not truth.visible[BODY_INDEX["nose"]]
    assert not truth.face_visible
    assert truth.hands["right"].visible.mean() > 0.7


def test_who_stands_behind_is_hidden() -> None:
    source = open_rehearsal(f"idle?people=6&seed=1&{SMALL}&seconds=2", "stage")
    truth = source.truth(0)
    away = [person.joints(np.zeros(1))[0].pelvis[0, 2] for person in source._people]
    front, back = int(np.argmax(away)), int(np.argmin(away))
    assert truth.people[front].visible[LIMBS].mean() > truth.people[back].visible[LIMBS].mean() - 0.05
    assert truth.people[front].visible[LIMBS].mean() > 0.85


def test_the_mirrored_motion_is_the_mirror_image() -> None:
    plain, turned = (
        open_rehearsal(f"wave?look=1&people=1&seed=3&mirror={answer}&{SMALL}&seconds=4", "stage")
        for answer in ("no", "yes")
    )
    for index in (30, 60, 75):
        here, there = plain.truth(index).people[0], turned.truth(index).people[0]
        mirrored = here.xy[list(BODY_MIRROR)] * [-1, 1] + [320, 0]
        wrists = [BODY_INDEX["left_wrist"], BODY_INDEX["right_wrist"]]
        assert np.abs(mirrored[wrists] - there.xy[wrists]).max() < 6  # the sway is not mirrored


def test_the_span_and_the_repeats_are_those_of_the_script() -> None:
    source = open_rehearsal(f"squat?reps=3&seed=2&{SMALL}&seconds=12", "stage")
    span = source.script[0].span
    fps = source.settings.fps
    for time, label, count in (
        (span.begin - 0.1, None, 0), (span.begin + 0.1, "squat", 0), (span.repeats[1] + 0.05, "squat", 2),
        (span.end + 0.1, None, 0),
    ):  # fmt: skip
        (person,) = source.truth(round(time * fps)).people
        assert (person.span.label if person.span else None) == label
        assert person.repeats == count


@pytest.fixture(scope="module")
def jumper() -> RehearsalSource:
    return open_rehearsal(f"jumping_jack+x_arms?look=3&camera=full&{SMALL}&seconds=12", "stage")


@settings(deadline=None, max_examples=20)
@given(index=st.integers(0, 300))
def test_world_landmarks_are_metres_from_the_hips(jumper: RehearsalSource, index: int) -> None:
    source = jumper
    (person,) = source.truth(index).people
    body = source._people[0].body
    hips = person.world[[BODY_INDEX["left_hip"], BODY_INDEX["right_hip"]]]
    assert np.allclose(hips.mean(axis=0), 0, atol=1e-6)
    assert np.linalg.norm(hips[0] - hips[1]) == pytest.approx(2 * body.hip, rel=1e-5)
    assert person.world[BODY_INDEX["nose"]][1] < -0.4, "y points down"
    assert person.world[BODY_INDEX["nose"]][2] < 0.1, "z points away from the camera"
    assert hips[0][0] > hips[1][0], "the person's left is on the picture's right"
