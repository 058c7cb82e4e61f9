"""What page script asks for the names of its origin's databases, also while they are being cleared."""

__all__ = ["NAMES"]

# An expression of JavaScript. Chromium never answers where a Clear-Site-Data comes in the middle of the question. Its
# limit is no timer: where the page's clock is Playwright's, each new timer puts all others off for a tenth of a second.
NAMES = """(async () => {
  for (;;) {
    const late = scheduler.postTask(() => null, {delay: 500});
    const listed = await Promise.race([indexedDB.databases(), late]);
    if (listed) return listed.map(({name}) => name).sort();
  }
})()"""
