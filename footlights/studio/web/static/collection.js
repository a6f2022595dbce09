// The examples of one label after the other: buttons of the labels, thumbnails, delete with undo.

import { byId, element, plural } from "./dom.js";
import { ask, at, complain, say, thumb, tone } from "./studio.js";

const SHOWN = 48; // thumbnails at first

export class Collection {
  // facts of the project; what: ["picture", "pictures"]; more: labels besides the project's, [value, name]; onChoose()
  constructor(facts, { what, enough, more = [], onChoose = () => {} }) {
    Object.assign(this, { facts, what, enough, more, onChoose, items: [], shown: SHOWN, removals: 0 });
    this.label = facts.labels[0] ?? more[0]?.[0] ?? null;
    byId("undo").addEventListener("click", () => this.undo().catch(complain));
    byId("more").addEventListener("click", () => {
      this.shown += 4 * SHOWN;
      this.drawThumbs();
    });
    byId("add").addEventListener("submit", (event) => {
      event.preventDefault();
      this.addLabel(byId("new").value).catch(complain);
    });
  }

  async choose(label) {
    this.label = label;
    this.shown = SHOWN;
    this.drawLabels();
    this.items = label === null ? [] : (await ask(at(`/items?label=${encodeURIComponent(label)}`))).reverse();
    this.drawThumbs();
  }

  chooseNumber(number) {
    const label = [...this.facts.labels, ...this.more.map(([value]) => value)][number - 1];
    if (label !== undefined) this.choose(label).catch(complain);
  }

  async addLabel(name) {
    const made = await ask(at("/labels"), { json: { label: name } });
    byId("new").value = "";
    this.facts = await ask(at(""));
    await this.choose(made.label);
  }

  took(item) {
    this.items.unshift(item);
    this.facts.counts[this.label] = (this.facts.counts[this.label] ?? 0) + 1;
    this.drawLabels();
    this.drawThumbs(item);
  }

  async remove(item) {
    await ask(at("/remove"), { json: { paths: [item.path] } });
    this.removals += 1;
    this.items = this.items.filter((other) => other !== item);
    this.facts.counts[this.label] -= 1;
    this.drawLabels();
    this.drawThumbs();
    say("Deleted", { act: () => this.undo().catch(complain), does: "Undo" });
  }

  async undo() {
    if (this.removals === 0) return;
    const back = await ask(at("/undo"), { method: "POST" });
    this.removals -= 1;
    this.facts = await ask(at(""));
    if (back[0]) await this.choose(back[0].label);
  }

  drawLabels() {
    const rows = [...this.facts.labels.map((name, index) => [name, name, tone(index)]), ...this.more.map(([value, name]) => [value, name, "#b9acbd"])];
    byId("labels").replaceChildren(...rows.map(([value, name, colour], index) => {
      const button = element("button", { type: "button", "aria-pressed": String(value === this.label), "data-label": value, onclick: () => this.choose(value).catch(complain) },
        element("span", { class: "swatch" }), element("span", { class: "name" }, name), element("b", {}, String(this.facts.counts[value] ?? "")), index < 9 ? element("kbd", {}, String(index + 1)) : null);
      button.style.setProperty("--tone", colour);
      return button;
    }));
    byId("undo").disabled = this.removals === 0;
    this.onChoose();
  }

  drawThumbs(newest = null) {
    const many = this.what[1];
    const name = this.more.find(([value]) => value === this.label)?.[1];
    byId("taken-title").textContent = name ?? (this.label ? `${many.charAt(0).toUpperCase()}${many.slice(1)} of “${this.label}”` : many);
    byId("taken-help").textContent = this.label === null ? "Give the first label a name, at the right." : this.items.length ? plural(this.items.length, ...this.what) : this.enough;
    byId("thumbs").replaceChildren(...this.items.slice(0, this.shown).map((item) => thumb(item, () => this.remove(item).catch(complain), item === newest)));
    byId("more").hidden = this.items.length <= this.shown;
    byId("undo").disabled = this.removals === 0;
  }
}
