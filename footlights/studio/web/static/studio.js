// What every hand-written page of the studio shares: the server, the bar, words at the bottom, colours of labels.

import { byId, drawIcons, element, icon } from "./dom.js";

const TONES = ["#ffb65c", "#7fe3b4", "#9cc7ff", "#ff8fab", "#d7e36b", "#b98bff", "#3fd0e6", "#ff7a6b", "#f7d6a0", "#86c94a"];
const STEPS = [["", "Collect"], ["train", "Train"], ["results", "Results"], ["use", "Use"]];
const CLIP = /\.(mp4|webm|mov|mkv|m4v|ogv|avi)$/;
const STAYS = 5000; // milliseconds that words at the bottom stay

export const project = decodeURIComponent(location.pathname.split("/")[2] ?? "");
export const tone = (index) => TONES[index % TONES.length];
export const pageOf = (step = "") => `/p/${encodeURIComponent(project)}${step && `/${step}`}`;

const within = (path) => path.split("/").map(encodeURIComponent).join("/");
export const at = (path) => `/api/projects/${encodeURIComponent(project)}${path}`;
export const fileAt = (path, v, side) => at(`/files/${within(path)}?v=${v}${side ? `&side=${side}` : ""}`);
export const boxesAt = (path) => at(`/boxes/${within(path)}`);
export const pathAt = (what, path) => at(`/${what}/${within(path)}`);

// Asks the server; a refusal becomes an Error with the server's own line.
export async function ask(path, { method = "GET", json, body, headers = {} } = {}) {
  const request = { method, headers: { ...headers }, cache: "no-store", body };
  if (json !== undefined) {
    request.body = JSON.stringify(json);
    request.headers["content-type"] = "application/json";
    if (method === "GET") request.method = "POST";
  }
  let response;
  try {
    response = await fetch(path, request);
  } catch {
    throw new Error("the studio does not answer; is it still running?");
  }
  if (!response.ok) throw new Error(await reason(response));
  return response.status === 204 ? null : response.json();
}

export async function reason(response) {
  const text = await response.text();
  try {
    return JSON.parse(text).error ?? text;
  } catch {
    return text.trim() || `the studio answered ${response.status}`;
  }
}

export function upload(blob, { label = "", called = "", recording = "" }) {
  const query = new URLSearchParams({ label, called, recording });
  return ask(at(`/items?${query}`), { method: "POST", body: blob, headers: { "content-type": "application/octet-stream" } });
}

let toast = null;

// Words at the bottom for a while, with something to press where there is something to do.
export function say(text, { bad = false, act = null, does = "" } = {}) {
  toast?.remove();
  const mine = element("div", { class: bad ? "toast bad" : "toast", role: bad ? "alert" : "status" }, element("span", {}, text));
  if (act) mine.append(element("button", { class: "small", type: "button", onclick: () => { mine.remove(); act(); } }, icon("undo"), does));
  document.body.append(mine);
  toast = mine;
  setTimeout(() => mine.remove(), bad ? 2 * STAYS : STAYS);
}

export const complain = (error) => say(error.message, { bad: true });

// The bar on top, as on the pages of forms. `current`: the step that this page belongs to.
export async function openPage(current = "") {
  drawIcons();
  const facts = await ask(at(""));
  document.title = `${facts.title} · footlights studio`;
  byId("bar").replaceChildren(
    element("a", { class: "brand", href: "/" }, element("img", { src: "/static/icon.svg", alt: "", width: 30, height: 30 }), "footlights", element("small", {}, "studio")),
    element("div", { class: "whose" }, element("strong", {}, facts.title), element("span", { class: "kind", "data-kind": facts.kind }, facts.kind)),
    element("nav", { class: "steps", "aria-label": "Steps" }, ...STEPS.map(([step, name], index) =>
      element("a", { href: pageOf(step), "aria-current": step === current && "step" }, element("i", {}, String(index + 1)), name))),
  );
  return facts;
}

// The page can be used: whatever hears its buttons is in place. Until then <main> is inert, so that no click is lost.
export const unlock = () => { byId("main").inert = false; };

// A thumbnail of a file of the project, with a button that takes it away.
export function thumb(item, remove, isNew = false) {
  const shown = element("figure", { class: isNew ? "thumb new" : "thumb", "data-path": item.path });
  shown.append(element("img", { src: fileAt(item.path, item.v, 240), alt: "", loading: "lazy", decoding: "async" }));
  if (CLIP.test(item.path)) plays(shown, item);
  if (item.split === "valid") shown.append(element("span", { class: "side", title: "Kept to judge the model with" }, "valid"));
  if (remove) shown.append(element("button", { class: "remove", type: "button", "aria-label": `Delete ${item.path}`, onclick: () => remove(item) }, icon("trash")));
  return shown;
}

// A clip plays while the pointer is over it.
function plays(shown, item) {
  shown.addEventListener("pointerenter", () => {
    const video = element("video", { src: fileAt(item.path, item.v), loop: true, playsinline: true, "aria-hidden": "true" });
    video.muted = true;
    shown.querySelector("img").after(video);
    video.play().catch(() => video.remove()); // gone again already, or nothing that this browser plays
  });
  shown.addEventListener("pointerleave", () => shown.querySelector("video")?.remove());
}

// Keys that act unless somebody is writing. keys: {"a": act}
export function onKeys(keys) {
  addEventListener("keydown", (event) => {
    if (event.target.closest?.("input, select, textarea, [contenteditable]") && event.key !== "Escape") return;
    const name = `${event.ctrlKey || event.metaKey ? "ctrl+" : ""}${event.shiftKey && event.key.length > 1 ? "shift+" : ""}${event.key.length === 1 ? event.key.toLowerCase() : event.key}`;
    const act = keys[name] ?? (/^[1-9]$/.test(event.key) && !event.ctrlKey && !event.metaKey ? keys.digit : undefined);
    if (!act || event.altKey) return;
    event.preventDefault();
    act(event);
  });
}
