// How often something is done that is asked for often.

/** Calls work at most so often, however often it is asked for, and never twice at once; the last time is never lost. */
export function atMost(work, ms = 250) {
  let [due, busy, again] = [null, false, false];
  const run = async () => {
    due = null;
    busy = true;
    try {
      await work();
    } finally {
      busy = false;
      if (again) ask();
    }
  };
  const ask = () => {
    again = busy;
    if (!busy) due ??= setTimeout(run, ms);
  };
  return ask;
}

/** Calls work a moment after the last of many calls. */
export function settled(work, ms = 250) {
  let due = null;
  return (...given) => {
    clearTimeout(due);
    due = setTimeout(() => work(...given), ms);
  };
}
