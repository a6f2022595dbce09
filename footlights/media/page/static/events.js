// The list of events, newest first. What begins and ends is one line that says how long it was held.

import { byId, clock, element, icon, person, words } from "./dom.js";

const MOST = 200; // lines
const ICONS = {
  gesture: "gesture", hand: "gesture", pose: "gesture", repetition: "exercise", rep: "exercise", exercise: "exercise",
  workout: "exercise", countdown: "spark", show: "play", action: "play", trigger: "play", mood: "face", person: "person", track: "person", people: "person", face: "face", emotion: "face",
  alarm: "alarm", alert: "alarm", anomaly: "alarm",
};
const NAMES = ["gesture", "name", "exercise", "emotion", "label", "text", "title"];

export class EventList {
  constructor() {
    this.root = byId("events");
    this.known = new Set();
    this.open = new Map(); // what has begun and not ended
    this.several = false; // more than one stream: lines say which
    byId("clear").addEventListener("click", () => this.clear());
  }

  // True where the event is new.
  add(event) {
    if (this.known.has(event.id)) return false;
    this.known.add(event.id);
    if (this.known.size > 5 * MOST) this.known.delete(this.known.values().next().value);
    const key = JSON.stringify([event.kind.replace(/\.(begin|end)$/, ""), event.stream, event.track, title(event)]);
    const counted = JSON.stringify(["exercise", event.stream, event.track, title(event)]);
    const line = event.kind.endsWith(".end") ? this.open.get(key) : null;
    if (line) this.finish(key, line, event);
    else if (event.kind === "repetition" && this.open.has(counted)) this.open.get(counted).querySelector(".held").textContent = detail(event);
    else this.insert(key, event);
    this.count();
    return true;
  }

  insert(key, event) {
    const begins = event.kind.endsWith(".begin");
    const root = event.kind.split(".")[0];
    const kind = event.kind.replace(/\.(begin|end)$/, "");
    const about = element("p", { class: "about" });
    if (event.track != null) about.append(element("span", {}, person(event.track), `Person ${event.track}`));
    about.append(element("span", { class: "where" }, event.stream), element("span", { class: "kind" }, named(event) ? kind : ""));
    const held = element("span", { class: "held" }, detail(event));
    const line = element(
      "li",
      { class: "event", "data-kind": root, "data-open": begins },
      element("span", { class: "medal" }, icon(ICONS[root] ?? "spark")),
      element("div", { class: "what" }, element("p", { class: "title" }, title(event), held), about),
      element("time", {}, clock(event.time)),
    );
    line.began = event.time;
    if (begins) this.open.set(key, line);
    this.root.prepend(line);
    if (this.root.children.length > MOST) this.forget(this.root.lastElementChild);
  }

  finish(key, line, event) {
    const duration = event.data.duration ?? event.data.seconds ?? event.time - line.began;
    line.removeAttribute("data-open");
    const times = event.data.count > 0 ? `× ${event.data.count} in` : "held";
    line.querySelector(".held").textContent = `${times} ${Number(duration).toFixed(1)} s`;
    this.open.delete(key);
  }

  forget(line) {
    for (const [key, open] of this.open) if (open === line) this.open.delete(key);
    line.remove();
  }

  clear() {
    this.root.replaceChildren();
    this.open.clear();
    this.count();
  }

  count() {
    const lines = this.root.children.length;
    byId("count").textContent = lines || "";
    byId("clear").hidden = lines === 0;
    byId("no-events").hidden = lines > 0;
  }
}

// What the event itself calls what happened.
function named({ data }) {
  const name = NAMES.find((key) => typeof data[key] === "string" && data[key] !== "");
  return name && words(data[name]);
}

const title = (event) => named(event) ?? words(event.kind);

function detail({ data }) {
  if (typeof data.count === "number") return `× ${data.count}`;
  if (typeof data.by === "string") return `by ${words(data.by).toLowerCase()}`;
  if (typeof data.side === "string") return data.side;
  return "";
}
