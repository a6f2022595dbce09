// Draws boxes over a picture with the pointer: a new one, the chosen one moved, its sides and corners dragged.

import { shape } from "./dom.js";

const SMALL = 6; // pixels of the screen below which a drag is a click
const SIDES = [["left", "top"], ["top"], ["right", "top"], ["right"], ["right", "bottom"], ["bottom"], ["left", "bottom"], ["left"]];
const CURSORS = ["nwse", "ns", "nesw", "ew", "nwse", "ns", "nesw", "ew"];

const clamp = (value, low = 0, high = 1) => Math.min(high, Math.max(low, value));

export class Sketch {
  // svg; drawn(box), changed(index, box, merge), chose(index or -1), toneOf(label)
  constructor(svg, { drawn, changed, chose, toneOf }) {
    Object.assign(this, { svg, drawn, changed, chose, toneOf, boxes: [], chosen: -1, drag: null, pointer: null, drags: 0 });
    svg.addEventListener("pointerdown", (event) => this.press(event));
    svg.addEventListener("pointermove", (event) => this.move(event));
    svg.addEventListener("pointerup", (event) => this.release(event));
    svg.addEventListener("pointercancel", () => this.cancel());
    svg.addEventListener("pointerleave", () => { this.pointer = null; this.draw(); });
    new ResizeObserver(() => this.draw()).observe(svg);
  }

  show(boxes, chosen) {
    this.boxes = boxes;
    this.chosen = chosen;
    this.draw();
  }

  at(event) {
    const { left, top, width, height } = this.svg.getBoundingClientRect();
    return [clamp((event.clientX - left) / width), clamp((event.clientY - top) / height)];
  }

  press(event) {
    if (event.button > 0) return;
    const [x, y] = this.at(event);
    const handle = event.target.dataset.handle;
    const over = event.target.dataset.box;
    const box = this.boxes[this.chosen];
    this.svg.focus({ preventScroll: true });
    this.svg.setPointerCapture(event.pointerId);
    this.drags += 1;
    this.drag = { from: [x, y], screen: [event.clientX, event.clientY], over: over === undefined ? -1 : Number(over), moved: false, kind: "new" };
    if (handle !== undefined) Object.assign(this.drag, { kind: "size", sides: SIDES[Number(handle)], box: { ...box } });
    else if (over !== undefined && Number(over) === this.chosen) Object.assign(this.drag, { kind: "move", box: { ...box } });
  }

  move(event) {
    this.pointer = this.at(event);
    const { drag } = this;
    if (drag) {
      drag.moved ||= Math.hypot(event.clientX - drag.screen[0], event.clientY - drag.screen[1]) >= SMALL || (drag.kind !== "new" && event.pointerType === "mouse");
      if (drag.moved && drag.kind !== "new") this.changed(this.chosen, this.dragged(), `drag ${this.drags}`);
    }
    this.draw();
  }

  // The chosen box as the drag has made it by now.
  dragged() {
    const { box, from, kind, sides } = this.drag;
    const [dx, dy] = [this.pointer[0] - from[0], this.pointer[1] - from[1]];
    if (kind === "move") return moved(box, dx, dy);
    const made = { ...box };
    for (const side of sides) made[side] = clamp(box[side] + (side === "left" || side === "right" ? dx : dy));
    return upright(made);
  }

  release(event) {
    const { drag } = this;
    this.drag = null;
    if (!drag) return;
    this.svg.releasePointerCapture(event.pointerId);
    const [x, y] = this.at(event);
    if (drag.kind === "new" && drag.moved) {
      const box = upright({ left: drag.from[0], top: drag.from[1], right: x, bottom: y });
      const { width, height } = this.svg.getBoundingClientRect();
      if ((box.right - box.left) * width >= SMALL && (box.bottom - box.top) * height >= SMALL) this.drawn(box);
    } else if (!drag.moved && drag.kind !== "size") {
      this.chose(this.under(drag));
    }
    this.draw();
  }

  // What a click means: the smallest box there; once more, the one below it.
  under({ from: [x, y], over }) {
    const there = this.boxes.map((box, index) => ({ box, index })).filter(({ box }) => x >= box.left && x <= box.right && y >= box.top && y <= box.bottom);
    there.sort((a, b) => area(a.box) - area(b.box));
    const order = there.map(({ index }) => index);
    return order.length ? order[(order.indexOf(this.chosen) + 1) % order.length] : over;
  }

  cancel() {
    this.drag = null;
    this.draw();
  }

  draw() {
    const { clientWidth: width, clientHeight: height } = this.svg;
    if (!width) return;
    this.svg.setAttribute("viewBox", `0 0 ${width} ${height}`);
    const parts = [];
    if (this.pointer && !this.drag) {
      const [x, y] = [this.pointer[0] * width, this.pointer[1] * height];
      parts.push(shape("line", { class: "guide", x1: 0, y1: y, x2: width, y2: y }), shape("line", { class: "guide", x1: x, y1: 0, x2: x, y2: height }));
    }
    const order = this.boxes.map((_, index) => index).sort((a, b) => (a === this.chosen) - (b === this.chosen) || area(this.boxes[b]) - area(this.boxes[a]));
    parts.push(...order.map((index) => this.outline(this.boxes[index], index, width, height)));
    if (this.drag?.kind === "new" && this.drag.moved && this.pointer) {
      const box = upright({ left: this.drag.from[0], top: this.drag.from[1], right: this.pointer[0], bottom: this.pointer[1] });
      parts.push(shape("rect", { class: "draft", x: box.left * width, y: box.top * height, width: (box.right - box.left) * width, height: (box.bottom - box.top) * height }));
    }
    this.svg.replaceChildren(...parts);
  }

  outline(box, index, width, height) {
    const [x, y, right, bottom] = [box.left * width, box.top * height, box.right * width, box.bottom * height];
    const group = shape("g", { class: `box${index === this.chosen ? " chosen" : ""}${box.suggested ? " suggested" : ""}` });
    group.style.setProperty("--tone", this.toneOf(box.label));
    group.append(shape("rect", { class: "edge", x, y, width: right - x, height: bottom - y, rx: 2, "data-box": index }));
    const words = box.label ?? "which label?";
    const text = shape("text", { x: x + 6, y: y > 20 ? y - 6 : y + 15, "font-size": 13 });
    text.append(words);
    group.append(shape("rect", { class: "plate", x: x - 1, y: y > 20 ? y - 20 : y, width: 12 + 7.1 * words.length, height: 20, rx: 4, "data-box": index }), text);
    if (index === this.chosen) {
      const [cx, cy] = [(x + right) / 2, (y + bottom) / 2];
      const points = [[x, y], [cx, y], [right, y], [right, cy], [right, bottom], [cx, bottom], [x, bottom], [x, cy]];
      group.append(...points.map(([px, py], place) => {
        const handle = shape("rect", { class: "handle", x: px - 4.5, y: py - 4.5, width: 9, height: 9, rx: 2.5, "data-handle": place });
        handle.style.cursor = `${CURSORS[place]}-resize`;
        return handle;
      }));
    }
    return group;
  }
}

const area = ({ left, top, right, bottom }) => (right - left) * (bottom - top);

// Left before right, top before bottom.
function upright(box) {
  return {
    ...box,
    left: Math.min(box.left, box.right), right: Math.max(box.left, box.right),
    top: Math.min(box.top, box.bottom), bottom: Math.max(box.top, box.bottom),
  };
}

// The box elsewhere, in one piece and inside of the picture.
export function moved(box, dx, dy) {
  const x = clamp(dx, -box.left, 1 - box.right);
  const y = clamp(dy, -box.top, 1 - box.bottom);
  return { ...box, left: box.left + x, right: box.right + x, top: box.top + y, bottom: box.bottom + y };
}

// The box with its right and lower side elsewhere.
export function stretched(box, dx, dy) {
  return { ...box, right: clamp(box.right + dx, box.left + 0.002, 1), bottom: clamp(box.bottom + dy, box.top + 0.002, 1) };
}
