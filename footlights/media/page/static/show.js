// The show: the curtain opens over the page, something plays, and the page comes back to live.

import { byId } from "./dom.js";

export class ShowStage {
  // onOpen(boolean): called when the show begins and ends
  constructor(onOpen) {
    this.dialog = byId("show");
    this.player = byId("player");
    this.onOpen = onOpen;
    byId("show-close").addEventListener("click", () => this.close());
    this.dialog.addEventListener("close", () => this.closed()); // Escape closes it without asking
    addEventListener("message", (event) => {
      if (event.origin === location.origin && event.source === this.player.contentWindow) this.heard(event.data);
    });
  }

  play({ address, title }) {
    if (this.dialog.open && this.address === address) return; // it plays already
    this.address = address;
    byId("show-title").textContent = title;
    this.player.title = `Show: ${title}`;
    this.player.src = address;
    if (!this.dialog.open) {
      this.dialog.showModal();
      this.dialog.focus();
      this.onOpen(true);
    }
  }

  // The player names its show: the last word of one that was replaced must not end the next.
  heard({ show, what }) {
    if (show === this.address && (what === "ended" || what === "close")) this.close();
  }

  close() {
    this.player.src = "about:blank"; // silence at once
    this.dialog.close();
  }

  closed() {
    if (this.dialog.open) return; // the next show has begun before the browser said that the last was closed
    this.address = null;
    this.player.src = "about:blank";
    this.onOpen(false);
  }
}
