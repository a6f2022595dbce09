// The stage: one tile for each stream, with its lamps, its badges and its figures.

import { byId, element, icon, person, plural } from "./dom.js";
import { LivePicture } from "./pictures.js";

const FLARE = 1400; // milliseconds for which the lamps answer an event
const STATES = { connecting: "Connecting", running: "Live", retrying: "Trying again", ended: "Ended", failed: "Failed" };

export class Tile {
  constructor(name, toggleSolo) {
    this.name = name;
    this.canvas = element("canvas", { role: "img", "aria-label": `Live picture of ${name}`, width: 640, height: 360 });
    this.state = element("span", { class: "state" });
    this.badges = element("div", { class: "badges", "aria-label": "Badges" });
    this.figures = element("p", { class: "figures" });
    this.message = element("p", { class: "message", role: "status" });
    this.enlarge = element("button", { class: "quiet enlarge", type: "button", onclick: () => toggleSolo(name) }, icon("full"));
    this.lamps = element("div", { class: "lamps", "aria-hidden": "true" });
    this.frame = element("div", { class: "frame" }, this.canvas, element("div", { class: "light" }), this.enlarge);
    const head = element("div", { class: "tile-name" }, this.state, element("strong", {}, name));
    const caption = element("figcaption", {}, head, this.badges, this.figures, this.message);
    this.root = element("figure", { class: "tile", "data-stream": name }, this.frame, this.lamps, caption);
    this.picture = new LivePicture(name, this.canvas, (ratio) => this.root.style.setProperty("--ratio", ratio.toFixed(4)));
    this.solo(false);
  }

  solo(on) {
    this.root.classList.toggle("solo", on);
    this.enlarge.setAttribute("aria-label", on ? `Show all streams` : `Enlarge ${this.name}`);
    this.enlarge.setAttribute("aria-pressed", String(on));
    this.enlarge.replaceChildren(icon(on ? "shrink" : "full"));
  }

  report(stats) {
    this.root.dataset.state = stats.state;
    this.state.textContent = STATES[stats.state] ?? stats.state;
    this.message.textContent = stats.message;
    const figures = [`${stats.fps.toFixed(stats.fps < 10 ? 1 : 0)} fps`, plural(stats.people, "person", "people")];
    if (stats.latency_ms != null) figures.push(`${Math.round(stats.latency_ms)} ms`);
    if (stats.dropped > 0) figures.push(`${stats.dropped} skipped`);
    this.figures.textContent = figures.join("  ·  ");
    this.figures.title = Object.entries(stats.spent_ms).map(([step, time]) => `${step} ${time.toFixed(1)} ms`).join("\n");
  }

  cues({ badges, bars, texts, figures }) {
    const chip = ({ tone, track }, text) =>
      element("span", { class: `chip ${tone}` }, track == null ? null : person(track), text);
    this.badges.replaceChildren(
      ...figures.map((figure) => chip(figure, `${figure.value} ${figure.text}`)),
      ...badges.map((badge) => chip(badge, badge.text)),
      ...texts.map((text) => chip(text, text.text)),
      ...bars.map((bar) => chip(bar, `${bar.text} ${Math.round(100 * bar.value)} %`)),
    );
  }

  flare() {
    this.root.classList.remove("flare");
    void this.root.offsetWidth; // begins the animation anew
    this.root.classList.add("flare");
    clearTimeout(this.flaring);
    this.flaring = setTimeout(() => this.root.classList.remove("flare"), FLARE);
  }
}

export class Stage {
  constructor() {
    this.tiles = new Map();
    this.root = byId("tiles");
    this.solo = null;
    this.visible = new IntersectionObserver((entries) => {
      for (const { target, isIntersecting } of entries) {
        const tile = this.tiles.get(target.dataset.stream);
        if (tile) tile.seen = isIntersecting;
      }
      this.look();
    });
    document.addEventListener("visibilitychange", () => this.look());
  }

  // Asks for pictures only where they can be seen.
  look() {
    for (const tile of this.tiles.values()) {
      if (tile.seen && tile.has && !document.hidden && !this.covered) tile.picture.start();
      else tile.picture.stop();
    }
  }

  cover(covered) {
    this.covered = covered;
    this.look();
  }

  streams(list) {
    const names = new Set(list.map(({ stream }) => stream));
    for (const [name, tile] of this.tiles) if (!names.has(name)) this.remove(name, tile);
    list.forEach((stats, place) => {
      const tile = this.tiles.get(stats.stream) ?? this.add(stats.stream);
      if (this.root.children[place] !== tile.root) this.root.insertBefore(tile.root, this.root.children[place] ?? null);
      tile.has = stats.picture;
      tile.report(stats);
    });
    this.root.dataset.count = Math.min(this.tiles.size, 9);
    byId("empty").hidden = this.tiles.size > 0;
    this.look();
  }

  add(name) {
    const tile = this.newTile(name);
    this.tiles.set(name, tile);
    this.visible.observe(tile.root);
    return tile;
  }

  newTile(name) {
    return new Tile(name, () => this.toggleSolo(name));
  }

  remove(name, tile) {
    tile.picture.stop();
    this.visible.unobserve(tile.root);
    tile.root.remove();
    this.tiles.delete(name);
    if (this.solo === name) this.toggleSolo(name);
  }

  toggleSolo(name) {
    this.solo = this.solo === name ? null : name;
    this.root.toggleAttribute("data-solo", this.solo !== null);
    for (const tile of this.tiles.values()) tile.solo(tile.name === this.solo);
  }

  cues(message) {
    this.tiles.get(message.stream)?.cues(message);
  }

  flare(stream) {
    this.tiles.get(stream)?.flare();
  }

  dim(dark) {
    this.root.classList.toggle("dark", dark);
  }
}
