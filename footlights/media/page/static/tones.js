// The colour of each emotion, the same wherever it is shown; other names get a colour in the order in which they come.

const KNOWN = {
  neutral: "#a99fb5", happiness: "#ffc83d", surprise: "#3fd0e6", sadness: "#5b8dff", anger: "#ff5a4c",
  disgust: "#86c94a", fear: "#b98bff", contempt: "#f08fc4", unsure: "#5d5468",
};
const OTHERS = ["#ffb65c", "#7fe3b4", "#9cc7ff", "#ff8fab", "#d7e36b", "#b98bff"];
const given = new Map();

export function tone(name) {
  const known = KNOWN[name] ?? given.get(name);
  if (known) return known;
  const next = OTHERS[given.size % OTHERS.length];
  if (given.size < 100) given.set(name, next);
  return next;
}
