// A map of devices, drawn here: <fleet-map src="…json">, on the earth with its lines of degrees, or on a picture
// (picture, width, height). Drag moves the map, the wheel zooms; where it is editable, dots are dragged to their place.

const SVG = "http://www.w3.org/2000/svg";
const EVERY = 5000; // milliseconds between two looks
const STEPS = [45, 30, 15, 10, 5, 2, 1, 0.5, 0.2, 0.1, 0.05, 0.02, 0.01, 0.005, 0.002, 0.001];
const NEAREST = 0.02; // degrees that are seen at least when everything is to fit
const MARGIN = 60; // pixels around what is to fit

class FleetMap extends HTMLElement {
  connectedCallback() {
    this.area = shape("svg", { role: "img", "aria-label": "map of the devices" });
    this.back = shape("g", {});
    this.dots = shape("g", {});
    this.area.append(this.back, this.dots);
    this.tray = document.createElement("div");
    this.tray.className = "tray";
    this.replaceChildren(this.area, this.tray, this.buttons());
    this.devices = [];
    this.chosen = null; // a device of the tray that the next press on the map places
    this.view = null; // {x, y: what is in the middle, scale: pixels of a unit}
    this.listen();
    this.watch = new ResizeObserver(() => this.draw());
    this.watch.observe(this.area);
    this.timer = setInterval(() => document.hidden || this.load(), EVERY);
    this.load();
  }

  disconnectedCallback() {
    clearInterval(this.timer);
    this.watch.disconnect();
  }

  // Names that are no attributes: where there is a property of an attribute's name, frameworks set that instead.
  get mayPlace() {
    return this.hasAttribute("editable");
  }

  get onPlan() {
    return this.getAttribute("picture");
  }

  // ---- what is known

  async load() {
    const answer = await fetch(this.getAttribute("src")).catch(() => null);
    if (!answer?.ok || this.dragged) return;
    const text = await answer.text();
    if (text === this.text) return;
    this.text = text;
    this.devices = JSON.parse(text);
    if (!this.view) this.fit();
    this.draw();
  }

  // Where a device is in the plane: degrees squeezed as they are at the middle latitude, or pixels of the picture.
  plane([x, y]) {
    return this.onPlan ? [x * this.getAttribute("width"), y * this.getAttribute("height")] : [x * this.squeeze, -y];
  }

  place([x, y]) {
    const inside = (value, most, least = -most) => Math.min(most, Math.max(least, value));
    if (this.onPlan) return [inside(x / this.getAttribute("width"), 1, 0), inside(y / this.getAttribute("height"), 1, 0)];
    return [inside(x / this.squeeze, 180), inside(-y, 90)];
  }

  fit() {
    const placed = this.devices.filter(({ at }) => at).map(({ at }) => at);
    const latitudes = placed.map(([, y]) => y);
    const middle = placed.length ? (Math.min(...latitudes) + Math.max(...latitudes)) / 2 : 0;
    this.squeeze = Math.max(0.2, Math.cos((middle * Math.PI) / 180));
    const points = this.onPlan ? [[0, 0], [1, 1]] : placed.length ? placed : [[-180, -60], [180, 75]];
    const planar = points.map((point) => this.plane(point));
    const [left, right] = range(planar.map(([x]) => x));
    const [top, bottom] = range(planar.map(([, y]) => y));
    const { clientWidth: width, clientHeight: height } = this.area;
    const margin = this.onPlan ? 8 : MARGIN;
    const least = this.onPlan ? 1 : NEAREST;
    const scale = Math.min((width - 2 * margin) / Math.max(right - left, least), (height - 2 * margin) / Math.max(bottom - top, least));
    this.view = { x: (left + right) / 2, y: (top + bottom) / 2, scale: Math.max(scale, 1e-3) };
  }

  // ---- between the plane and the screen

  screen([x, y]) {
    const { view, area } = this;
    return [(x - view.x) * view.scale + area.clientWidth / 2, (y - view.y) * view.scale + area.clientHeight / 2];
  }

  under(event) {
    const { view, area } = this;
    const box = area.getBoundingClientRect();
    return [
      (event.clientX - box.left - area.clientWidth / 2) / view.scale + view.x,
      (event.clientY - box.top - area.clientHeight / 2) / view.scale + view.y,
    ];
  }

  zoom(factor, [x, y] = [this.view.x, this.view.y]) {
    const { view } = this;
    view.x = x + (view.x - x) / factor;
    view.y = y + (view.y - y) / factor;
    view.scale *= factor;
    this.draw();
  }

  // ---- drawing

  draw() {
    if (!this.view) return;
    this.back.replaceChildren(...(this.onPlan ? [this.drawPicture()] : this.drawDegrees()));
    const taken = [];
    const placed = this.devices.filter(({ at }) => at);
    this.dots.replaceChildren(...placed.map((device) => this.drawDevice(device, taken)));
    const waiting = this.devices.filter(({ at, look }) => !at && look !== "blocked");
    this.tray.replaceChildren(...(this.mayPlace ? waiting.map((device) => this.chip(device)) : []));
    this.area.classList.toggle("placing", this.chosen !== null);
  }

  drawPicture() {
    const [left, top] = this.screen([0, 0]);
    const size = { width: this.getAttribute("width") * this.view.scale, height: this.getAttribute("height") * this.view.scale };
    return shape("image", { href: this.onPlan, x: left, y: top, ...size });
  }

  drawDegrees() {
    const { clientWidth: width, clientHeight: height } = this.area;
    const { x, y, scale } = this.view;
    const across = width / scale / this.squeeze;
    const step = STEPS.find((candidate) => across / candidate >= 5) ?? STEPS.at(-1);
    const drawn = [];
    const middle = x / this.squeeze;
    for (const longitude of between(middle - across / 2, middle + across / 2, step, 180)) {
      const [at] = this.screen([longitude * this.squeeze, 0]);
      drawn.push(shape("line", { x1: at, x2: at, y1: 0, y2: height, class: longitude === 0 ? "degree main" : "degree" }));
      drawn.push(label(at + 4, height - 6, degrees(longitude, step, "E", "W"), "degrees"));
    }
    const tall = height / scale;
    for (const latitude of between(-y - tall / 2, -y + tall / 2, step, 90)) {
      const [, at] = this.screen([0, -latitude]);
      drawn.push(shape("line", { x1: 0, x2: width, y1: at, y2: at, class: latitude === 0 ? "degree main" : "degree" }));
      drawn.push(label(6, at - 4, degrees(latitude, step, "N", "S"), "degrees"));
    }
    return drawn;
  }

  drawDevice(device, taken) {
    const [x, y] = this.screen(this.plane(device.at));
    const dot = shape("a", { href: `/devices/${encodeURIComponent(device.id)}`, "data-look": device.look, "data-device": device.id });
    const title = shape("title", {});
    title.textContent = `${device.title}: ${device.said}`;
    dot.append(title, shape("circle", { cx: x, cy: y, r: 14, class: "around" }), shape("circle", { cx: x, cy: y, r: 6 }));
    const box = [x + 10, y - 10, x + 14 + 7.5 * device.title.length, y + 8];
    if (!taken.some((other) => box[0] < other[2] && box[2] > other[0] && box[1] < other[3] && box[3] > other[1])) {
      taken.push(box);
      dot.append(label(x + 12, y + 4, device.title, "name"));
    }
    return dot;
  }

  chip(device) {
    const chip = document.createElement("button");
    chip.type = "button";
    chip.draggable = true;
    chip.textContent = device.title;
    chip.dataset.device = device.id;
    chip.setAttribute("aria-pressed", String(this.chosen === device.id));
    chip.onclick = () => {
      this.chosen = this.chosen === device.id ? null : device.id;
      this.draw();
    };
    chip.ondragstart = (event) => event.dataTransfer.setData("text/plain", device.id);
    return chip;
  }

  buttons() {
    const row = document.createElement("div");
    row.className = "zoom";
    const acts = [["+", "closer", () => this.zoom(1.6)], ["−", "farther", () => this.zoom(1 / 1.6)], ["⤢", "fit everything", () => { this.fit(); this.draw(); }]];
    for (const [sign, title, act] of acts) {
      const button = document.createElement("button");
      Object.assign(button, { type: "button", textContent: sign, title, onclick: act });
      row.append(button);
    }
    return row;
  }

  // ---- hands

  listen() {
    const { area } = this;
    area.addEventListener("wheel", (event) => {
      event.preventDefault();
      this.zoom(Math.exp(-event.deltaY / 400), this.under(event));
    }, { passive: false });
    area.addEventListener("pointerdown", (event) => this.press(event));
    area.addEventListener("pointermove", (event) => this.move(event));
    area.addEventListener("pointerup", (event) => this.release(event));
    area.addEventListener("pointercancel", () => { this.held = this.dragged = null; });
    area.addEventListener("click", (event) => { if (this.moved) event.preventDefault(); }, { capture: true });
    area.addEventListener("dragstart", (event) => event.preventDefault());
    area.addEventListener("dragover", (event) => event.preventDefault());
    area.addEventListener("drop", (event) => {
      event.preventDefault();
      this.put(event.dataTransfer.getData("text/plain"), this.under(event));
    });
  }

  press(event) {
    const dot = event.target.closest("[data-device]");
    this.moved = false;
    this.held = { at: this.under(event), x: event.clientX, y: event.clientY };
    if (this.mayPlace && dot) this.dragged = this.devices.find(({ id }) => id === dot.dataset.device);
  }

  move(event) {
    if (!this.held) return;
    if (!this.moved && Math.hypot(event.clientX - this.held.x, event.clientY - this.held.y) < 4) return;
    if (!this.moved) this.area.setPointerCapture(event.pointerId);
    this.moved = true;
    const [x, y] = this.under(event);
    if (this.dragged) {
      this.dragged.at = this.place([x, y]);
    } else {
      this.view.x -= x - this.held.at[0];
      this.view.y -= y - this.held.at[1];
    }
    this.draw();
  }

  release(event) {
    if (!this.held) return;
    const { dragged, chosen } = this;
    this.held = this.dragged = null;
    if (this.moved && dragged) this.put(dragged.id, this.under(event));
    else if (!this.moved && chosen) this.put(chosen, this.under(event));
  }

  async put(device, at) {
    const found = this.devices.find(({ id }) => id === device);
    if (!found) return;
    this.chosen = null;
    found.at = this.place(at);
    this.draw();
    const [x, y] = found.at;
    const plan = Number(new URL(this.getAttribute("src"), location.href).searchParams.get("plan"));
    const place = this.onPlan ? { plan, x, y } : { longitude: x, latitude: y };
    await ask("/map/place", JSON.stringify({ device, ...place }), "application/json");
    this.text = null; // what the hub says now counts
    this.load();
  }
}

class PlanUpload extends HTMLElement {
  connectedCallback() {
    const input = document.createElement("input");
    Object.assign(input, { type: "file", accept: "image/png,image/jpeg", hidden: true });
    const button = document.createElement("button");
    Object.assign(button, { type: "button", className: "quiet", textContent: "Add a plan", onclick: () => input.click() });
    input.onchange = async () => {
      const [file] = input.files;
      const answer = await ask(`${this.getAttribute("src")}?title=${encodeURIComponent(file.name.replace(/\.\w+$/, ""))}`, file, file.type);
      if (answer) location.href = `/map?plan=${answer.id}`;
    };
    this.replaceChildren(input, button);
  }
}

// Ask for a change; what the hub refuses is said. What it answers, or null.
async function ask(where, body, type) {
  const answer = await fetch(where, { method: "POST", body, headers: { "content-type": type } }).catch(() => null);
  const said = await answer?.json().catch(() => null);
  if (answer?.ok) return said;
  const line = document.createElement("p");
  Object.assign(line, { className: "note bad said", role: "alert", textContent: said?.error ?? "The hub is out of reach." });
  document.body.append(line);
  setTimeout(() => line.remove(), 8000);
  return null;
}

function shape(name, attributes) {
  const made = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  return made;
}

function label(x, y, text, look) {
  const made = shape("text", { x, y, class: look });
  made.textContent = text;
  return made;
}

function range(values) {
  return [Math.min(...values), Math.max(...values)];
}

// Multiples of a step within a range, and within what there is.
function* between(low, high, step, most) {
  const last = Math.floor(Math.min(high, most) / step + 1e-9);
  for (let count = Math.ceil(Math.max(low, -most) / step - 1e-9); count <= last; count += 1) yield count * step || 0;
}

function degrees(value, step, positive, negative) {
  const digits = Math.max(0, -Math.floor(Math.log10(step) + 1e-9));
  return `${Math.abs(value).toFixed(digits)}°${value > 0 ? ` ${positive}` : value < 0 ? ` ${negative}` : ""}`;
}

customElements.define("fleet-map", FleetMap);
customElements.define("plan-upload", PlanUpload);
