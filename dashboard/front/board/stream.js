// What happens, as the server streams it: one connection for all that listen, which goes on where it was cut.

const AGAIN_MS = 2_000;
const listeners = new Set();
let source = null;
let last = null;
let opened = "";
let due = null;

/**
 * Listens to topics until the returned function is called.
 *
 * `kinds` holds a function for each kind of message, given its data and the message. `reread` is called where messages
 * are missing that the server does not have any more: the state is to be read anew.
 */
export function listen(topics, kinds, reread = () => {}) {
  const one = { topics, kinds, reread };
  listeners.add(one);
  later();
  return () => {
    listeners.delete(one);
    later();
  };
}

function later(wait = 0) {
  clearTimeout(due);
  due = setTimeout(reopen, wait);
}

function reopen() {
  const topics = [...new Set([...listeners].flatMap((one) => one.topics))].sort();
  const kinds = [...new Set([...listeners].flatMap((one) => Object.keys(one.kinds)))].sort();
  const wanted = JSON.stringify([topics, kinds]);
  if (wanted === opened && source !== null && source.readyState !== EventSource.CLOSED) return;
  // What came between two connections is asked for by the last mark; before the first message there is none.
  const unseen = opened !== "" && last === null;
  source?.close();
  source = null;
  opened = wanted;
  if (topics.length === 0) return;
  const asked = new URLSearchParams({ topics: topics.join(",") });
  if (last !== null) asked.set("after", last);
  const own = new EventSource(`/api/events?${asked}`);
  source = own;
  for (const kind of kinds) own.addEventListener(kind, take);
  own.addEventListener("gap", take);
  own.onopen = () => unseen && tellGap();
  // A browser comes back by itself after a cut, but not after a refusal.
  own.onerror = () => own.readyState === EventSource.CLOSED && source === own && later(AGAIN_MS);
}

function take(event) {
  last = event.lastEventId || last;
  if (event.type === "gap") return tellGap();
  const message = JSON.parse(event.data);
  for (const one of [...listeners]) {
    if (one.topics.some((topic) => covers(topic, message.topic))) one.kinds[event.type]?.(message.data, message);
  }
}

const covers = (asked, topic) => (asked.endsWith("*") ? topic.startsWith(asked.slice(0, -1)) : asked === topic);

const tellGap = () => [...listeners].forEach((one) => one.reread());
