"""What page script asks for the names of its origin's databases, also while they are being cleared."""

__all__ = ["NAMES"]

# An expression of JavaScript. Chromium never answers where a Clear-Site-Data comes in the middle of the question.
NAMES = """(async () => {
  for (;;) {
    const late = new Promise(go => setTimeout(go, 500));
    const listed = await Promise.race([indexedDB.databases(), late]);
    if (listed) return listed.map(({name}) => name).sort();
  }
})()"""
