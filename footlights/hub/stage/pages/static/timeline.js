// A show's timeline: the song's shape, the cues on it, to be placed, moved and stretched with pointer or keys.

import { element } from "./dom.js";
import { minutes } from "./clock.js";
import { fit } from "./curves.js";
import { STEPS } from "./waveform.js";

const STEP = 0.05; // seconds: what a cue snaps to
const LEAST = 0.25; // seconds of a cue
const ZOOMS = [0.25, 0.5, 1, 2, 4, 8, 16, 32, 64, 128, 256]; // pixels a second

export const snap = (seconds) => Math.round(Math.round(seconds / STEP) * STEP * 1000) / 1000;

export class Timeline {
  // place: the element; on: {select(id), change(cue, kind), seek(seconds), add(seconds)}
  constructor(place, on) {
    this.on = on;
    this.length = 60;
    this.scale = 8; // pixels a second
    this.fitted = true; // all of it is in sight, however long it is
    this.wave = null;
    this.offset = 0; // seconds of the media at 0:00
    this.cues = [];
    this.selected = null;
    this.canvas = element("canvas", { class: "wave", "aria-hidden": "true" });
    this.track = element("div", { class: "cues", role: "listbox", "aria-label": "Cues" });
    this.head = element("div", { class: "head", "aria-hidden": "true" });
    this.live = element("div", { class: "head live", "aria-hidden": "true", hidden: true });
    this.inner = element("div", { class: "inner" }, this.canvas, this.track, this.head, this.live);
    this.scroller = element("div", { class: "scroller" }, this.inner);
    place.replaceChildren(this.scroller);
    this.scroller.addEventListener("scroll", () => this.drawWave());
    this.canvas.addEventListener("pointerdown", (event) => this.pressed(event));
    this.track.addEventListener("dblclick", (event) => event.target === this.track && on.add(this.at(event)));
    this.track.addEventListener("pointerdown", (event) => event.target === this.track && on.seek(this.at(event)));
    this.scroller.addEventListener("wheel", (event) => {
      if (!event.ctrlKey && !event.metaKey) return;
      event.preventDefault();
      this.zoom(event.deltaY < 0 ? 1 : -1);
    }, { passive: false });
    new ResizeObserver(() => this.draw()).observe(this.scroller);
  }

  show({ length, cues, selected, offset }) {
    Object.assign(this, { length, cues, selected, offset });
    this.draw();
  }

  zoom(by) {
    const seen = this.scroller.clientWidth / 2;
    const middle = (this.scroller.scrollLeft + seen) / this.scale;
    this.fitted = false;
    this.scale = (by > 0 ? ZOOMS.find((each) => each > this.scale) : ZOOMS.findLast((each) => each < this.scale)) ?? this.scale;
    this.draw();
    this.scroller.scrollLeft = middle * this.scale - seen;
  }

  whole() {
    this.fitted = true;
    this.draw();
  }

  // A moment comes into sight.
  reveal(seconds) {
    const x = seconds * this.scale;
    const { scrollLeft, clientWidth } = this.scroller;
    if (x < scrollLeft + 20 || x > scrollLeft + clientWidth - 40) this.scroller.scrollLeft = x - clientWidth * 0.25;
  }

  heads(at, live) {
    this.head.style.transform = `translateX(${at * this.scale}px)`;
    this.live.hidden = live === null;
    if (live !== null) this.live.style.transform = `translateX(${live * this.scale}px)`;
  }

  at(event) {
    return snap(Math.min(this.length, Math.max(0, (event.clientX - this.inner.getBoundingClientRect().left) / this.scale)));
  }

  pressed(event) {
    this.on.seek(this.at(event));
    this.canvas.setPointerCapture(event.pointerId);
    this.canvas.onpointermove = (moved) => this.on.seek(this.at(moved));
    this.canvas.onpointerup = this.canvas.onpointercancel = () => { this.canvas.onpointermove = null; };
  }

  draw() {
    if (this.fitted) this.scale = Math.max(0.05, (this.scroller.clientWidth - 2) / this.length);
    this.inner.style.width = `${Math.max(this.scroller.clientWidth, this.length * this.scale)}px`;
    const known = new Map([...this.track.children].map((block) => [block.dataset.cue, block]));
    const blocks = this.cues.map((cue) => known.get(cue.id) ?? this.block(cue.id));
    if (blocks.some((block, index) => block !== this.track.children[index]) || blocks.length !== known.size) {
      this.track.replaceChildren(...blocks);
    }
    this.cues.forEach((cue, index) => this.dress(blocks[index], cue));
    this.drawWave();
  }

  // A cue's element stays the same while the cue is there: it may hold the pointer, or the keyboard.
  block(id) {
    const block = element(
      "div",
      { class: "cue", role: "option", tabindex: "0", "data-cue": id },
      element("i", { class: "edge", "data-edge": "from" }),
      element("span", { class: "words" }),
      element("small", {}),
      element("i", { class: "edge", "data-edge": "to" }),
    );
    const cue = () => this.cues.find((each) => each.id === id);
    block.addEventListener("pointerdown", (event) => this.grab(event, block, cue()));
    block.addEventListener("focus", () => id !== this.selected && this.on.select(id));
    block.addEventListener("keydown", (event) => this.key(event, cue()));
    return block;
  }

  dress(block, cue) {
    const words = cue.text || cue.title;
    block.setAttribute("aria-selected", String(cue.id === this.selected));
    block.setAttribute("aria-label", `${words}, ${minutes(cue.from)} to ${minutes(cue.to)}`);
    block.querySelector(".words").textContent = words;
    block.querySelector("small").textContent = cue.effects ? `${cue.title} · ${cue.effects}` : cue.title;
    place(block, cue, this.scale);
  }

  // Moved by its middle, stretched by its ends; told once, when it is let go.
  grab(event, block, cue) {
    if (event.button !== 0) return;
    event.preventDefault();
    const edge = event.target.dataset.edge;
    block.focus();
    const begun = event.clientX;
    let moved = null;
    block.setPointerCapture(event.pointerId);
    block.onpointermove = ({ clientX }) => {
      const by = (clientX - begun) / this.scale;
      if (!moved && Math.abs(clientX - begun) < 3) return;
      moved = shifted(cue, edge, by, this.length);
      place(block, moved, this.scale);
    };
    block.onpointerup = block.onpointercancel = ({ type }) => {
      block.onpointermove = block.onpointerup = block.onpointercancel = null;
      if (moved && type === "pointerup") this.on.change(moved);
      else this.draw();
    };
  }

  key(event, cue) {
    const by = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (by) {
      event.preventDefault();
      const edge = event.altKey ? "to" : undefined;
      this.on.change(shifted(cue, edge, by * (event.shiftKey ? 1 : STEP), this.length), "keys");
    } else if (event.key === "Delete" || event.key === "Backspace") {
      event.preventDefault();
      this.on.remove(cue.id);
    }
  }

  drawWave() {
    const { scrollLeft, clientWidth } = this.scroller;
    this.canvas.style.left = `${scrollLeft}px`;
    this.canvas.style.width = `${clientWidth}px`;
    const { pen, width, height } = fit(this.canvas);
    const middle = (height - 22) / 2;
    if (this.wave) {
      pen.fillStyle = "#ffb65c";
      const each = STEPS / this.scale; // peaks a pixel
      for (let x = 0; x < width; x += 1) {
        const from = Math.floor((scrollLeft + x) * each + this.offset * STEPS);
        let most = 0;
        for (let step = from; step < from + Math.max(1, each); step += 1) most = Math.max(most, this.wave[step] ?? 0);
        const high = Math.max(0.5, most * (middle - 4));
        pen.globalAlpha = 0.35 + 0.5 * most;
        pen.fillRect(x, middle - high, 1, high * 2);
      }
      pen.globalAlpha = 1;
    }
    this.drawRuler(pen, scrollLeft, width, height);
  }

  drawRuler(pen, scrollLeft, width, height) {
    const step = [0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300].find((each) => each * this.scale >= 64) ?? 600;
    pen.fillStyle = "#b9acbd";
    pen.font = "500 13px Figtree, sans-serif";
    const last = Math.min(this.length, (scrollLeft + width) / this.scale);
    for (let at = Math.floor(scrollLeft / this.scale / step) * step; at <= last; at += step) {
      const x = at * this.scale - scrollLeft;
      pen.fillRect(x, 0, 1, height - 20);
      pen.fillText(step < 1 && at % 1 ? `${minutes(at)}.5` : minutes(at), x + 3, height - 6);
    }
    const end = this.length * this.scale - scrollLeft;
    if (end < width) {
      pen.fillStyle = "#000a";
      pen.fillRect(end, 0, width - end, height);
    }
  }
}

function place(block, { from, to }, scale) {
  block.style.left = `${from * scale}px`;
  block.style.width = `${Math.max(6, (to - from) * scale)}px`;
}

function shifted(cue, edge, by, length) {
  if (edge === "from") return { ...cue, from: snap(Math.min(cue.to - LEAST, Math.max(0, cue.from + by))) };
  if (edge === "to") return { ...cue, to: snap(Math.max(cue.from + LEAST, Math.min(length, cue.to + by))) };
  const from = snap(Math.min(length - (cue.to - cue.from), Math.max(0, cue.from + by)));
  return { ...cue, from, to: snap(from + cue.to - cue.from) };
}
