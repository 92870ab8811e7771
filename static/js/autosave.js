/* A form that saves itself a moment after each change (htmx); its Save button waits for a save that is on its way, so
   that nobody meets an own save as somebody else's. Without scripts the button alone saves. */
(() => {
  "use strict";
  document.querySelectorAll("form[data-autosave]").forEach((form) => {
    const line = form.querySelector(".autosave");
    let busy = false;
    let leaving = false;
    let pressed = null;

    form.addEventListener("htmx:beforeRequest", (event) => {
      if (leaving) event.preventDefault();
      else busy = true;
    });
    form.addEventListener("htmx:afterRequest", (event) => {
      busy = false;
      if (!event.detail.successful && line) line.textContent = line.dataset.failed;
      if (leaving) form.requestSubmit(pressed);
    });
    form.addEventListener("submit", (event) => {
      leaving = true;
      if (!busy) return;
      event.preventDefault();
      pressed = event.submitter;
    });
  });
})();
