// The one place where what goes wrong is said.

import { el } from "front/elements.js";

export const place = el("div", { id: "problems", role: "alert", "aria-live": "assertive" });

export function clear() {
  place.replaceChildren();
}

/** Says what went wrong until it is closed, the page changes, or something else goes wrong. */
export function tell(error) {
  if (error?.name === "AbortError") return;
  const close = el("button", { type: "button", class: "quiet", "aria-label": "Close", onclick: clear }, "×");
  place.replaceChildren(
    el(
      "div",
      { class: "problem" },
      el("p", {}, el("b", {}, error.title || "That did not work"), " ", error.message),
      close,
    ),
  );
  place.scrollIntoView({ block: "nearest" });
}

/** Returns a listener that does something, and says what goes wrong in it. */
export const guarded =
  (work) =>
  async (...given) => {
    clear();
    try {
      return await work(...given);
    } catch (error) {
      return tell(error);
    }
  };
