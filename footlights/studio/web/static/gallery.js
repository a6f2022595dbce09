// Parts of the page of forms that are drawn here: the thumbnails of a project, and the place where files are dropped.

import { element, icon, plural } from "./dom.js";
import { ask, at, complain, fileAt, project, say, thumb, tone, upload, pageOf } from "./studio.js";

const SHOWN = 60;
const AT_ONCE = 2; // files on the way

// <studio-gallery data-kind data-labels='["a", "b"]'>
class Gallery extends HTMLElement {
  connectedCallback() {
    this.kind = this.dataset.kind;
    this.label = null; // null: all
    this.shown = SHOWN;
    this.load().catch(complain);
    this.again = () => this.load().catch(complain);
    addEventListener("studio-items", this.again);
  }

  disconnectedCallback() {
    removeEventListener("studio-items", this.again);
  }

  get labels() {
    return JSON.parse(this.dataset.labels);
  }

  async load() {
    this.items = (await ask(at("/items"))).reverse();
    this.draw();
  }

  draw() {
    const recordings = this.items.filter(({ path }) => path.startsWith("recordings/"));
    const examples = this.items.filter(({ path }) => !path.startsWith("recordings/"));
    const tab = (value, name, count, colour) => {
      const button = element("button", { type: "button", "aria-pressed": String(value === this.label), onclick: () => { this.label = value; this.shown = SHOWN; this.draw(); } }, name, element("b", {}, String(count)));
      if (colour) button.style.setProperty("--tone", colour);
      return button;
    };
    const tabs = [tab(null, "All", examples.length)];
    if (this.kind !== "boxes") tabs.push(...this.labels.map((label, index) => tab(label, label, examples.filter((item) => item.label === label).length, tone(index))));
    if (this.kind === "clips") tabs.push(tab("", "Recordings", recordings.length));
    const list = this.label === "" ? recordings : examples.filter((item) => this.label === null || item.label === this.label);
    const rows = list.slice(0, this.shown).map((item) => this.figure(item));
    this.replaceChildren(
      element("div", { class: "tabs", role: "group", "aria-label": "What is shown" }, ...tabs),
      rows.length ? element("div", { class: "thumbs" }, ...rows) : element("div", { class: "blank" }, icon(this.kind === "clips" ? "file" : "camera"), this.label === null ? "Nothing here yet" : "Nothing of this yet"),
      list.length > this.shown ? element("button", { class: "small", type: "button", onclick: () => { this.shown += 4 * SHOWN; this.draw(); } }, `Show more of ${list.length}`) : "",
    );
  }

  figure(item) {
    const made = thumb(item, () => this.remove(item).catch(complain));
    made.title = item.path;
    const image = made.querySelector("img");
    const link = this.kind === "boxes" ? `${pageOf("draw")}#${encodeURIComponent(item.path)}` : item.path.startsWith("recordings/") ? `${pageOf("tag")}#${encodeURIComponent(item.path)}` : fileAt(item.path, item.v);
    const around = element("a", { href: link, target: link.startsWith("/api") && "_blank" });
    image.replaceWith(around);
    around.append(image);
    if (item.label) made.append(this.relabel(item));
    return made;
  }

  // Another label for a file that lies under the wrong one.
  relabel(item) {
    const move = ({ target }) => ask(at("/move"), { json: { paths: [item.path], label: target.value } }).then(() => this.changed()).catch(complain);
    const options = this.labels.map((label) => element("option", { value: label, selected: label === item.label }, label));
    return element("select", { class: "relabel", "aria-label": `Label of ${item.path}`, onchange: move }, ...options);
  }

  async remove(item) {
    await ask(at("/remove"), { json: { paths: [item.path] } });
    await this.changed();
    say("Deleted", { does: "Undo", act: () => ask(at("/undo"), { method: "POST" }).then(() => this.changed()).catch(complain) });
  }

  async changed() {
    await this.load();
    this.dispatchEvent(new CustomEvent("changed"));
  }
}

// <studio-import data-kind data-labels>
class Import extends HTMLElement {
  connectedCallback() {
    const clips = this.dataset.kind === "clips";
    const labels = JSON.parse(this.dataset.labels);
    const options = labels.map((label) => element("option", { value: label }, label));
    if (clips) options.push(element("option", { value: "" }, "a recording, cut later"));
    this.choice = element("select", { "aria-label": "Label of the files" }, ...options);
    this.bar = element("progress", { max: 1, value: 0, hidden: true });
    this.told = element("p", { class: "help", role: "status" }, clips ? "MP4, WebM, MOV, MKV, AVI, Ogg; up to 1 GB each" : "JPEG, PNG, WebP, BMP, TIFF; up to 32 MB each");
    this.refused = element("ul", {});
    const input = element("input", { type: "file", multiple: true, accept: clips ? "video/*" : "image/*", onchange: () => this.take([...input.files]) });
    const drop = element("div", { class: "drop" },
      element("p", {}, `Drop ${clips ? "videos" : "pictures"} here, or`),
      element("label", { class: "button small" }, "Choose files", input),
      this.dataset.kind === "boxes" ? "" : element("label", { class: "field" }, "They all show", this.choice),
      this.bar, this.told, this.refused);
    drop.addEventListener("dragover", (event) => { event.preventDefault(); drop.classList.add("over"); });
    drop.addEventListener("dragleave", () => drop.classList.remove("over"));
    drop.addEventListener("drop", (event) => {
      event.preventDefault();
      drop.classList.remove("over");
      this.take([...event.dataTransfer.files]);
    });
    this.replaceChildren(drop);
  }

  async take(files) {
    if (files.length === 0 || this.busy) return;
    this.busy = true;
    this.refused.replaceChildren();
    const label = this.dataset.kind === "boxes" ? "" : this.choice.value;
    const waiting = [...files];
    let done = 0;
    let good = 0;
    const work = async () => {
      for (let file = waiting.shift(); file; file = waiting.shift()) {
        try {
          if (file.size > Number(this.dataset.most)) throw new Error(`${file.name} is too large`);
          await upload(file, { label, called: file.name });
          good += 1;
        } catch (error) {
          if (this.refused.children.length < 8) this.refused.append(element("li", {}, error.message));
        }
        done += 1;
        this.bar.value = done / files.length;
        this.told.textContent = `${done} of ${files.length}`;
      }
    };
    this.bar.hidden = false;
    await Promise.all(Array.from({ length: AT_ONCE }, work));
    this.bar.hidden = true;
    this.busy = false;
    this.told.textContent = `${plural(good, "file", "files")} taken in${good < files.length ? `, ${files.length - good} refused` : ""}`;
    dispatchEvent(new CustomEvent("studio-items"));
    this.dispatchEvent(new CustomEvent("changed"));
  }
}

if (project) {
  customElements.define("studio-gallery", Gallery);
  customElements.define("studio-import", Import);
}
