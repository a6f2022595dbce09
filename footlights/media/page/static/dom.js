// Elements, without ever reading text as markup.

const SVG = "http://www.w3.org/2000/svg";

const PATHS = {
  alarm: "M12 4a6 6 0 0 1 6 6v4l2 3H4l2-3v-4a6 6 0 0 1 6-6zM10 20h4",
  camera: "M4 8h3l2-3h6l2 3h3v11H4zM12 16.5a3.5 3.5 0 1 0 0-7 3.5 3.5 0 0 0 0 7z",
  check: "M5 12.5l4.5 4.5L19 7.5",
  close: "M6 6l12 12M18 6L6 18",
  copy: "M9 9h11v11H9zM5 15H4V4h11v1",
  cut: "M8.6 8.6L20 18M8.6 15.4L20 6M6.5 9a2.5 2.5 0 1 0 0-5 2.5 2.5 0 0 0 0 5zM6.5 20a2.5 2.5 0 1 0 0-5 2.5 2.5 0 0 0 0 5z",
  draw: "M4 18l5-12 11 5-4 9zM9 6v.01M20 11v.01M16 20v.01M4 18v.01",
  exercise: "M3 12h18M6 7v10M18 7v10M3 9.5v5M21 9.5v5",
  face: "M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18zM9 10v.01M15 10v.01M8.5 14.5c2 2 5 2 7 0",
  file: "M4 5h16v14H4zM8 5v14M16 5v14M4 9.7h4M4 14.3h4M16 9.7h4M16 14.3h4",
  flip: "M4 9a8 8 0 0 1 14-3l2 2M20 4v4h-4M20 15a8 8 0 0 1-14 3l-2-2M4 20v-4h4",
  full: "M4 9V4h5M15 4h5v5M20 15v5h-5M9 20H4v-5",
  gesture: "M12 8.5a2.5 2.5 0 1 0 0-5 2.5 2.5 0 0 0 0 5zM5 5l7 6.5L19 5M12 11.5v4M9 21l3-5.5 3 5.5",
  gear: "M12 15.2a3.2 3.2 0 1 0 0-6.4 3.2 3.2 0 0 0 0 6.4zM12 3v3M12 18v3M3 12h3M18 12h3M5.6 5.6l2.2 2.2M16.2 16.2l2.2 2.2M18.4 5.6l-2.2 2.2M7.8 16.2l-2.2 2.2",
  help: "M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18zM9.4 9.5a2.7 2.7 0 1 1 3.9 2.4c-.9.4-1.3 1-1.3 1.9M12 16.8v.01",
  left: "M14.5 5.5L8 12l6.5 6.5",
  link: "M14 5h5v5M19 5l-9 9M17 14v5H5V7h5",
  muted: "M4 10v4h4l5 4V6L8 10zM17 10l4 4M21 10l-4 4",
  network: "M12 20v-5M5 9a10 10 0 0 1 14 0M8 12.2a5.6 5.6 0 0 1 8 0M12 15v.01",
  person: "M12 11a3.5 3.5 0 1 0 0-7 3.5 3.5 0 0 0 0 7zM5 20c.6-4 3.2-6 7-6s6.4 2 7 6",
  phone: "M8 3h8a1 1 0 0 1 1 1v16a1 1 0 0 1-1 1H8a1 1 0 0 1-1-1V4a1 1 0 0 1 1-1zM11 18h2",
  pause: "M8 5.5v13M16 5.5v13",
  play: "M8 5.5v13l10.5-6.5z",
  plus: "M12 5v14M5 12h14",
  record: "M12 18a6 6 0 1 0 0-12 6 6 0 0 0 0 12z",
  redo: "M15 5l5 5-5 5M20 10H10a5.5 5.5 0 0 0 0 11h3",
  rehearsal: "M12 8a2.5 2.5 0 1 0 0-5 2.5 2.5 0 0 0 0 5zM12 8v7M6 11h12M12 15l-4 6M12 15l4 6",
  right: "M9.5 5.5L16 12l-6.5 6.5",
  shrink: "M9 4v5H4M20 9h-5V4M15 20v-5h5M4 15h5v5",
  sound: "M4 10v4h4l5 4V6L8 10zM16.5 9a4.5 4.5 0 0 1 0 6M19 6.5a8 8 0 0 1 0 11",
  sources: "M4 7h10M18 7h2M4 17h2M10 17h10M16 9.2a2.2 2.2 0 1 0 0-4.4 2.2 2.2 0 0 0 0 4.4zM8 19.2a2.2 2.2 0 1 0 0-4.4 2.2 2.2 0 0 0 0 4.4z",
  spark: "M12 3l1.9 6.1L20 11l-6.1 1.9L12 19l-1.9-6.1L4 11l6.1-1.9z",
  stop: "M7 7h10v10H7z",
  tag: "M4 4h8l8 8-8 8-8-8zM8.5 8.5v.01",
  trash: "M5 7h14M10 7V4h4v3M7 7l1 13h8l1-13M10.5 11v5M13.5 11v5",
  undo: "M9 5L4 10l5 5M4 10h10a5.5 5.5 0 0 1 0 11h-3",
};

export const byId = (id) => document.getElementById(id);

export function icon(name) {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("class", "icon");
  svg.setAttribute("aria-hidden", "true");
  const path = document.createElementNS(SVG, "path");
  path.setAttribute("d", PATHS[name] ?? PATHS.spark);
  svg.append(path);
  return svg;
}

// element("button", {class: "quiet", type: "button", onclick}, icon("close"), "Close")
export function element(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) made.addEventListener(name.slice(2), value);
    else if (value === true) made.setAttribute(name, "");
    else if (value !== false && value != null) made.setAttribute(name, value);
  }
  made.append(...children.filter((child) => child != null));
  return made;
}

// shape("circle", {r: 5})
export function shape(tag, attributes = {}) {
  const made = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  return made;
}

// Gives every element that names an icon its icon.
export function drawIcons() {
  for (const place of document.querySelectorAll("[data-icon]")) place.prepend(icon(place.dataset.icon));
}

let colours = ["currentColor"]; // of people, as in the pictures

export function usePersonColours(list) {
  colours = list;
}

// A dot in the colour by which one person is known everywhere.
export function person(track) {
  const dot = element("i", { "aria-hidden": "true" });
  dot.style.setProperty("--person", colours[track % colours.length]);
  return dot;
}

// Media time: 75.42 -> "1:15.4"
export function clock(seconds) {
  if (!Number.isFinite(seconds)) return "";
  const tenths = Math.max(0, Math.floor(seconds * 10 + 1e-6));
  const minutes = Math.floor(tenths / 600);
  return `${minutes}:${String(Math.floor((tenths % 600) / 10)).padStart(2, "0")}.${tenths % 10}`;
}

// "x_arms" -> "X arms"
export function words(name) {
  const text = String(name).replaceAll(/[._-]+/g, " ").trim();
  return text.charAt(0).toUpperCase() + text.slice(1);
}

export const plural = (count, one, many) => `${count} ${count === 1 ? one : many}`;
