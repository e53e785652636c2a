// Waveform of the recording: the caller above, the center below. It is drawn from levels computed by the server, so
// that viewing the card neither loads the recording nor is logged as a playback.

import WaveSurfer from "./vendor/wavesurfer.esm.js";
import { player, seek } from "./player.js";

const HEIGHT = 44; // pixels per side
const { nonce } = document.querySelector("script[nonce]");
let drawn = null;
let asked = null; // the box whose levels are being fetched: `draw` may run again meanwhile

function colours() {
  const style = getComputedStyle(document.documentElement);
  const side = (name) => ({
    waveColor: style.getPropertyValue(`--side-${name}-soft`),
    progressColor: style.getPropertyValue(`--side-${name}`),
    height: HEIGHT,
  });
  return { splitChannels: [side("caller"), side("member")], cursorColor: style.getPropertyValue("--ink") };
}

async function draw() {
  const box = document.querySelector("[data-waveform]:empty");
  const audio = player();
  if (!box || !audio || box === asked) return;
  asked = box;
  const answer = await fetch(box.dataset.waveform);
  const { loudest, channels } = answer.ok ? await answer.json() : { channels: [] };
  box.parentElement.hidden = !channels.length;
  if (!channels.length) return;
  drawn = WaveSurfer.create({
    ...colours(),
    container: box,
    media: audio,
    peaks: channels.map((levels) => levels.map((level) => level / loudest)),
    duration: Number(audio.dataset.recording),
    barWidth: 2,
    barGap: 1,
    barRadius: 1,
    barMinHeight: 1,
    cursorWidth: 2,
    normalize: false,
    cspNonce: nonce,
  });
  drawn.on("interaction", (second) => seek(second, { play: true }));
}

draw();
document.addEventListener("htmx:after:swap", draw);
new MutationObserver(() => drawn?.setOptions(colours())).observe(document.documentElement, {
  attributeFilter: ["data-bs-theme"],
});
