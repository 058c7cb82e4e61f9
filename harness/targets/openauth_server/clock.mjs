// Time that can be moved on, for everything in this process that asks `Date`: lifetimes pass without waiting for them.
// It comes from outside, as libfaketime does; nothing of OpenAuth, Hono or jose is changed. Import it first.

const Real = globalThis.Date;
let ahead = 0; // milliseconds

const now = () => Real.now() + ahead;

globalThis.Date = new Proxy(Real, {
  construct: (target, given, asked) => Reflect.construct(target, given.length ? given : [now()], asked),
  apply: () => new Real(now()).toString(),
  get: (target, name, receiver) => (name === "now" ? now : Reflect.get(target, name, receiver)),
});

/** Moves the time on by so many seconds; gives how far it is ahead by now. */
export function advance(seconds) {
  ahead += seconds * 1000;
  return ahead / 1000;
}
