// One card for each face: its crop, its emoji, and how probable each emotion is.

import { byId, element, words } from "./dom.js";
import { tone } from "./tones.js";

const PATIENCE = 3; // messages for which a card stays that is in none of them: faces are missed for a moment

class FaceCard {
  constructor(track) {
    this.missed = 0;
    this.bars = new Map(); // label -> row, fill and number
    this.crop = element("img", { class: "crop", alt: "" });
    this.emoji = element("img", { class: "emoji", alt: "" });
    this.title = element("h3", {});
    this.chances = element("ul", { class: "chances" });
    const facts = element("div", { class: "facts" }, this.title, this.chances);
    this.root = element("li", { class: "card", "data-track": track }, element("div", { class: "faces" }, this.crop, this.emoji), facts);
  }

  show({ title, picture, crop, bars }) {
    this.missed = 0;
    this.root.classList.remove("leaving");
    this.root.style.setProperty("--tone", tone(title));
    this.title.textContent = words(title);
    swap(this.emoji, picture);
    swap(this.crop, crop);
    for (const label of this.bars.keys()) if (!bars.some(([name]) => name === label)) this.drop(label);
    const most = Math.max(...bars.map(([, value]) => value));
    for (const [label, value] of bars) this.bar(label, Math.min(1, Math.max(0, Number(value))), value === most);
  }

  bar(label, value, most) {
    if (!this.bars.has(label)) {
      const [fill, number] = [element("b", {}), element("span", { class: "number" })];
      const row = element("li", {}, element("span", { class: "label" }, words(label)), element("i", {}, fill), number);
      row.style.setProperty("--tone", tone(label));
      this.bars.set(label, { row, number });
      this.chances.append(row);
    }
    const { row, number } = this.bars.get(label);
    row.style.setProperty("--value", value.toFixed(3));
    row.classList.toggle("most", most);
    number.textContent = `${Math.round(100 * value)} %`;
  }

  drop(label) {
    this.bars.get(label).row.remove();
    this.bars.delete(label);
  }
}

export class Deck {
  constructor() {
    this.root = byId("cards");
    this.cards = new Map();
    this.pictures = new Map(); // title -> address of its picture
  }

  // Newcomers come last; nobody's card moves while they stay.
  show(cards) {
    for (const card of cards) {
      if (card.picture) this.pictures.set(card.title, card.picture);
      const place = this.cards.get(card.track) ?? this.add(card.track);
      place.show(card);
    }
    const here = new Set(cards.map(({ track }) => track));
    for (const [track, card] of this.cards) if (!here.has(track)) this.miss(track, card);
    this.count();
  }

  add(track) {
    const card = new FaceCard(track);
    this.cards.set(track, card);
    this.root.append(card.root);
    return card;
  }

  miss(track, card) {
    card.missed += 1;
    card.root.classList.add("leaving");
    if (card.missed < PATIENCE) return;
    card.root.remove();
    this.cards.delete(track);
  }

  clear() {
    this.root.replaceChildren();
    this.cards.clear();
    this.count();
  }

  count() {
    const { size } = this.cards;
    this.root.dataset.count = size;
    this.root.classList.toggle("dense", size > 4);
    byId("nobody").hidden = size > 0;
  }
}

function swap(image, address) {
  image.hidden = !address;
  if (address && image.getAttribute("src") !== address) image.src = address;
}
