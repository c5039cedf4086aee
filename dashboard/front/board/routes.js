// Which page an address names: what stands after #/, and what follows a question mark there.

/** Returns the words of the path and the values of an address such as #/results/ab12?page=2. */
export function read(hash) {
  const [path, query = ""] = hash.replace(/^#\/?/, "").split("?");
  const words = path.split("/").filter(Boolean).map(decoded);
  return { words, values: Object.fromEntries(new URLSearchParams(query)) };
}

function decoded(word) {
  try {
    return decodeURIComponent(word);
  } catch {
    return word;
  }
}

/** Returns the address of a page. */
export function hashOf(words, values = {}) {
  const kept = Object.entries(values).filter(([, value]) => value !== "" && value !== null && value !== undefined);
  const query = kept.length > 0 ? `?${new URLSearchParams(kept)}` : "";
  return `#/${words.map(encodeURIComponent).join("/")}${query}`;
}

export function go(words, values) {
  location.hash = hashOf(words, values);
}

/** Changes the values of the address without opening the page anew. */
export function keep(words, values) {
  history.replaceState(null, "", hashOf(words, values));
}
