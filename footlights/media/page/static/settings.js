// The settings of the app: a form made from what the app says about them. Each change is made at once, or not at all.

import { byId, element, icon, words } from "./dom.js";
import { ask } from "./sources.js";

const LONGEST = 220; // characters of a problem

export class SettingsPanel {
  // notice(text): says something to whoever looks
  constructor(notice) {
    this.notice = notice;
    this.fields = [];
    this.values = {};
    this.file = "";
    this.listeners = [];
    this.rows = new Map(); // name -> {row, problem}
    this.opener = element("button", { type: "button", id: "settings-open", "aria-haspopup": "dialog", hidden: true, onclick: () => this.open() }, icon("gear"), "Settings");
    byId("sources-open").after(this.opener);
    this.list = element("div", { class: "settings" });
    this.foot = element("div", { class: "settings-foot" });
    const close = element("button", { class: "quiet", type: "button", "aria-label": "Close", onclick: () => this.dialog.close() }, icon("close"));
    const head = element("div", { class: "panel-head" }, element("h2", { id: "settings-title" }, "Settings"), close);
    const note = element("p", { class: "help" }, document.body.dataset.layout === "wall" ? "A change counts at once; everything else goes on." : "A change counts at once. Pictures and recordings go on; the app begins anew, and with it what it counts.");
    this.dialog = element("dialog", { class: "panel", id: "settings", "aria-labelledby": "settings-title" }, head, note, this.list, this.foot);
    this.dialog.addEventListener("click", (event) => event.target === this.dialog && this.dialog.close());
    document.body.append(this.dialog);
  }

  async load() {
    const answer = await ask("/api/settings");
    if (!answer.error) this.take(answer);
  }

  take({ fields, values, file }) {
    const same = JSON.stringify(fields) === JSON.stringify(this.fields);
    Object.assign(this, { fields, values, file });
    this.opener.hidden = fields.length === 0;
    if (!same) this.build();
    for (const field of fields) this.show(field);
    this.footer();
    for (const listener of this.listeners) listener();
  }

  has(name) {
    return this.fields.some((field) => field.name === name && !field.fixed);
  }

  field(name) {
    return this.fields.find((field) => field.name === name);
  }

  // What is wrong with the values, in one line; empty where they count now.
  async change(values) {
    const answer = await ask("/api/settings", { method: "POST", body: JSON.stringify({ values }) });
    if (answer.error) return brief(answer.error);
    this.take(answer);
    this.unsaved = true;
    this.footer();
    return "";
  }

  open() {
    this.dialog.showModal();
    this.load();
  }

  // ---- the form ----

  build() {
    this.rows.clear();
    this.list.replaceChildren(...this.fields.map((field) => this.row(field)));
  }

  row(field) {
    const id = `setting-${field.name}`;
    const problem = element("p", { class: "problem", role: "alert", id: `${id}-problem` });
    const place = element("div", { class: "setting-value" });
    const unit = field.unit ? element("span", { class: "unit" }, ` ${field.unit}`) : null;
    const label = element(isList(field) ? "h3" : "label", isList(field) ? { id } : { for: id }, words(field.name), unit);
    const reset = element("button", { class: "quiet small reset", type: "button", "aria-label": `${words(field.name)} as it comes`, title: "As it comes", onclick: () => this.set(field, field.default) }, icon("undo"));
    const help = element("p", { class: "help" }, field.fixed ? `${field.help} It ${field.fixed}.` : field.help);
    const row = element("div", { class: "setting", "data-setting": field.name }, label, reset, place, help, problem);
    if (field.suggestions.length > 0) row.append(element("datalist", { id: `${id}-words` }, ...field.suggestions.map((word) => element("option", { value: word }))));
    this.rows.set(field.name, { row, place, problem, reset });
    return row;
  }

  // Puts the value into its row, unless somebody is writing there.
  show(field) {
    const { row, place, reset, problem } = this.rows.get(field.name);
    const value = this.values[field.name];
    reset.hidden = Boolean(field.fixed) || JSON.stringify(value) === JSON.stringify(field.default);
    const told = JSON.stringify(value);
    if (row.dataset.shown === told && place.children.length > 0) return;
    const focused = place.contains(document.activeElement);
    row.dataset.shown = told;
    problem.textContent = "";
    place.replaceChildren(...(isList(field) ? this.entries(field, value ?? []) : this.input(field, value)));
    if (focused) place.querySelector("input:last-of-type, select")?.focus({ preventScroll: true });
  }

  input(field, value) {
    const shared = { id: `setting-${field.name}`, disabled: Boolean(field.fixed), "aria-describedby": `setting-${field.name}-problem` };
    const set = (made) => this.set(field, made);
    if (field.type === "bool") return [element("input", { ...shared, type: "checkbox", role: "switch", checked: value, onchange: ({ target }) => set(target.checked) })];
    if (field.choices.length > 0) {
      const options = field.choices.map((choice) => element("option", { value: choice, selected: choice === value }, words(choice)));
      if (field.optional) options.unshift(element("option", { value: "none", selected: value === null }, "None"));
      return [element("select", { ...shared, onchange: ({ target }) => set(target.value) }, ...options)];
    }
    const number = /^(int|float)$/.test(field.type);
    const kind = number ? { type: "number", min: field.min, max: field.max, step: field.type === "int" ? 1 : "any", inputmode: field.type === "int" ? "numeric" : "decimal" } : { type: "text", list: `setting-${field.name}-words`, spellcheck: "false", autocapitalize: "off" };
    const change = ({ target }) => set(target.value === "" && field.optional ? null : target.value);
    const written = element("input", { ...shared, ...kind, autocomplete: "off", value: value ?? "", placeholder: field.optional ? "none" : "", onchange: change });
    if (field.type !== "float" || field.min == null || field.max == null || field.fixed) return [written];
    const slide = { type: "range", min: field.min, max: field.max, step: (field.max - field.min) / 100, value: value ?? field.min, "aria-label": words(field.name) };
    return [element("input", { ...slide, oninput: ({ target }) => (written.value = rounded(target.value)), onchange: ({ target }) => set(rounded(target.value)) }), written];
  }

  entries(field, value) {
    const without = (index) => value.filter((_, place) => place !== index);
    const chips = value.map((entry, index) => {
      const drop = element("button", { class: "quiet", type: "button", "aria-label": `Remove ${entry}`, onclick: () => this.set(field, without(index)) }, icon("close"));
      return element("li", {}, element("span", { title: entry }, entry), field.fixed ? null : drop);
    });
    const list = element("ul", { class: "entries", "aria-labelledby": `setting-${field.name}` }, ...chips);
    if (field.fixed) return [list];
    if (field.choices.length > 0) {
      const free = field.choices.filter((choice) => !value.includes(choice));
      return [list, element("select", { "aria-label": `Add to ${words(field.name)}`, onchange: ({ target }) => this.set(field, [...value, target.value]) }, element("option", { value: "" }, "Add …"), ...free.map((choice) => element("option", { value: choice }, words(choice))))];
    }
    const add = ({ target }) => target.value.trim() && this.set(field, [...value, target.value.trim()]);
    const input = element("input", { type: "text", list: `setting-${field.name}-words`, placeholder: "Add …", autocomplete: "off", spellcheck: "false", autocapitalize: "off", "aria-label": `Add to ${words(field.name)}`, onchange: add });
    return [list, input];
  }

  async set(field, value) {
    const { row, problem } = this.rows.get(field.name);
    problem.textContent = "";
    row.classList.add("changing");
    const wrong = await this.change({ [field.name]: value });
    row.classList.remove("changing");
    problem.textContent = wrong;
    row.querySelector("input, select")?.setAttribute("aria-invalid", String(wrong !== ""));
    if (wrong && field.type === "bool") row.querySelector("input").checked = this.values[field.name];
  }

  // ---- keeping them ----

  footer() {
    const download = element("a", { class: "button", href: "/api/settings.yaml", download: "footlights.yaml" }, icon("file"), "Download as YAML");
    const save = element("button", { class: "primary", type: "button", onclick: () => this.save() }, this.file ? `Save into ${this.file}` : "");
    const said = this.file ? (this.unsaved ? "Until it is saved, a change lasts as long as footlights runs." : "") : "A change lasts as long as footlights runs. With the file, it comes back: footlights run APP --config footlights.yaml";
    this.foot.replaceChildren(this.file ? save : download, element("p", { class: "help", role: "status" }, said));
  }

  async save() {
    const answer = await ask("/api/settings/save", { method: "POST", body: "{}" });
    this.unsaved = Boolean(answer.error);
    this.footer();
    const line = this.foot.querySelector(".help");
    line.className = answer.error ? "problem" : "help";
    line.textContent = answer.error || `Saved into ${this.file}.`;
  }
}

// A list of all that would have been right may be long.
const brief = (problem) => (problem.length > LONGEST ? `${problem.slice(0, LONGEST).replace(/,[^,]*$/, "")} …` : problem);

const isList = ({ type }) => type.startsWith("list of");

const rounded = (text) => Number(Number(text).toPrecision(3));
