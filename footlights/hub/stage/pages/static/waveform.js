// The shape of a song, from the file itself: decoded by this browser, at a rate at which a long song is small.

const RATE = 8000; // samples a second that are decoded
export const STEPS = 100; // peaks a second
const LARGEST = 120e6; // bytes of a file that is decoded

// [0..1 × STEPS a second]; null where the browser cannot read the file or it is too large.
export async function peaks(url) {
  try {
    const answer = await fetch(url);
    if (!answer.ok || Number(answer.headers.get("content-length")) > LARGEST) return null;
    const sound = await new OfflineAudioContext(1, RATE, RATE).decodeAudioData(await answer.arrayBuffer());
    return peaksOf(sound);
  } catch {
    return null;
  }
}

function peaksOf(sound) {
  const every = sound.sampleRate / STEPS;
  const found = new Float32Array(Math.ceil(sound.duration * STEPS));
  for (let channel = 0; channel < sound.numberOfChannels; channel += 1) {
    const samples = sound.getChannelData(channel);
    for (let index = 0; index < samples.length; index += 1) {
      const step = Math.min(found.length - 1, Math.floor(index / every));
      found[step] = Math.max(found[step], Math.abs(samples[index]));
    }
  }
  const most = found.reduce((one, other) => Math.max(one, other), 1e-6);
  return found.map((value) => value / most);
}
