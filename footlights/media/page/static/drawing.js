// Zones and lines are drawn over one picture. Each change is a change of the settings, made at once.

import { element, icon, shape } from "./dom.js";
import { arrow, asName, freeName, isLine, read, renamed, write } from "./places.js";

const NEAR = 9; // pixels within which a click means a point that is there already
const ARROW = 34; // pixels
const MOST_UNDO = 50;
const HELP = "Click the corners. A double click or Enter closes a zone; two points and Enter are a line; Esc cancels.";

export class Drawing {
  // settings: the SettingsPanel; onToggle(on): drawing begins or ends
  constructor(settings, onToggle) {
    this.settings = settings;
    this.onToggle = onToggle;
    this.on = false;
    this.places = [];
    this.draft = []; // points of what is being drawn, shares of the picture
    this.selected = null; // a name
    this.past = []; // values before each change
    this.svg = shape("svg", { class: "drawing", tabindex: "0", role: "application", "aria-label": "Zones and lines" });
    this.bar = element("div", { class: "draw-bar" });
    this.sized = new ResizeObserver(() => this.draw());
    this.sized.observe(this.svg);
    for (const [kind, act] of Object.entries({ pointerdown: this.press, pointermove: this.move, pointerup: this.release, pointercancel: this.release, click: this.click, dblclick: this.finish })) {
      this.svg.addEventListener(kind, act.bind(this));
    }
  }

  // Over another picture, or over none.
  attach(tile) {
    if (this.tile === tile) return;
    this.toggle(false);
    this.tile = tile;
    this.bar.remove();
    if (tile) tile.lamps.after(this.bar);
    this.fill();
  }

  toggle(on) {
    if (this.on === on) return;
    this.on = on;
    this.draft = [];
    this.selected = null;
    if (on) this.tile.frame.append(this.svg);
    else this.svg.remove();
    this.tile.root.classList.toggle("drawn", on);
    this.onToggle(on);
    this.take();
    if (on) this.svg.focus({ preventScroll: true });
  }

  // The settings are others now.
  take() {
    this.places = (this.settings.values.place ?? []).map(read);
    if (!this.places.some(({ name }) => name === this.selected)) this.selected = null;
    this.fill();
    this.draw();
  }

  async apply(places, more = {}) {
    const before = { place: this.settings.values.place, alert: this.settings.values.alert };
    this.places = places;
    this.draw();
    const problem = await this.settings.change({ place: places.map(write), ...more });
    if (!problem) this.past = [...this.past.slice(1 - MOST_UNDO), before];
    this.take();
    this.say(problem);
    return problem;
  }

  async undo() {
    const before = this.past.pop();
    if (!before) return;
    const problem = await this.settings.change(before);
    this.take();
    this.say(problem);
  }

  // ---- the pointer ----

  at(event) {
    const { left, top, width, height } = this.svg.getBoundingClientRect();
    const inside = (value) => Math.min(1, Math.max(0, value));
    return [inside((event.clientX - left) / width), inside((event.clientY - top) / height)];
  }

  near(a, b) {
    return Math.hypot((a[0] - b[0]) * this.svg.clientWidth, (a[1] - b[1]) * this.svg.clientHeight) < NEAR;
  }

  press(event) {
    const { place, corner } = event.target.dataset;
    this.moved = false;
    if (corner === undefined || this.draft.length > 0 || event.button > 0) return;
    const held = this.places.find(({ name }) => name === place);
    this.drag = { place: held, corner: Number(corner), from: held.points[Number(corner)] };
    this.svg.setPointerCapture(event.pointerId);
  }

  move(event) {
    this.pointer = this.at(event);
    if (this.drag) {
      const { place, corner, from } = this.drag;
      if (!this.moved && this.near(this.pointer, from) && event.pointerType !== "mouse") return;
      this.moved = true;
      place.points[corner] = this.pointer;
    }
    if (this.drag || this.draft.length > 0) this.draw();
  }

  release(event) {
    if (!this.drag) return;
    this.drag = null;
    this.svg.releasePointerCapture(event.pointerId);
    if (this.moved) this.apply(this.places);
  }

  click(event) {
    if (this.moved) this.moved = false;
    else if (event.target.dataset.place && this.draft.length === 0) this.select(event.target.dataset.place);
    else this.point(this.at(event));
  }

  point(point) {
    this.say("");
    const { draft } = this;
    if (draft.length > 0 && this.near(point, draft.at(-1))) return;
    if (draft.length > 2 && this.near(point, draft[0])) return this.finish();
    this.selected = null;
    this.draft = [...draft, point];
    this.fill();
    this.draw();
  }

  // ---- what is done with places ----

  finish() {
    const points = this.draft;
    if (points.length < 2) return points.length === 1 && this.say("One more point at least: two are a line, three and more a zone.");
    const name = freeName(points.length === 2 ? "line" : "zone", this.places);
    this.draft = [];
    this.selected = name;
    this.apply([...this.places, { name, points }]).then((problem) => problem || this.offerName());
  }

  // The name may be typed over, unless somebody does so already.
  offerName() {
    const input = this.bar.querySelector("input");
    if (input !== document.activeElement) input?.select();
  }

  cancel() {
    this.draft = [];
    this.selected = null;
    this.say("");
    this.fill();
    this.draw();
  }

  select(name) {
    this.selected = name;
    this.fill();
    this.draw();
  }

  rename(from, input) {
    const name = asName(input.value);
    input.value = name || from;
    if (!name || name === from) return;
    this.selected = name;
    const places = this.places.map((place) => (place.name === from ? { ...place, name } : place));
    this.apply(places, { alert: renamed(this.settings.values.alert ?? [], from, name) });
  }

  key(event) {
    if (!this.on) return;
    if (event.key === "Enter" && event.target.tagName !== "BUTTON") this.finish();
    else if (event.key === "Escape" && (this.draft.length > 0 || this.selected)) this.cancel();
    else if (event.key === "Escape") this.toggle(false);
    else if (event.key === "Delete" && this.selected) this.remove();
    else if (event.key === "Backspace" && this.draft.length > 0) this.draft = this.draft.slice(0, -1);
    this.draw();
  }

  remove() {
    this.apply(this.places.filter(({ name }) => name !== this.selected));
  }

  turn() {
    this.apply(this.places.map((place) => (place.name === this.selected ? { ...place, points: place.points.toReversed() } : place)));
  }

  // ---- what is shown ----

  draw() {
    if (!this.on) return;
    const { clientWidth: width, clientHeight: height } = this.svg;
    if (!width) return;
    this.svg.setAttribute("viewBox", `0 0 ${width} ${height}`);
    const pixels = (points) => points.map(([x, y]) => [x * width, y * height]);
    const open = this.draft.length > 0 ? [...this.draft, ...(this.pointer ? [this.pointer] : [])] : [];
    this.svg.replaceChildren(
      ...this.places.map((place) => this.outline(place, pixels(place.points))),
      shape("polyline", { class: "draft", points: pixels(open).join(" ") }),
      ...pixels(this.draft).map(([x, y]) => shape("circle", { class: "corner", cx: x, cy: y, r: 5 })),
    );
  }

  outline(place, points) {
    const { name } = place;
    const group = shape("g", { class: name === this.selected ? "place selected" : "place", "data-name": name });
    const outline = isLine(place) ? "polyline" : "polygon";
    group.append(shape(outline, { class: "grip", points: points.join(" "), "data-place": name }), shape(outline, { class: "edge", points: points.join(" ") }));
    if (isLine(place)) group.append(shape("path", { class: "arrow", d: arrow(points, ARROW) }));
    const [x, y] = points.reduce((best, point) => (point[1] < best[1] ? point : best));
    const text = shape("text", { x: Math.min(x + 8, this.svg.clientWidth - 9 * name.length), y: Math.max(16, y - 9) });
    text.append(name);
    group.append(text);
    group.append(...points.map(([cx, cy], corner) => shape("circle", { class: "corner", cx, cy, r: 7, "data-place": name, "data-corner": corner })));
    return group;
  }

  // The bar is made anew only where it says something new: somebody may be typing a name in it.
  fill() {
    if (!this.tile) return;
    this.bar.hidden = !this.settings.has("place");
    const told = JSON.stringify([this.on, this.draft.length, this.selected, this.places.map((place) => [place.name, isLine(place)])]);
    if (told !== this.told) this.build();
    this.told = told;
    if (this.back) this.back.disabled = this.past.length === 0;
  }

  build() {
    const button = (name, text, act, more = {}) => element("button", { class: "small", type: "button", onclick: act, ...more }, name && icon(name), text);
    const begin = button("draw", "Zones and lines", () => this.toggle(true));
    this.bar.replaceChildren(...(this.on ? [this.tools(button), element("p", { class: "problem", role: "alert" }), element("p", { class: "help" }, HELP)] : [begin]));
  }

  tools(button) {
    const tools = element("div", { class: "draw-tools", role: "group", "aria-label": "Zones and lines" });
    if (this.draft.length > 0) {
      tools.append(button(null, this.draft.length === 2 ? "Make it a line" : "Close the zone", () => this.finish(), { disabled: this.draft.length < 2 }), button("close", "Cancel", () => this.cancel()));
      return tools;
    }
    const chosen = this.places.find(({ name }) => name === this.selected);
    tools.append(...this.places.map(({ name }) => (name === this.selected ? this.name(name) : button(null, name, () => this.select(name), { "data-name": name }))));
    if (chosen && isLine(chosen)) tools.append(button("flip", "Turn inwards round", () => this.turn()));
    if (chosen) tools.append(button("trash", "Delete", () => this.remove()));
    const last = element("span", { class: "draw-end" });
    this.back = button("undo", "Undo", () => this.undo());
    last.append(this.back, button(null, "Done", () => this.toggle(false), { class: "small primary" }));
    tools.append(last);
    return tools;
  }

  name(name) {
    const rename = (event) => this.rename(name, event.target);
    const leave = (event) => {
      if (event.key === "Enter") event.target.blur();
      if (event.key === "Escape") this.cancel();
    };
    return element("input", { type: "text", value: name, maxlength: 40, "aria-label": "Name of the place", spellcheck: "false", onchange: rename, onkeydown: leave });
  }

  say(problem) {
    const line = this.bar.querySelector(".problem");
    if (line) line.textContent = problem ?? "";
  }
}
