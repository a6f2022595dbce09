// The live picture of a stream: <live-picture src="/live/DEVICE?stream=NAME">. Each picture shown is answered, so that a
// slow viewer gets fewer and never old ones. It says why it has ended, and tells the page by the event "ended".

class LivePicture extends HTMLElement {
  connectedCallback() {
    const canvas = document.createElement("canvas");
    const said = document.createElement("p");
    said.className = "help";
    said.textContent = "The device is asked …";
    this.replaceChildren(canvas, said);
    const place = new URL(this.getAttribute("src"), location.href);
    place.protocol = place.protocol.replace("http", "ws");
    this.socket = new WebSocket(place);
    this.socket.onmessage = async ({ data }) => {
      await show(canvas, data);
      if (this.socket?.readyState !== WebSocket.OPEN) return; // it has ended meanwhile, and says so
      said.textContent = "Live";
      this.socket.send("shown");
    };
    this.socket.onclose = ({ reason }) => {
      if (!this.socket) return;
      said.textContent = reason ? `Live has ended: ${reason}` : "Live has ended: the hub is out of reach, or refuses.";
      this.toggleAttribute("over", true);
    };
  }

  disconnectedCallback() {
    const { socket } = this;
    this.socket = null;
    socket?.close();
  }
}

async function show(canvas, data) {
  let bitmap;
  try {
    bitmap = await createImageBitmap(data);
  } catch {
    return; // a picture that does not decode is left out
  }
  if (canvas.width !== bitmap.width || canvas.height !== bitmap.height) {
    canvas.width = bitmap.width;
    canvas.height = bitmap.height;
  }
  canvas.getContext("2d", { alpha: false }).drawImage(bitmap, 0, 0);
  bitmap.close();
  canvas.dataset.shown = Number(canvas.dataset.shown ?? 0) + 1;
}

customElements.define("live-picture", LivePicture);
