// Alerts: what is raised now, what is watched for, one more, one less. And the last anomalies, newest first.

import { byId, clock, element, icon, person, plural, words } from "./dom.js";
import { isLine, read } from "./places.js";

const MOST_ANOMALIES = 50;
const MOST_WORDS = 8; // suggestions
const FAULTS = ["covered", "blurred", "moved", "frozen"];
const SMALL = 160; // pixels: width of a picture in the history

export class Alerts {
  constructor(settings) {
    this.settings = settings;
    this.raised = new Map(); // stream -> Set of alerts
    this.input = byId("alert");
    byId("alert-add").addEventListener("submit", (event) => {
      event.preventDefault();
      this.add();
    });
    this.input.addEventListener("input", () => this.suggest());
    this.input.addEventListener("focus", () => this.suggest());
  }

  // What the cues of one stream say is raised; gone: the stream is no more.
  cues(stream, texts) {
    this.raised.set(stream, new Set(texts.filter(({ tone }) => tone === "alarm").map(({ text }) => text)));
    this.show();
  }

  forget(stream) {
    if (this.raised.delete(stream)) this.show();
  }

  show() {
    byId("alerts-part").hidden = !this.settings.has("alert");
    const alerts = this.settings.values.alert ?? [];
    const where = (alert) => [...this.raised].filter(([, texts]) => texts.has(alert)).map(([stream]) => stream);
    const lines = alerts.map((alert, place) => ({ alert, place, streams: where(alert) })).sort((a, b) => (b.streams.length > 0) - (a.streams.length > 0));
    const told = JSON.stringify(lines);
    if (told === this.told) return;
    this.told = told;
    const count = lines.filter(({ streams }) => streams.length > 0).length;
    byId("raised").textContent = count > 0 ? `${count} raised` : "";
    byId("no-alerts").hidden = alerts.length > 0;
    byId("alerts").replaceChildren(...lines.map((line) => this.line(line)));
    document.body.classList.toggle("alarmed", count > 0);
  }

  line({ alert, place, streams }) {
    const drop = element("button", { class: "quiet", type: "button", "aria-label": `Remove ${alert}`, title: "Remove", onclick: () => this.remove(place) }, icon("trash"));
    const texts = element("div", {}, element("strong", {}, alert), streams.length > 0 ? element("p", {}, streams.join(", ")) : null);
    return element("li", { "data-raised": String(streams.length > 0), "data-alert": alert }, icon("alarm"), texts, drop);
  }

  written() {
    return this.input.value.trim().replaceAll(/\s+/g, " ");
  }

  async add() {
    const text = this.written();
    if (!text) return this.problem("Write what is to be told, such as: person > 3 for 10 s");
    const alerts = this.settings.values.alert ?? [];
    if (alerts.includes(text)) return this.problem("That is watched for already.");
    const problem = await this.settings.change({ alert: [...alerts, text] });
    this.problem(problem);
    if (problem) return;
    if (this.written() === text) this.input.value = ""; // unless the next one is written
    this.suggest();
  }

  async remove(place) {
    const problem = await this.settings.change({ alert: this.settings.values.alert.filter((_, other) => other !== place) });
    this.problem(problem);
  }

  problem(text) {
    byId("alert-problem").textContent = text;
    this.input.setAttribute("aria-invalid", String(text !== ""));
  }

  suggest() {
    this.problem("");
    const use = (text) => {
      this.input.value = text;
      this.input.focus();
      this.suggest();
    };
    const found = suggestions(this.input.value, this.settings.field("label")?.suggestions ?? [], (this.settings.values.place ?? []).map(read));
    byId("alert-words").replaceChildren(...found.map((text) => element("button", { class: "small", type: "button", onclick: () => use(text) }, text)));
  }
}

// Whole alerts that begin with what is written.
export function suggestions(written, labels, places) {
  const text = written.trimStart().replaceAll(/\s+/g, " ");
  const zones = places.filter((place) => !isLine(place)).map(({ name }) => name);
  const lines = places.filter(isLine).map(({ name }) => name);
  const label = [...labels, "anything"].filter((word) => text === word || text.startsWith(`${word} `)).sort((a, b) => b.length - a.length)[0];
  const first = labels.includes("person") ? "person" : labels[0] ?? "anything";
  const fixed = [...FAULTS.map((fault) => `camera ${fault}`), "nothing moves for 10 s", ...zones.map((zone) => `nothing moves in ${zone} for 10 s`)];
  const begin = text === "" ? [...about(first, zones, lines).slice(0, 5), ...fixed] : [...labels, "anything", ...fixed];
  const found = label ? about(label, zones, lines) : begin;
  return [...new Set(found)].filter((one) => one.startsWith(text.toLowerCase()) && one !== text).slice(0, MOST_WORDS);
}

function about(label, zones, lines) {
  return [
    ...zones.map((zone) => `${label} in ${zone}`),
    ...lines.map((line) => `${label} crosses ${line}`),
    `${label} > 3 for 10 s`,
    `${label} missing for 5 s`,
    `${label} stays for 60 s`,
    ...zones.flatMap((zone) => [`${label} outside ${zone}`, `${label} > 3 in ${zone} for 10 s`, `${label} missing in ${zone} for 5 s`, `${label} stays in ${zone} for 60 s`]),
    ...lines.flatMap((line) => [`${label} crosses ${line} inwards`, `${label} crosses ${line} outwards`]),
    `${label} for 5 s`,
  ];
}

export class History {
  // look(stream): the canvas that shows the stream, or null
  constructor(look) {
    this.look = look;
    this.root = byId("history");
    this.known = new Set();
    this.open = new Map();
    this.greeted = performance.now();
  }

  // True where the event is new.
  add(event) {
    if (this.known.has(event.id)) return false;
    this.known.add(event.id);
    if (this.known.size > 1000) this.known.delete(this.known.values().next().value);
    const key = JSON.stringify([event.stream, event.data.alert, event.track]);
    if (event.kind === "anomaly.raised") this.raise(key, event);
    if (event.kind === "anomaly.cleared") this.clear(key, event);
    return true;
  }

  raise(key, { stream, time, track, data }) {
    const now = performance.now() - this.greeted > 1500; // what happened before this page came has no picture
    const thing = track == null ? null : element("span", {}, person(track), `${words(data.label ?? "thing")} ${track}`);
    const count = data.count == null ? null : element("span", {}, `${data.count} seen`);
    const line = element(
      "li",
      { class: "anomaly", "data-open": true },
      (now && this.picture(stream)) || element("span", { class: "medal" }, icon("alarm")),
      element("div", { class: "what" }, element("p", { class: "title" }, data.alert), element("p", { class: "about" }, element("span", {}, stream), thing, count, element("span", { class: "held" }, ""))),
      element("time", {}, clock(time)),
    );
    this.open.set(key, line);
    this.root.prepend(line);
    if (this.root.children.length > MOST_ANOMALIES) this.forget(this.root.lastElementChild);
    this.count();
  }

  clear(key, { data }) {
    const line = this.open.get(key);
    if (!line) return;
    line.removeAttribute("data-open");
    line.querySelector(".held").textContent = `for ${Number(data.duration ?? 0).toFixed(1)} s`;
    this.open.delete(key);
  }

  forget(line) {
    for (const [key, open] of this.open) if (open === line) this.open.delete(key);
    line.remove();
  }

  // What the page shows of the stream at this moment.
  picture(stream) {
    const shown = this.look(stream);
    if (!shown?.dataset.shown) return null;
    const canvas = element("canvas", { class: "moment", role: "img", "aria-label": "The picture at that moment", width: SMALL, height: Math.round((SMALL * shown.height) / shown.width) });
    canvas.getContext("2d").drawImage(shown, 0, 0, canvas.width, canvas.height);
    return canvas;
  }

  count() {
    byId("count").textContent = plural(this.root.children.length, "anomaly", "anomalies");
    byId("no-history").hidden = this.root.children.length > 0;
  }
}
