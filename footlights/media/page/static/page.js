// The page: everything that is said over one link goes to the stage, the list of events or the show.

import { byId, drawIcons, element, usePersonColours } from "./dom.js";
import { EventList } from "./events.js";
import { Exhibition } from "./exhibition.js";
import { Link } from "./link.js";
import { SettingsPanel } from "./settings.js";
import { ShowStage } from "./show.js";
import { Sources } from "./sources.js";
import { Stage } from "./stage.js";
import { Voice } from "./voice.js";
import { Wall } from "./wall.js";

const NOTICE = 9000; // milliseconds

drawIcons();
const { layout } = document.body.dataset;
const settings = new SettingsPanel(notice);
const stage = layout === "exhibition" ? new Exhibition(notice) : layout === "wall" ? new Wall(settings) : new Stage();
const events = stage.history ?? stage.mood ?? new EventList();
const sources = new Sources();
const voice = byId("voice") && new Voice();
const show = new ShowStage((open) => stage.cover(open));
let names = "";
let greeted = 0; // when the server said hello

const messages = {
  hello({ title, colours, raw }) {
    usePersonColours(colours);
    stage.greet?.(raw);
    settings.load();
    document.title = title;
    byId("title").textContent = title;
    byId("title").hidden = title === "footlights";
    greeted = performance.now();
  },
  streams({ streams }) {
    stage.streams(streams);
    const now = JSON.stringify(streams.map(({ stream, state }) => [stream, state]));
    if (now !== names) refreshSources();
    names = now;
    document.body.classList.toggle("several", streams.length > 1);
  },
  cues: (message) => stage.cues?.(message),
  settings: (message) => settings.take(message),
  choice: (message) => stage.choice?.(message),
  event(event) {
    const isNew = events.add(event);
    if (isNew) voice?.hear(event, performance.now() - greeted);
    if (isNew && performance.now() - greeted > 1000) stage.flare?.(event.stream, event);
  },
  show: (message) => show.play(message),
  notice: ({ text }) => notice(text),
  tick() {},
};
new Link("/events", {
  onMessage: (message) => messages[message.type]?.(message),
  onState(state, reason) {
    const texts = { live: "Live", connecting: reason || greeted ? "Reconnecting" : "Connecting", refused: "Token needed" };
    byId("link").dataset.state = state;
    byId("link").textContent = texts[state];
    byId("link").title = reason;
    stage.dim(state !== "live");
    if (state === "refused") notice("This address is no longer valid: open the whole address that footlights printed when it started.");
  },
});

async function refreshSources() {
  const answer = await sources.refresh();
  if (!answer) return;
  byId("empty-choices").replaceChildren(...sources.offers());
  byId("empty-text").textContent = answer.sources.length > 0 ? "Waiting for the first picture." : "Add a source, and the lights go up.";
}

function notice(text) {
  const line = element("p", { class: "notice" }, text);
  byId("notices").append(line);
  if (byId("notices").children.length > 4) byId("notices").firstElementChild.remove();
  setTimeout(() => line.remove(), NOTICE);
}

// Browsers let a page make sound only after somebody has touched it.
function awake() {
  byId("sound").hidden = true;
  removeEventListener("pointerdown", awake);
  removeEventListener("keydown", awake);
}
addEventListener("pointerdown", awake);
addEventListener("keydown", awake);
byId("sound").hidden = navigator.userActivation?.hasBeenActive ?? false;

function toggleFull() {
  if (document.fullscreenElement) document.exitFullscreen();
  else document.documentElement.requestFullscreen?.().catch(() => notice("This browser does not allow full screen here."));
}
byId("full").addEventListener("click", toggleFull);
byId("full").hidden = !document.fullscreenEnabled;

addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.target.closest?.("input, select, dialog")) return;
  if (event.key === "f") toggleFull();
  if (event.key === "a" && !sources.fixed) {
    event.preventDefault();
    sources.open();
  }
  if (event.key === "Escape" && stage.solo && !stage.busy) stage.toggleSolo(stage.solo);
  stage.key?.(event);
});
