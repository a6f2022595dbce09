// The wall: many cameras at once, as large as they can be; alerts, charts and the last anomalies at the side.

import { Alerts, History } from "./alerts.js";
import { Charts } from "./charts.js";
import { byId, element } from "./dom.js";
import { Drawing } from "./drawing.js";
import { LivePicture } from "./pictures.js";
import { Stage, Tile } from "./stage.js";

const CAPTION = 52; // pixels below a picture
const GAP = 18; // pixels
const NARROW = 640; // pixels of width for which one or two columns are enough

class WallTile extends Tile {
  constructor(name, toggleSolo) {
    super(name, toggleSolo);
    this.reason = element("p", { class: "reason" });
    this.frame.append(this.reason);
    this.canvas.addEventListener("click", () => toggleSolo(name));
  }

  report(stats) {
    super.report(stats);
    const gone = ["retrying", "failed", "ended"].includes(stats.state);
    this.reason.textContent = gone ? stats.message || this.state.textContent : "";
    this.figures.textContent = gone ? "" : `${stats.fps.toFixed(stats.fps < 10 ? 1 : 0)} fps`;
  }

  // What is said about single things is in the picture already.
  cues({ texts, figures }) {
    super.cues({ badges: [], bars: [], texts: texts.filter(({ tone }) => tone !== "alarm"), figures });
    this.root.classList.toggle("alarmed", texts.some(({ tone }) => tone === "alarm"));
  }

  // Looks at the stream with or without what is painted on it.
  view(view) {
    this.picture.stop();
    this.picture = new LivePicture(this.name, this.canvas, this.picture.onSize, view);
  }
}

export class Wall extends Stage {
  constructor(settings) {
    super();
    this.history = new History((stream) => this.tiles.get(stream)?.canvas);
    this.alerts = new Alerts(settings);
    this.charts = new Charts();
    this.drawing = new Drawing(settings, (on) => this.draw(on));
    settings.listeners.push(() => {
      this.drawing.take();
      this.alerts.show();
    });
    const add = this.history.add.bind(this.history);
    this.history.add = (event) => {
      const isNew = add(event);
      if (isNew) this.charts.event(event);
      return isNew;
    };
    new ResizeObserver(() => this.arrange()).observe(byId("stage"));
  }

  // True while Escape means something else than to go back to all streams.
  get busy() {
    return this.drawing.on;
  }

  greet(raw) {
    this.raw = raw;
    this.history.greeted = performance.now();
  }

  newTile(name) {
    return new WallTile(name, () => this.tiles.size > 1 && !this.drawing.on && this.toggleSolo(name));
  }

  streams(list) {
    const before = this.tiles.size;
    super.streams(list);
    this.charts.streams(list);
    if (this.tiles.size !== before) this.arrange();
    this.focus();
  }

  remove(name, tile) {
    if (this.drawing.tile === tile) this.drawing.attach(null);
    super.remove(name, tile);
    this.alerts.forget(name);
  }

  toggleSolo(name) {
    if (this.drawing.on) this.drawing.toggle(false);
    super.toggleSolo(name);
    this.focus();
    this.arrange();
  }

  // The one picture that can be drawn on, and that the charts are about.
  focus() {
    const [only] = this.tiles.size === 1 ? this.tiles.keys() : [this.solo];
    this.drawing.attach(this.tiles.get(only) ?? null);
    if (this.charts.stream !== this.solo) this.charts.select(this.solo);
  }

  draw(on) {
    this.drawing.tile.view(on && this.raw ? "/raw" : "");
    this.look();
  }

  cues(message) {
    super.cues(message);
    if (this.tiles.has(message.stream)) this.alerts.cues(message.stream, message.texts);
  }

  flare(stream, { kind }) {
    if (kind === "anomaly.raised") super.flare(stream);
  }

  key(event) {
    this.drawing.key(event);
  }

  // As many columns as make the pictures largest.
  arrange() {
    const { width } = byId("stage").getBoundingClientRect();
    const height = innerHeight - byId("stage").getBoundingClientRect().top - scrollY - 24;
    const count = this.tiles.size;
    const ratio = Number(this.root.firstElementChild?.style.getPropertyValue("--ratio")) || 16 / 9;
    let best = { columns: 1, size: 0 };
    for (let columns = 1; columns <= count; columns += 1) {
      const rows = Math.ceil(count / columns);
      const size = Math.min((width - GAP * (columns - 1)) / columns, ((height - GAP * (rows - 1)) / rows - CAPTION) * ratio);
      if (size > best.size) best = { columns, size };
    }
    const narrow = width < NARROW;
    this.root.style.setProperty("--columns", narrow ? (count > 3 ? 2 : 1) : best.columns);
    this.root.style.setProperty("--size", narrow ? "100%" : `${Math.floor(best.size)}px`);
  }
}
