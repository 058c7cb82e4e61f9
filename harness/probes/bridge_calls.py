"""What is run in a shell's page to call the functions of its bridge, and to see how the calls settle."""

from __future__ import annotations

__all__ = ["CALL"]

# GIVEN: the arguments by function; CALLERS: how many call each. What has not settled after 15 s is pending for good.
CALL = """
(async () => {
  const PENDING = 15000;
  const one = (name, given) => {
    const began = performance.now();
    let promise; try { promise = shell[name](...given); } catch (error) { promise = Promise.reject(error); }
    const returned = performance.now() - began, since = () => (performance.now() - began) / 1000;
    const ended = Promise.resolve(promise).then(() => "value", (error) => String(error.code))
      .then((outcome) => ({ name, outcome, seconds: since(), returned }));
    const pending = () => ({ name, outcome: "pending", seconds: since(), returned });
    return Promise.race([ended, new Promise((give) => setTimeout(() => give(pending()), PENDING))]);
  };
  const told = PerformanceObserver.supportedEntryTypes.includes("longtask"), tasks = [0];
  const watch = new PerformanceObserver((list) => tasks.push(...list.getEntries().map(({ duration }) => duration)));
  if (told) watch.observe({ type: "longtask" });
  const callers = Array.from({ length: CALLERS }), all = Object.entries(GIVEN);
  const calls = await Promise.all(all.flatMap(([name, given]) => callers.map(() => one(name, given))));
  await new Promise((go) => setTimeout(go, 100));
  watch.disconnect();
  return { calls, longest: told ? Math.max(...tasks) : null };
})()
"""
