// The recording of a call: native player, our strip of the call's phases, the timeline beside it.

const audio = document.querySelector("audio[data-recording]");
const strip = document.querySelector("[data-strip]");
const head = document.querySelector("[data-strip-head]");
const entries = [...document.querySelectorAll("[data-second]")];

function seek(second, { play }) {
  const go = () => {
    audio.currentTime = Math.max(0, second);
    if (play) audio.play();
  };
  if (audio.readyState > 0) {
    go();
    return;
  }
  audio.addEventListener("loadedmetadata", go, { once: true });
  audio.load();
}

function follow() {
  const length = Number(audio.dataset.recording);
  head?.setAttribute("x", String((1000 * Math.min(audio.currentTime, length)) / length));
  const played = entries.filter((entry) => Number(entry.dataset.second) <= audio.currentTime + 0.05);
  const now = audio.currentTime > 0 ? played.at(-1) : undefined;
  for (const entry of entries) entry.closest("li").classList.toggle("is-playing", entry === now);
}

if (audio) {
  // The file is not asked for before somebody wants to hear it, so that the journal of listeners is true.
  audio.preload = "none";
  audio.addEventListener("timeupdate", follow);
  audio.addEventListener("seeked", follow);
  for (const entry of entries) {
    entry.addEventListener("click", () => seek(Number(entry.dataset.second), { play: true }));
  }
  strip?.addEventListener("click", (event) => {
    const box = strip.getBoundingClientRect();
    seek((Number(audio.dataset.recording) * (event.clientX - box.left)) / box.width, { play: true });
  });
  for (const button of document.querySelectorAll("[data-rate]")) {
    button.addEventListener("click", () => {
      audio.playbackRate = Number(button.dataset.rate);
      for (const other of document.querySelectorAll("[data-rate]")) {
        other.setAttribute("aria-pressed", String(other === button));
      }
    });
  }
  document.addEventListener("keydown", (event) => {
    const busy = event.target.closest("input, select, textarea, button, audio, a, summary, dialog");
    if (event.ctrlKey || event.altKey || event.metaKey) return;
    if (event.code === "Space" && !busy) {
      event.preventDefault();
      if (audio.paused) audio.play();
      else audio.pause();
    }
    if (event.target.closest("input, select, textarea, audio, dialog")) return;
    if (event.code === "ArrowLeft") seek(audio.currentTime - 5, { play: !audio.paused });
    if (event.code === "ArrowRight") seek(audio.currentTime + 5, { play: !audio.paused });
  });
}
