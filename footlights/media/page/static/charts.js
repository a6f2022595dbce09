// Counts of each class and rates of the streams over the last minutes, as small lines.

import { byId, element, shape, words } from "./dom.js";

const SPAN = 300; // seconds
const STEPS = 150; // points of a line
const EVERY = SPAN / STEPS; // seconds between two samples
const MOST_LINES = 8; // classes
const MOST_KNOWN = 2000; // changes of counts that are kept for one stream
const HEIGHT = 32;

export class Charts {
  constructor() {
    this.counts = new Map(); // stream -> [{time, counts}] in media time, oldest first
    this.samples = new Map(); // stream -> [{at, stats}] in seconds of this page, oldest first
    this.stream = null; // null: all together
    setInterval(() => document.hidden || this.draw(), 1000);
  }

  select(stream) {
    this.stream = stream;
    this.draw();
  }

  event({ kind, stream, time, data }) {
    if (kind !== "count") return;
    let points = this.counts.get(stream) ?? [];
    if (points.at(-1)?.time > time) points = []; // the stream has begun anew
    points.push({ time, counts: data.counts ?? {} });
    this.counts.set(stream, points.slice(-MOST_KNOWN));
  }

  streams(list) {
    const at = performance.now() / 1000;
    const names = new Set(list.map(({ stream }) => stream));
    for (const known of [this.counts, this.samples]) for (const name of known.keys()) if (!names.has(name)) known.delete(name);
    for (const stats of list) {
      const samples = this.samples.get(stats.stream) ?? [];
      this.samples.set(stats.stream, samples);
      samples.now = stats;
      if (samples.length === 0 || at - samples.at(-1).at >= EVERY) samples.push({ at, stats });
      if (samples.length > STEPS + 1) samples.shift();
    }
  }

  chosen() {
    return [...this.samples].filter(([name]) => this.stream === null || name === this.stream);
  }

  draw() {
    byId("charts-of").textContent = `${this.stream ?? (this.samples.size > 1 ? "all streams" : "")}`;
    const lines = this.classes();
    byId("counts").replaceChildren(...lines.map(({ name, values }) => row(name, values, String(values.at(-1)))));
    byId("no-counts").hidden = lines.length > 0;
    byId("rates").replaceChildren(...this.rates().map(({ name, values, unit }) => row(name, values, `${short(values.at(-1) ?? 0)}${unit}`)));
  }

  // One line for each class: how many there were, over all streams.
  classes() {
    const lines = new Map();
    for (const [name, samples] of this.chosen()) {
      const points = this.counts.get(name) ?? [];
      const now = samples.now.media_time;
      let place = 0;
      for (let step = 0; step < STEPS; step += 1) {
        const time = now - (STEPS - 1 - step) * EVERY;
        while (place < points.length && points[place].time <= time) place += 1;
        for (const [label, count] of Object.entries(points[place - 1]?.counts ?? {})) {
          if (!lines.has(label)) lines.set(label, new Array(STEPS).fill(0));
          lines.get(label)[step] += count;
        }
      }
    }
    const most = (values) => Math.max(...values);
    const found = [...lines].map(([label, values]) => ({ name: words(label), values })).filter(({ values }) => most(values) > 0);
    return found.sort((a, b) => b.values.at(-1) - a.values.at(-1) || most(b.values) - most(a.values)).slice(0, MOST_LINES);
  }

  rates() {
    const chosen = this.chosen().map(([, samples]) => samples);
    const steps = [...new Set(chosen.flatMap((samples) => Object.keys(samples.now?.spent_ms ?? {})))];
    const rate = (read) => this.line(chosen, (from, to, seconds) => (read(to) - read(from)) / seconds, true);
    const spent = (step, { frames, spent_ms }) => (spent_ms[step] ?? 0) * frames;
    const each = (step) => this.line(chosen, (from, to) => (spent(step, to) - spent(step, from)) / Math.max(1, to.frames - from.frames), false);
    return [
      { name: "Frames", values: rate(({ frames }) => frames), unit: " /s" },
      { name: "Looks of the detector", values: rate(({ looks }) => looks), unit: " /s" },
      { name: "Skipped frames", values: rate(({ dropped }) => dropped), unit: " /s" },
      ...steps.map((step) => ({ name: `${words(step)}, a frame`, values: each(step), unit: " ms" })),
    ];
  }

  // What `between` says of two samples that follow each other: added up over the streams, or their mean.
  line(chosen, between, added) {
    const longest = Math.max(0, ...chosen.map((samples) => samples.length - 1));
    const values = [];
    for (let back = longest; back > 0; back -= 1) {
      const found = chosen.filter((samples) => samples.length > back).map((samples) => {
        const [from, to] = [samples.at(-back - 1), samples.at(-back)];
        return Math.max(0, between(from.stats, to.stats, to.at - from.at));
      });
      const sum = found.reduce((all, value) => all + value, 0);
      values.push(added ? sum : sum / Math.max(1, found.length));
    }
    return values;
  }
}

function row(name, values, now) {
  const most = Math.max(...values, 1e-9);
  const points = values.map((value, index) => [SPAN - (values.length - 1 - index) * EVERY, HEIGHT - 2 - (value / most) * (HEIGHT - 5)]);
  const svg = shape("svg", { class: "spark", viewBox: `0 0 ${SPAN} ${HEIGHT}`, preserveAspectRatio: "none", "aria-hidden": "true" });
  if (points.length > 1) {
    const line = `M${points.map((point) => point.map((value) => value.toFixed(1)).join(",")).join("L")}`;
    svg.append(shape("path", { class: "area", d: `${line}L${SPAN},${HEIGHT}L${points[0][0]},${HEIGHT}Z` }), shape("path", { class: "edge", d: line }));
  }
  return element("li", {}, element("span", { class: "name" }, name), svg, element("b", {}, now));
}

const short = (value) => (value >= 100 || value === 0 ? value.toFixed(0) : value >= 10 ? value.toFixed(1) : value.toFixed(2));
