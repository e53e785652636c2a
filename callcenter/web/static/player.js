// Playback of a call's recording: the browser's player, the strip of the call's phases and the timeline. Elements are
// looked up on each use, because the player is inserted when a call ends while its page is open.

const SIDES = { both: [1, 1], caller: [1, 0], centre: [0, 1] };
let mixer = null;

export function player() {
  return document.querySelector("audio[data-recording]");
}

// play() rejects when playback is paused or moved before it starts: not an error. An unreadable file fires `error`.
function start(audio) {
  audio.play().catch(() => {});
}

export function seek(second, { play }) {
  const audio = player();
  if (!audio) return;
  const go = () => {
    audio.currentTime = Math.max(0, second);
    if (play) start(audio);
  };
  if (audio.readyState > 0 || !play) {
    go(); // before the file is loaded, currentTime sets the position at which playback will start
    return;
  }
  audio.addEventListener("loadedmetadata", go, { once: true });
  audio.load();
}

function follow() {
  const audio = player();
  if (!audio) return;
  const length = Number(audio.dataset.recording);
  const head = document.querySelector("[data-strip-head]");
  head?.setAttribute("x", String((997 * Math.min(audio.currentTime, length)) / length));
  for (const list of document.querySelectorAll(".timeline")) {
    const entries = [...list.querySelectorAll("[data-second]")];
    const played = entries.filter((entry) => Number(entry.dataset.second) <= audio.currentTime + 0.05);
    const now = audio.currentTime > 0 ? played.at(-1) : undefined;
    for (const entry of entries) entry.closest("li").classList.toggle("is-playing", entry === now);
  }
}

// Plays one side or both, always as mono: the file has the caller in the left channel and the center in the right one.
function hear(side) {
  if (!mixer) {
    const context = new AudioContext();
    const splitter = context.createChannelSplitter(2);
    context.createMediaElementSource(player()).connect(splitter);
    const gains = [0, 1].map((channel) => {
      const gain = context.createGain();
      splitter.connect(gain, channel);
      gain.connect(context.destination);
      return gain;
    });
    mixer = { context, gains };
  }
  mixer.context.resume();
  mixer.gains.forEach((gain, channel) => (gain.gain.value = SIDES[side][channel]));
}

function press(button, group) {
  for (const other of document.querySelectorAll(group)) other.setAttribute("aria-pressed", String(other === button));
}

document.addEventListener("timeupdate", follow, true);
document.addEventListener("seeked", follow, true);
document.addEventListener("error", (event) => {
  if (event.target === player()) document.querySelector("[data-player-fault]").hidden = false;
}, true);

document.addEventListener("click", (event) => {
  const entry = event.target.closest("[data-second]");
  if (entry) seek(Number(entry.dataset.second), { play: true });
  const rate = event.target.closest("[data-rate]");
  if (rate) {
    player().playbackRate = Number(rate.dataset.rate);
    press(rate, "[data-rate]");
  }
  const side = event.target.closest("[data-side]");
  if (side) {
    hear(side.dataset.side);
    press(side, "[data-side]");
  }
  const strip = event.target.closest("[data-strip]");
  if (strip) {
    const box = strip.getBoundingClientRect();
    seek((Number(player().dataset.recording) * (event.clientX - box.left)) / box.width, { play: true });
  }
});

document.addEventListener("keydown", (event) => {
  const audio = player();
  if (!audio || event.defaultPrevented || event.ctrlKey || event.altKey || event.metaKey) return;
  const busy = event.target.closest("input, select, textarea, button, audio, a, summary, dialog");
  if (event.code === "Space" && !busy) {
    event.preventDefault();
    if (audio.paused) start(audio);
    else audio.pause();
  }
  if (event.target.closest("input, select, textarea, audio, dialog")) return;
  if (event.code === "ArrowLeft") seek(audio.currentTime - 5, { play: !audio.paused });
  if (event.code === "ArrowRight") seek(audio.currentTime + 5, { play: !audio.paused });
});
