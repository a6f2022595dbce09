// The sources: what there is, one more, one less.

import { byId, element, icon } from "./dom.js";

const EXAMPLES = [
  { label: "Camera 0", url: "0", icon: "camera", now: true },
  { label: "Rehearsal: crossed arms", url: "rehearsal:x_arms", icon: "rehearsal", now: true },
  { label: "A file", url: "film.mp4", icon: "file" },
  { label: "A network camera", url: "rtsp://user:password@10.0.0.21/stream1", icon: "network" },
];
const STATES = { connecting: "connecting", running: "live", retrying: "trying again", ended: "ended", failed: "failed" };

export class Sources {
  constructor() {
    this.dialog = byId("sources");
    this.fixed = false;
    this.asked = 0; // how often
    byId("sources-open").addEventListener("click", () => this.open());
    byId("sources-close").addEventListener("click", () => this.dialog.close());
    this.dialog.addEventListener("click", (event) => event.target === this.dialog && this.dialog.close());
    byId("add").addEventListener("submit", (event) => {
      event.preventDefault();
      this.add(byId("url").value);
    });
    byId("examples").append(...EXAMPLES.map((example) => this.example(example)));
  }

  example(example) {
    const use = () => {
      byId("url").value = example.url;
      byId("url").focus();
      if (!example.now) byId("url").select();
    };
    return element("button", { class: "small", type: "button", onclick: use }, icon(example.icon), example.label);
  }

  // What an empty stage offers: the sources that need nothing to be typed.
  offers() {
    const own = element("a", { class: "button primary", href: "/camera" }, icon("phone"), "Use this device's camera");
    if (this.fixed) return [];
    const made = EXAMPLES.filter(({ now }) => now).map((example) =>
      element("button", { type: "button", onclick: () => this.add(example.url) }, icon(example.icon), example.label),
    );
    return [own, ...made];
  }

  open() {
    this.problem("");
    this.dialog.showModal();
    this.refresh();
    if (!this.fixed) byId("url").focus();
  }

  async refresh() {
    this.asked += 1;
    const { asked } = this;
    const answer = await ask("/api/sources");
    if (asked !== this.asked) return undefined; // a newer question is on its way
    if (answer.error) return this.problem(answer.error);
    this.fixed = answer.fixed;
    byId("add").hidden = answer.fixed;
    byId("fixed").hidden = !answer.fixed;
    byId("source-list").replaceChildren(...answer.sources.map((source) => this.line(source)));
    return answer;
  }

  line(source) {
    const remove = element(
      "button",
      { class: "quiet", type: "button", "aria-label": `Remove ${source.name}`, title: "Remove", onclick: () => this.remove(source.name) },
      icon("trash"),
    );
    const words = element("div", {}, element("strong", {}, source.name), element("code", {}, source.url));
    if (source.message) words.append(element("p", { class: "help" }, source.message));
    const state = element("span", { class: "chip" }, STATES[source.state] ?? source.state);
    return element("li", { "data-state": source.state, "data-source": source.name }, icon(kind(source.url)), words, state, remove);
  }

  async add(url) {
    this.problem("");
    if (!url.trim()) return this.problem("Write an address first: a camera's number, a file, rtsp://… or rehearsal:x_arms");
    const answer = await ask("/api/sources", { method: "POST", body: JSON.stringify({ url }) });
    if (answer.error) {
      if (!this.dialog.open) this.open();
      byId("url").value = url;
      return this.problem(answer.error);
    }
    if (byId("url").value === url) byId("url").value = ""; // unless the next one is being written
    return this.refresh();
  }

  async remove(name) {
    this.problem("");
    const answer = await ask(`/api/sources/${name.split("/").map(encodeURIComponent).join("/")}`, { method: "DELETE" });
    await this.refresh();
    if (answer.error) this.problem(answer.error);
  }

  problem(text) {
    byId("add-problem").textContent = text;
    byId("url").setAttribute("aria-invalid", String(text !== ""));
  }
}

function kind(url) {
  if (/^\d+$|^\/dev\//.test(url)) return "camera";
  if (url.startsWith("rehearsal:")) return "rehearsal";
  if (url.startsWith("browser:")) return "phone";
  return /^[a-z]+:\/\//.test(url) && !url.startsWith("file:") ? "network" : "file";
}

export async function ask(path, options = {}) {
  try {
    const answer = await fetch(path, { ...options, headers: { "Content-Type": "application/json" }, cache: "no-store" });
    return answer.status === 204 ? {} : await answer.json();
  } catch {
    return { error: "footlights does not answer; is it still running?" };
  }
}
