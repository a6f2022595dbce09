// The exhibition: left the raw picture, right the result, below a card for each face and the mood of the crowd.

import { Deck } from "./cards.js";
import { byId, element, words } from "./dom.js";
import { Mood } from "./mood.js";
import { LivePicture, LiveView } from "./pictures.js";
import { ask } from "./sources.js";

export class Exhibition {
  // notice(text): says something to whoever stands there
  constructor(notice) {
    this.notice = notice;
    this.deck = new Deck();
    this.mood = new Mood(this.deck.pictures);
    this.names = [];
    this.stream = null; // the one that is shown
    this.views = [];
    this.choices = [];
    this.raw = false;
    byId("help-open").addEventListener("click", () => this.toggleHelp());
    byId("paused").addEventListener("click", () => this.pause(false));
    document.addEventListener("visibilitychange", () => this.look());
  }

  // Called when the server has said hello. raw: true where the raw picture may be seen
  async greet(raw) {
    this.raw = raw;
    byId("raw").hidden = !raw;
    if (this.stream !== null) this.select(this.stream);
    const answer = await ask("/api/choice");
    if (!answer.error) this.choice(answer);
  }

  streams(list) {
    this.names = list.filter(({ picture }) => picture).map(({ stream }) => stream);
    byId("empty").hidden = this.names.length > 0;
    document.body.classList.toggle("vacant", this.names.length === 0);
    if (!this.names.includes(this.stream)) this.select(this.names[0] ?? null);
    byId("streams").hidden = this.names.length < 2;
    byId("streams").replaceChildren(...this.names.map((name) => this.streamButton(name)));
  }

  streamButton(name) {
    const pressed = String(name === this.stream);
    return element("button", { class: "small", type: "button", "aria-pressed": pressed, onclick: () => this.select(name) }, name);
  }

  select(stream) {
    for (const view of this.views) view.stop();
    this.stream = stream;
    this.deck.clear();
    this.mood.select(stream);
    this.views = stream === null ? [] : this.newViews(stream);
    for (const button of byId("streams").children) button.setAttribute("aria-pressed", String(button.textContent === stream));
    this.look();
  }

  newViews(stream) {
    const sized = (ratio) => byId("panes").style.setProperty("--ratio", ratio.toFixed(4));
    const views = [
      new LivePicture(stream, byId("result").firstElementChild, sized),
      new LiveView(stream, "/cards", (blob) => blob.text(), (text) => this.deck.show(JSON.parse(text).cards)),
    ];
    if (this.raw) views.push(new LivePicture(stream, byId("raw").firstElementChild, sized, "/raw"));
    return views;
  }

  // Asks for pictures only while they can be seen.
  look() {
    const seen = !document.hidden && !this.covered && !this.paused;
    for (const view of this.views) if (seen) view.start(); else view.stop();
  }

  cover(covered) {
    this.covered = covered;
    this.look();
  }

  dim(dark) {
    byId("panes").classList.toggle("dark", dark);
  }

  pause(paused) {
    this.paused = paused;
    byId("paused").hidden = !paused;
    this.look();
  }

  toggleHelp() {
    const help = byId("help");
    help.hidden = !help.hidden;
    byId("help-open").setAttribute("aria-expanded", String(!help.hidden));
  }

  key({ key }) {
    if (key.toLowerCase() === "h") this.toggleHelp();
    if (key === "Escape") this.leave();
    const name = /^[1-9]$/.test(key) ? this.choices[Number(key) - 1] : undefined;
    if (name !== undefined) this.choose(name);
  }

  // What Escape means: away with the help, out of full screen, or an intermission.
  leave() {
    if (!byId("help").hidden) this.toggleHelp();
    else if (document.fullscreenElement) document.exitFullscreen();
    else this.pause(!this.paused);
  }

  async choose(name) {
    const answer = await ask("/api/choice", { method: "POST", body: JSON.stringify({ name }) });
    if (answer.error) this.notice(answer.error);
    else this.choice(answer);
  }

  choice({ chosen, choices }) {
    this.choices = choices;
    byId("choose").hidden = choices.length === 0;
    const lines = choices.map((name, place) => {
      const pressed = String(name === chosen);
      const button = element("button", { type: "button", "aria-pressed": pressed, onclick: () => this.choose(name) }, element("kbd", {}, place + 1), words(name));
      return element("li", {}, button);
    });
    byId("choices").replaceChildren(...lines);
  }
}
