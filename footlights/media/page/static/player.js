// Plays one show: a video, sound or picture, a YouTube video, or a page of the web.

import { byId, drawIcons, element } from "./dom.js";
import { encore } from "./encore.js";

const YOUTUBE = "https://www.youtube-nocookie.com";
const PICTURE = 10000; // milliseconds for which a picture is shown

drawIcons();
const tell = (what) => parent !== window && parent.postMessage({ show: location.pathname, what }, location.origin);
addEventListener("keydown", (event) => event.key === "Escape" && tell("close"));

function problem(text) {
  byId("problem").textContent = text;
  byId("problem").hidden = false;
}

function offerSound(unmute) {
  byId("sound").hidden = false;
  byId("sound").addEventListener("click", () => {
    unmute();
    byId("sound").hidden = true;
  }, { once: true });
}

async function playMedia(kind, src) {
  const media = element(kind, { src, playsinline: true, controls: kind === "audio", preload: "auto" });
  media.addEventListener("ended", () => tell("ended"));
  media.addEventListener("error", () => problem("This browser cannot play this file."));
  byId("screen").append(media);
  try {
    await media.play();
  } catch (refusal) {
    if (refusal.name !== "NotAllowedError") return;
    media.muted = true; // sound has to wait for a touch; the picture does not
    offerSound(() => { media.muted = false; });
    await media.play().catch(() => { media.controls = true; });
  }
}

function showPicture(src) {
  byId("screen").append(element("img", { src, alt: "", onerror: () => problem("This picture cannot be shown.") }));
  setTimeout(() => tell("ended"), PICTURE);
}

// https://developers.google.com/youtube/iframe_api_reference: the same messages, without their script.
function playYouTube(src) {
  const quiet = !(navigator.userActivation?.hasBeenActive || parent.navigator.userActivation?.hasBeenActive);
  const frame = element("iframe", {
    src: `${src}&origin=${encodeURIComponent(location.origin)}${quiet ? "&mute=1" : ""}`,
    allow: "autoplay; fullscreen; encrypted-media; picture-in-picture",
    referrerpolicy: "strict-origin-when-cross-origin",
    title: "YouTube",
  });
  const say = (message) => frame.contentWindow.postMessage(JSON.stringify(message), YOUTUBE);
  frame.addEventListener("load", () => say({ event: "listening", id: 1, channel: "widget" }));
  addEventListener("message", ({ origin, source, data }) => {
    if (origin !== YOUTUBE || source !== frame.contentWindow || typeof data !== "string") return;
    const message = JSON.parse(data);
    const state = message.event === "onStateChange" ? message.info : message.info?.playerState;
    if (state === 0) tell("ended");
  });
  byId("screen").append(frame);
  if (quiet) offerSound(() => say({ event: "command", func: "unMute", args: [] }));
}

function showPage(src) {
  byId("screen").append(element("iframe", { class: "page", src, title: "Web page", allow: "autoplay; fullscreen", referrerpolicy: "no-referrer" }));
}

function showEncore() {
  byId("screen").append(encore(() => tell("ended")));
}

async function begin() {
  const answer = await fetch(`/api/shows/${location.pathname.split("/").pop()}`);
  const show = await answer.json();
  if (!answer.ok) return problem(show.error);
  document.title = show.title;
  if (show.link) {
    byId("link").href = show.link;
    byId("link").hidden = false;
  }
  if (show.kind === "encore") showEncore();
  else if (show.kind === "youtube") playYouTube(show.src);
  else if (show.kind === "page") showPage(show.src);
  else if (show.kind === "picture") showPicture(show.src);
  else await playMedia(show.kind, show.src);
}

begin().catch(() => problem("footlights does not answer; is it still running?"));
