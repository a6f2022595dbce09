// Judges landmark sequences from standard input with the pages' own evaluator; the events go to standard output.
import { readFileSync } from "node:fs";
import { FEATURES } from "./body.js";
import { Gestures } from "./gestures.js";

const { definitions, sequences } = JSON.parse(readFileSync(0, "utf8"));
const events = sequences.map((frames) => {
  const gestures = new Gestures(definitions);
  const told = frames.flatMap(({ time, pose }) => gestures.update(time, pose));
  return [...told, ...gestures.finish(frames.at(-1).time)];
});
process.stdout.write(JSON.stringify({ features: FEATURES, events }));
