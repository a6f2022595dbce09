// A little figure that does a gesture, over and over; the moves come from the library of motions.

import { shape } from "./dom.js";

const BONES = [
  ["left_shoulder", "left_elbow", "left_wrist", "left_index"],
  ["right_shoulder", "right_elbow", "right_wrist", "right_index"],
];
const TRUNK = ["left_shoulder", "right_shoulder", "right_hip", "left_hip"];
const REST = 500; // milliseconds between two rounds
const still = matchMedia("(prefers-reduced-motion: reduce)");
const known = new Map(); // gesture -> promise of its moves

export function moves(gesture) {
  if (!known.has(gesture)) {
    const asked = fetch(`/stage/figures/${encodeURIComponent(gesture)}`);
    known.set(gesture, asked.then((answer) => (answer.ok ? answer.json() : null), () => null));
  }
  return known.get(gesture);
}

export class Figure {
  constructor(svg) {
    svg.setAttribute("viewBox", "-.06 -.06 1.12 1.12");
    svg.setAttribute("aria-hidden", "true");
    this.svg = svg;
    this.trunk = shape("path", { class: "trunk" });
    this.head = shape("ellipse", { class: "head" });
    this.bones = BONES.map(() => shape("path", { class: "arm" }));
    svg.replaceChildren(this.trunk, this.head, ...this.bones);
    this.gesture = null;
  }

  async show(gesture) {
    if (gesture === this.gesture) return;
    this.gesture = gesture;
    cancelAnimationFrame(this.asked);
    const found = gesture && (await moves(gesture));
    if (gesture !== this.gesture) return;
    this.svg.classList.toggle("nothing", !found);
    if (!found) return;
    if (still.matches) this.draw(found, 0.55);
    else this.play(found, performance.now());
  }

  play(found, begun) {
    const step = (at) => {
      const length = found.seconds * 1000;
      this.draw(found, Math.min(1, Math.max(0, (at - begun) % (length + REST)) / length));
      this.asked = requestAnimationFrame(step);
    };
    this.asked = requestAnimationFrame(step);
  }

  // share: 0 at the first frame, 1 at the last
  draw({ points, frames }, share) {
    const place = share * (frames.length - 1);
    const [one, other] = [frames[Math.floor(place)], frames[Math.ceil(place)]];
    const part = place - Math.floor(place);
    const at = (name) => {
      const index = points.indexOf(name);
      return [0, 1].map((axis) => one[index][axis] * (1 - part) + other[index][axis] * part);
    };
    const path = (names) => `M${names.map((name) => at(name).map((value) => value.toFixed(3)).join(" ")).join("L")}`;
    this.bones.forEach((bone, index) => bone.setAttribute("d", path(BONES[index])));
    this.trunk.setAttribute("d", `${path(TRUNK)}Z`);
    const [nose, left, right] = ["nose", "left_ear", "right_ear"].map(at);
    const size = Math.hypot(...[0, 1].map((axis) => at("left_shoulder")[axis] - at("right_shoulder")[axis]));
    const values = { cx: (left[0] + right[0]) / 2, cy: (left[1] + right[1] + nose[1]) / 3, rx: size * 0.27, ry: size * 0.36 };
    for (const [key, value] of Object.entries(values)) this.head.setAttribute(key, value.toFixed(3));
  }
}
