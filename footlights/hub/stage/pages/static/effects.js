// The effects of one cue: from how many answers on, and what then happens.

import { element, icon } from "./dom.js";

const ACTIONS = { // what a show may set off -> what is written for it
  play: "a film for the wall: lights.mp4",
  osc: "host:port/address",
  webhook: "https://…",
  mqtt: "mqtt://host/topic",
  key: "a key to press",
  open: "https://… opened on the stage's machine",
};

export class Effects {
  // onChange(list): the effects as show.yaml has them
  constructor(list, onChange) {
    this.list = list;
    this.onChange = onChange;
    this.shown = "";
    this.effects = [];
  }

  // What somebody writes just now stays as they write it.
  show(cue, effects) {
    const picture = JSON.stringify([cue, effects]);
    const writing = this.cue === cue && this.effects.length === effects.length && this.list.contains(document.activeElement);
    if (picture === this.shown || writing) return;
    [this.shown, this.cue, this.effects] = [picture, cue, structuredClone(effects)];
    this.list.replaceChildren(...this.effects.map((effect, index) => this.row(effect, index)));
  }

  changed() {
    this.onChange(structuredClone(this.effects));
  }

  // There are more of them, or fewer: all are written anew.
  again() {
    this.shown = "";
    document.activeElement?.blur();
    this.changed();
  }

  row(effect, index) {
    const set = (key, read = (text) => text) => (event) => {
      const value = read(event.target.value.trim());
      if (value === "" || Number.isNaN(value)) delete effect[key];
      else effect[key] = value;
      this.changed();
    };
    const away = () => {
      this.effects.splice(index, 1);
      this.again();
    };
    const seconds = (text) => (text === "" ? NaN : Number(text.replace(",", ".")));
    return element(
      "li", {},
      written("From", { value: effect.at ?? "", placeholder: "80 %", oninput: set("at") }),
      written("Name on the wall", { value: effect.name ?? "", maxlength: 80, oninput: set("name") }),
      written("Pause, s", { value: effect.cooldown ?? "", placeholder: "10", inputmode: "decimal", oninput: set("cooldown", seconds) }),
      button("trash", "Delete this effect", away),
      this.actions(effect),
    );
  }

  actions(effect) {
    const actions = pairs(effect.actions ?? {});
    const put = (again) => {
      effect.actions = {};
      for (const [flag, text] of actions) {
        effect.actions[flag] = flag in effect.actions ? [effect.actions[flag], text].flat() : text;
      }
      if (again) this.again();
      else this.changed();
    };
    const more = () => {
      actions.push(["osc", ""]);
      put(true);
    };
    const rows = actions.map((action, place) => row(action, put, () => {
      actions.splice(place, 1);
      put(true);
    }));
    const adding = element("button", { type: "button", class: "small quiet", onclick: more }, icon("plus"), "Add what happens");
    return element("div", { class: "actions" }, ...rows, adding);
  }
}

// One action: [flag, text], which it changes.
function row(action, put, away) {
  const options = Object.keys(ACTIONS).map((name) => element("option", { value: name, selected: name === action[0] }, name));
  const kind = element("select", { "aria-label": "What happens" }, ...options);
  kind.addEventListener("change", () => {
    action[0] = kind.value;
    put(true);
  });
  const words = element("input", { "aria-label": "Where, or what", value: action[1], placeholder: ACTIONS[action[0]] ?? "" });
  words.addEventListener("input", () => {
    action[1] = words.value;
    put(false);
  });
  return element("div", { class: "action" }, kind, words, button("close", "Delete this action", away));
}

const button = (picture, words, onclick) =>
  element("button", { type: "button", class: "small quiet", "aria-label": words, onclick }, icon(picture));
const written = (words, attributes) => element("label", {}, words, element("input", { autocomplete: "off", ...attributes }));
const pairs = (actions) => Object.entries(actions).flatMap(([flag, texts]) => [texts].flat().map((text) => [flag, text]));
