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

  heard(message) {
    if (message === "ended" || message === "close") this.close();
  }

  close() {
    this.player.src = "about:blank"; // silence at once
    this.dialog.close();
  }

  closed() {
    this.address = null;
    this.player.src = "about:blank";
    this.onOpen(false);
  }
}
