// Zones and lines of the picture, as the settings write them: "door: 0.1,0.2 0.5,0.2 0.5,0.9". Two points are a line.

export function read(text) {
  const colon = text.indexOf(":");
  const points = text.slice(colon + 1).trim().split(/\s+/).map((point) => point.split(",").map(Number));
  return { name: text.slice(0, colon).trim(), points };
}

export const write = ({ name, points }) => `${name}: ${points.map((point) => point.map(share).join(",")).join(" ")}`;

export const isLine = ({ points }) => points.length === 2;

// "zone-1", "zone-2" and so on, whatever is free.
export function freeName(kind, places) {
  const taken = new Set(places.map(({ name }) => name));
  let number = 1;
  while (taken.has(`${kind}-${number}`)) number += 1;
  return `${kind}-${number}`;
}

// As names are written: "Main door" -> "main-door"
export const asName = (text) => text.trim().toLowerCase().replaceAll(/[^a-z0-9_-]+/g, "-").replaceAll(/^[-_]+|-+$/g, "");

// The alerts that name a place, with its new name.
export function renamed(alerts, from, to) {
  return alerts.map((alert) => alert.replace(new RegExp(`( (?:in|outside|crosses) )${from}(?= |$)`), `$1${to}`));
}

// The arrow that says where "inwards" is: from left to right, seen along the line. Points are pixels.
export function arrow([[ax, ay], [bx, by]], length) {
  const along = Math.hypot(bx - ax, by - ay) || 1;
  const [x, y] = [(ax + bx) / 2, (ay + by) / 2];
  const [right, down] = [-(by - ay) / along, (bx - ax) / along];
  const tip = [x + right * length, y + down * length];
  const wing = (side) => [tip[0] - (right + side * down) * 0.3 * length, tip[1] - (down - side * right) * 0.3 * length];
  return `M${x},${y}L${tip}M${wing(1)}L${tip}L${wing(-1)}`;
}

function share(value) {
  return Number(Math.min(1, Math.max(0, value)).toFixed(4));
}
