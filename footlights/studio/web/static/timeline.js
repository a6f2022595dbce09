// The timeline under a recording: a strip of pictures, seconds, segments that can be drawn, moved and stretched.

import { clock, element } from "./dom.js";

const SMALL = 5; // pixels below which a drag is a click
const STEPS = [0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 1800];
const APART = 70; // pixels between two marks of the ruler

export class Timeline {
  // root: #timeline; seek(seconds), drawn(begin, end), altered(index, to, merge), chose(index or -1), toneOf(label)
  constructor(root, { seek, drawn, altered, chose, toneOf }) {
    Object.assign(this, { root, seek, drawn, altered, chose, toneOf, seconds: 1, list: [], chosen: -1, drag: null, drags: 0, mark: null });
    this.lane = root.querySelector(".lane");
    this.ruler = root.querySelector(".ruler");
    root.addEventListener("pointerdown", (event) => this.press(event));
    root.addEventListener("pointermove", (event) => this.move(event));
    root.addEventListener("pointerup", (event) => this.release(event));
    root.addEventListener("pointercancel", () => { this.drag = null; this.draw(); });
    new ResizeObserver(() => this.drawRuler()).observe(root);
  }

  // mark: where a free segment has begun, seconds
  show(seconds, list, chosen, mark = null) {
    const other = seconds !== this.seconds;
    Object.assign(this, { seconds, list, chosen, mark });
    this.draw();
    if (other) this.drawRuler();
  }

  playhead(time) {
    this.root.style.setProperty("--at", Math.min(1, time / this.seconds));
  }

  at(event) {
    const { left, width } = this.root.getBoundingClientRect();
    return Math.min(1, Math.max(0, (event.clientX - left) / width)) * this.seconds;
  }

  press(event) {
    if (event.button > 0) return;
    this.root.focus({ preventScroll: true });
    this.root.setPointerCapture(event.pointerId);
    const time = this.at(event);
    const segment = event.target.closest(".segment");
    const index = segment ? Number(segment.dataset.index) : -1;
    const edge = event.target.dataset.edge;
    this.drags += 1;
    this.drag = { from: time, screen: event.clientX, index, edge, was: this.list[index] && { ...this.list[index] }, moved: false };
    this.drag.kind = edge && index === this.chosen ? "edge" : index >= 0 && index === this.chosen ? "move" : "new";
  }

  move(event) {
    const { drag } = this;
    if (!drag) return;
    drag.moved ||= Math.abs(event.clientX - drag.screen) >= SMALL;
    if (!drag.moved) return;
    const time = this.at(event);
    if (drag.kind === "new") {
      drag.to = time;
      this.seek(time);
      this.draw();
      return;
    }
    const by = time - drag.from;
    const { begin, end } = drag.was;
    const shift = Math.min(this.seconds - end, Math.max(-begin, by));
    const to = drag.kind === "move" ? { begin: begin + shift, end: end + shift } : { [drag.edge]: drag.was[drag.edge] + by };
    if (drag.kind === "edge") this.seek(time);
    this.altered(this.chosen, to, `drag ${this.drags}`);
  }

  release(event) {
    const { drag } = this;
    this.drag = null;
    if (!drag) return;
    this.root.releasePointerCapture(event.pointerId);
    if (drag.moved && drag.kind === "new") this.drawn(Math.min(drag.from, drag.to), Math.max(drag.from, drag.to));
    else if (!drag.moved) {
      this.chose(drag.index);
      this.seek(drag.from);
    }
    this.draw();
  }

  draw() {
    const parts = this.list.map((segment, index) => {
      const part = element("div", { class: `segment${index === this.chosen ? " chosen" : ""}`, "data-index": index, "data-label": segment.label },
        element("i", { "data-edge": "begin" }), element("span", {}, segment.label), element("i", { "data-edge": "end" }));
      part.style.setProperty("--tone", this.toneOf(segment.label));
      return this.placed(part, segment.begin, segment.end);
    });
    const { drag } = this;
    if (drag?.kind === "new" && drag.moved) parts.push(this.placed(element("div", { class: "draft" }), Math.min(drag.from, drag.to), Math.max(drag.from, drag.to)));
    if (this.mark !== null) parts.push(this.placed(element("div", { class: "draft" }), this.mark, this.mark + this.seconds / 400));
    this.lane.replaceChildren(...parts);
  }

  placed(part, begin, end) {
    part.style.left = `${(100 * begin) / this.seconds}%`;
    part.style.width = `${(100 * (end - begin)) / this.seconds}%`;
    return part;
  }

  drawRuler() {
    const width = this.root.clientWidth;
    const step = STEPS.find((candidate) => (candidate / this.seconds) * width >= APART) ?? STEPS.at(-1);
    const marks = [];
    for (let time = 0; time < this.seconds; time += step) {
      const mark = element("span", {}, step < 1 ? clock(time) : clock(time).replace(/\.0$/, ""));
      mark.style.left = `${(100 * time) / this.seconds}%`;
      marks.push(mark);
    }
    this.ruler.replaceChildren(...marks);
  }
}
