// A second window: it shows the notes, and forgets them when the session changes.
"use strict";
const at = (id) => document.getElementById(id);
at("load").addEventListener("click", async () => {
  try {
    at("notes").textContent = (await shell.listNotes()).notes;
    at("status").textContent = "";
  } catch (error) {
    at("notes").textContent = "";
    at("status").textContent = error.code === "NotAuthenticated" ? "Please sign in." : "Please try again.";
  }
});
shell.onChanged(() => { at("notes").textContent = ""; });
