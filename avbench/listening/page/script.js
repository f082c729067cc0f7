// Keys, and the rule that an answer counts only after what it is about was played to its end.
"use strict";

for (const form of document.querySelectorAll("form.once")) {
  form.addEventListener("submit", (event) => {
    if (form.dataset.sent) event.preventDefault();
    form.dataset.sent = "yes";
  });
}
// A page that comes back from the browser's memory can be sent again.
addEventListener("pageshow", () => document.querySelectorAll("form.once").forEach((form) => delete form.dataset.sent));

const vote = document.getElementById("vote");
if (vote) trial(vote);

function trial(form) {
  const players = [...form.querySelectorAll("audio, video")];
  const button = form.querySelector("button");
  const status = document.getElementById("status");
  const noun = players.length && players[0].tagName === "VIDEO" ? "film" : "sound";
  const unheard = () => players.filter((player) => !player.closest(".player").classList.contains("done"));

  function missing() {
    if (unheard().length) return players.length > 1 ? `Please play both to the end.` : `Please play the ${noun} to the end.`;
    return form.querySelector("input[type=radio]:checked") ? "" : "Please choose an answer.";
  }
  function show() {
    button.setAttribute("aria-disabled", missing() ? "true" : "false");
    status.textContent = missing();
  }
  function toggle(player) {
    if (player.paused) player.play().catch(() => {});
    else player.pause();
  }
  function choose(value) {
    const radio = form.querySelector(`input[type=radio][value="${value}"]`);
    if (!radio) return false;
    radio.checked = true;
    radio.focus({ preventScroll: true });
    show();
    return true;
  }

  for (const player of players) {
    player.addEventListener("play", () => players.forEach((other) => other !== player && other.pause()));
    player.addEventListener("ended", () => { player.closest(".player").classList.add("done"); show(); });
    player.addEventListener("error", () => { status.textContent = `This ${noun} cannot be played here.`; });
  }
  form.addEventListener("change", show);
  form.addEventListener("submit", (event) => {
    if (!missing()) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    delete form.dataset.sent;
    show();
  }, true);

  const arrows = { ArrowLeft: "left", ArrowRight: "right", ArrowDown: "same" };
  addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.altKey || event.metaKey || event.repeat) return;
    const on = event.target;
    const key = event.key.length === 1 ? event.key.toUpperCase() : event.key;
    let used = false;
    if (/^[1-5]$/.test(key)) used = choose(key);
    else if (key in arrows && on.tagName !== "AUDIO" && on.tagName !== "VIDEO") used = choose(arrows[key]);
    else if (key === " " && !["BUTTON", "A", "AUDIO", "VIDEO"].includes(on.tagName)) {
      const player = players.find((each) => !each.paused) || unheard()[0] || players[0];
      if (player) toggle(player);
      used = Boolean(player);
    } else if (key === "A" || key === "B") {
      const player = players.find((each) => each.dataset.key === key);
      if (player) toggle(player);
      used = Boolean(player);
    } else if (key === "Enter" && !["A", "AUDIO", "VIDEO"].includes(on.tagName)) {
      form.requestSubmit();
      used = true;
    }
    if (used) event.preventDefault();
  });
  show();
}
