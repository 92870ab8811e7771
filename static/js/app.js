/* Progressive only: every task works without this file. */
(() => {
  "use strict";
  const root = document.documentElement;
  const system = window.matchMedia("(prefers-color-scheme: dark)");
  const choices = ["system", "light", "dark"];
  const words = { system: "System colours", light: "Light colours", dark: "Dark colours" };

  const stored = (name) => {
    try { return window.localStorage.getItem(name); } catch { return null; }
  };
  const store = (name, value) => {
    try { window.localStorage.setItem(name, value); } catch { /* private window: the choice lasts for this page */ }
  };

  /* Runs in the head, before the first paint, so that no page flashes in the other colours. */
  let choice = choices.includes(stored("theme")) ? stored("theme") : "system";
  const paint = () => {
    root.dataset.bsTheme = choice === "system" ? (system.matches ? "dark" : "light") : choice;
  };
  paint();
  system.addEventListener("change", paint);

  const themeSwitch = () => {
    const button = document.querySelector("[data-theme-switch]");
    if (!button) return;
    const label = button.querySelector("[data-theme-label]");
    const name = () => {
      const next = choices[(choices.indexOf(choice) + 1) % choices.length];
      label.textContent = words[choice];
      button.title = `Change to ${words[next].toLowerCase()}`;
    };
    button.hidden = false;
    name();
    button.addEventListener("click", () => {
      choice = choices[(choices.indexOf(choice) + 1) % choices.length];
      store("theme", choice);
      paint();
      name();
    });
  };

  const focusErrors = () => {
    const summary = document.getElementById("error-summary");
    if (summary) summary.focus();
  };

  /* The session ends after so many seconds without a request. Somebody who is typing is not idle: their session is
     kept alive; somebody who is not there is warned two minutes before. All tabs share the time of the last request. */
  const idle = () => {
    const seconds = Number(document.body.dataset.idleSeconds);
    const dialog = document.getElementById("idle-dialog");
    if (!seconds || !dialog || !dialog.showModal) return;
    const warning = dialog.querySelector("[data-idle-warning]");
    const ended = dialog.querySelector("[data-idle-ended]");
    const left = dialog.querySelector("[data-idle-left]");
    const warnAt = Math.max(seconds - 120, seconds / 2);
    let active = false;
    let own = Date.now();
    const touched = () => { own = Date.now(); store("last-request", String(own)); };
    const idleFor = () => (Date.now() - Math.max(own, Number(stored("last-request")) || 0)) / 1000;
    const keep = async () => {
      try {
        const answer = await fetch("/", { method: "HEAD", credentials: "same-origin", redirect: "manual" });
        if (answer.ok) touched();
      } catch { /* no network: the next round tries again */ }
    };
    touched();
    ["keydown", "pointerdown", "input"].forEach((kind) => {
      document.addEventListener(kind, () => { active = !dialog.open; }, { passive: true });
    });
    document.addEventListener("htmx:afterRequest", touched);
    dialog.querySelector("[data-idle-stay]").addEventListener("click", () => { dialog.close(); keep(); });

    const round = window.setInterval(() => {
      const quiet = idleFor();
      if (quiet >= seconds) {
        window.clearInterval(round);
        warning.hidden = true;
        ended.hidden = false;
        dialog.setAttribute("aria-label", "You have been logged out");
        dialog.removeAttribute("aria-labelledby");
        if (!dialog.open) dialog.showModal();
      } else if (quiet >= warnAt && active) {
        active = false;
        keep();
      } else if (quiet >= warnAt) {
        const minutes = Math.max(1, Math.ceil((seconds - quiet) / 60));
        const text = minutes === 1 ? "1 minute" : `${minutes} minutes`;
        if (left.textContent !== text) left.textContent = text;
        if (!dialog.open) dialog.showModal();
      } else if (dialog.open) {
        dialog.close();
      } else if (active && quiet > seconds / 6) {
        active = false;
        keep();
      }
    }, 5000);

    /* After a new log-in in another tab the forms here still carry the old token: fetch the new one, keep the words. */
    const renew = async () => {
      try {
        const answer = await fetch("/", { credentials: "same-origin" });
        const page = new DOMParser().parseFromString(await answer.text(), "text/html");
        const fresh = page.querySelector("input[name=csrfmiddlewaretoken]");
        if (!answer.ok || !fresh) return;
        document.querySelectorAll("input[name=csrfmiddlewaretoken]").forEach((field) => { field.value = fresh.value; });
        document.body.setAttribute("hx-headers", JSON.stringify({ "X-CSRFToken": fresh.value }));
      } catch { /* no network: saving will say so */ }
    };
    dialog.querySelector("[data-idle-close]").addEventListener("click", () => { dialog.close(); renew(); });
  };

  document.addEventListener("DOMContentLoaded", () => { themeSwitch(); focusErrors(); idle(); });
})();
