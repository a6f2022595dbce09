"""A whole small training, from drawn pictures to a file that the engine loads."""

from pathlib import Path

import cv2
import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="the extra `train` is not installed")
onnx = pytest.importorskip("onnx", reason="the extra `train` is not installed")

from footlights.core.errors import ModelCorruptError, SettingsError, SourceError  # noqa: E402
from footlights.core.frame import Frame  # noqa: E402
from footlights.media.picture import ArrayPicture  # noqa: E402
from footlights.perception.objects import ObjectDetector  # noqa: E402
from footlights.studio.boxes.loss import Cells, assign, iou, loss, pairwise_iou  # noqa: E402
from footlights.studio.boxes.net import Detector, in_order, new_detector  # noqa: E402
from footlights.studio.boxes.recipe import split, train  # noqa: E402
from footlights.studio.boxes.training import Run, Settings  # noqa: E402
from footlights.studio.watching import Watcher  # noqa: E402

SMALL = Settings(epochs=2, batch=4, size=96, mosaic=0.3, seed=3)


def drawn(folder: Path, count: int, seed: int) -> None:
    """Pictures with one square of one of two colours each, labelled as YOLO does."""
    rng = np.random.default_rng(seed)
    for part in ("images", "labels"):
        (folder / part).mkdir(parents=True)
    for index in range(count):
        image = np.asarray(rng.integers(90, 130, (96, 96, 3)), np.uint8)
        x, y, side = (int(value) for value in rng.integers([4, 4, 24], [56, 56, 36]))
        kind = index % 2
        image[y : y + side, x : x + side] = (40, 40, 230) if kind else (40, 230, 40)
        cv2.imwrite(str(folder / "images" / f"{index}.png"), image)
        row = [(x + side / 2) / 96, (y + side / 2) / 96, side / 96, side / 96]
        (folder / "labels" / f"{index}.txt").write_text(f"{kind} " + " ".join(f"{value:.5f}" for value in row))


def convolutions_of(net: "torch.nn.Module", path: Path) -> None:
    """An ONNX file with the convolutions of a net, in the order in which they run."""
    nodes, stored = [], []
    for index, module in enumerate(in_order(net) if isinstance(net, Detector) else [net]):
        for name, value in (("w", module.weight), ("b", module.bias)):
            stored.append(onnx.numpy_helper.from_array(value.detach().numpy(), f"{name}{index}"))
        nodes.append(onnx.helper.make_node("Conv", [f"x{index}", f"w{index}", f"b{index}"], [f"x{index + 1}"]))
    onnx.save(onnx.helper.make_model(onnx.helper.make_graph(nodes, "start", [], [], stored)), str(path))


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("boxes")
    drawn(folder / "train", 12, 1)
    drawn(folder / "valid", 4, 2)
    (folder / "train" / "classes.txt").write_text("green\nred\n")
    return folder


def test_overlaps_of_pairs_are_those_of_geometry() -> None:
    from footlights.core.geometry import box_iou

    rng = np.random.default_rng(4)
    a, b = (rng.uniform(5, 40, (7, 4)).astype(np.float32) for _ in range(2))

    def corners(boxes: np.ndarray) -> np.ndarray:
        return np.concatenate([boxes[:, :2] - boxes[:, 2:] / 2, boxes[:, :2] + boxes[:, 2:] / 2], 1)

    ours = pairwise_iou(torch.from_numpy(a), torch.from_numpy(b)).numpy()
    assert ours == pytest.approx(box_iou(corners(a), corners(b)), abs=1e-5)
    assert iou(torch.from_numpy(a), torch.from_numpy(a)).numpy() == pytest.approx(1.0)


def test_a_box_is_answered_for_by_cells_inside_of_it_and_no_cell_answers_twice() -> None:
    torch.manual_seed(0)
    cells = Cells.of(96, 96)
    answer = torch.randn(len(cells.corners), 7)
    boxes = torch.tensor([[30.0, 30.0, 30.0, 30.0], [40.0, 34.0, 30.0, 30.0], [80.0, 80.0, 20.0, 20.0]])
    cell, box, _ = assign(answer, cells.decode(answer), boxes, torch.tensor([0, 1, 0]), cells)
    assert set(box.tolist()) == {0, 1, 2}
    assert len(set(cell.tolist())) == len(cell)
    centres = (cells.corners[cell] + 0.5) * cells.strides[cell]
    assert ((centres - boxes[box, :2]).abs() <= boxes[box, 2:] / 2 + 2.5 * cells.strides[cell]).all()


def test_a_picture_without_boxes_teaches_that_there_is_nothing() -> None:
    cells = Cells.of(96, 96)
    answer = torch.zeros(1, len(cells.corners), 7, requires_grad=True)
    loss(answer, [torch.zeros(0, 4)], [torch.zeros(0, dtype=torch.long)], cells).backward()
    gradient = answer.grad
    assert gradient is not None
    assert (gradient[..., 4] > 0).all()
    assert (gradient[..., 5:] == 0).all()


def test_a_published_export_is_taken_as_a_start_and_another_file_is_not(tmp_path: Path) -> None:
    torch.manual_seed(0)
    net = Detector(3)
    path = tmp_path / "start.onnx"
    convolutions_of(net, path)
    taken = new_detector(2, path)
    assert torch.equal(taken.backbone.stem.conv.weight, net.backbone.stem.conv.weight)
    kept, other = (made.state_dict() for made in (taken, net))
    assert torch.equal(kept["heads.2.place_out.weight"], other["heads.2.place_out.weight"])
    assert kept["heads.0.kind_out.weight"].shape[0] == 2
    convolutions_of(torch.nn.Conv2d(3, 4, 1), path)
    with pytest.raises(ModelCorruptError, match="1 convolutions"):
        new_detector(2, path)


def test_from_pictures_to_a_file_that_the_engine_loads(data: Path, tmp_path: Path) -> None:
    lines: list[dict[str, object]] = []
    report = train(data, tmp_path / "out", SMALL, Watcher(epoch=lines.append), threads=1)
    assert set(report.classes) == {"green", "red"} and report.parity["onnx"] <= 1e-3
    assert float(lines[-1]["loss"]) < float(lines[0]["loss"])  # type: ignore[arg-type]
    detector = ObjectDetector(tmp_path / "out" / "model.zip", min_score=0.01)
    assert detector.labels == ("green", "red")
    found = detector.find(Frame(ArrayPicture(np.full((96, 96, 3), 110, np.uint8)), 0.0, "test", 0))
    assert found.boxes.shape[1] == 4
    assert b"/" + Path(__file__).parts[1].encode() not in (tmp_path / "out" / "model.onnx").read_bytes()


def test_an_interrupted_training_goes_on_as_if_it_had_not_been(data: Path) -> None:
    whole = Run(SMALL, *split(data), None)
    while not whole.ended:
        whole.epoch()
    first, second = (Run(SMALL, *split(data), None) for _ in range(2))
    first.epoch()
    second.restore(first.state())
    second.epoch()
    for one, two in zip(whole.net.parameters(), second.net.parameters(), strict=True):
        assert torch.equal(one, two)


def test_what_cannot_be_learned_is_refused(data: Path, tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="multiple of 32"):
        Run(Settings(size=100), *split(data), None)
    with pytest.raises(SettingsError, match="2 classes, and 1 names"):
        split(data, ("green",))
    drawn(tmp_path / "few", 5, 1)
    with pytest.raises(SettingsError, match="it needs at least 4"):
        Run(SMALL, *split(tmp_path / "few"), None)
    with pytest.raises(SourceError, match="no folder"):
        split(tmp_path / "gone")
