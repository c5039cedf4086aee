// What was typed and not kept: whoever closes the tab is asked first.

const checks = new Set();

addEventListener("beforeunload", (event) => {
  if ([...checks].some((unsaved) => unsaved())) event.preventDefault();
});

/** Asks `unsaved()` whether anything would be lost, until the returned function is called. */
export function guard(unsaved) {
  checks.add(unsaved);
  return () => checks.delete(unsaved);
}
