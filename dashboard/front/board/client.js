// Asks the server, and turns what it refuses into one kind of error.

/** What went wrong, in the words of the server. */
export class Problem extends Error {
  constructor(detail, { status = 0, title = "" } = {}) {
    super(detail);
    Object.assign(this, { status, title });
  }
}

const SILENT = "The server does not answer. Is it still running? Start it again, and open the address that it prints.";

/** Returns what the interface answers below /api; `query` leaves out what is empty. Raises Problem. */
export async function ask(path, { method = "GET", body, query = {}, signal } = {}) {
  let answer;
  try {
    answer = await fetch(address(path, query), {
      method,
      signal,
      headers: body === undefined ? {} : { "Content-Type": "application/json" },
      body: body === undefined ? undefined : JSON.stringify(body),
    });
  } catch (error) {
    if (signal?.aborted) throw error;
    throw new Problem(SILENT, { title: "No answer" });
  }
  const told = await answer.json().catch(() => {
    // Where whoever asked is gone, half an answer is none.
    signal?.throwIfAborted();
    return null;
  });
  if (answer.ok) return told;
  throw new Problem(told?.detail ?? `The server answered ${answer.status}.`, { ...told, status: answer.status });
}

export const send = (method, path, body, query) => ask(path, { method, body, query });

/** Returns the address of a part of the interface. */
export function address(path, query = {}) {
  const asked = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    for (const one of Array.isArray(value) ? value : [value]) {
      if (one !== "" && one !== null && one !== undefined) asked.append(name, one);
    }
  }
  return `/api/${path}${asked.size > 0 ? `?${asked}` : ""}`;
}

/** A part of a path, whatever is in it. */
export const part = (text) => encodeURIComponent(text);
