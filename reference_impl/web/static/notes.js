// What the user sees of his notes: the list, the form, and whether everything is saved.

import { login } from "/assets/transport.js";

const section = document.querySelector("#notes");
const status = document.querySelector("#sync-status");
const list = document.querySelector("#note-list");
const form = document.querySelector("#new-note");
const dialog = document.querySelector("#unsaved");

const count = (number) => (number === 1 ? "1 change is" : `${number} changes are`);
const WORDS = {
  starting: () => "Your notes are not here yet; they come when the server answers.",
  fresh: (unsaved) => (unsaved ? `${count(unsaved)} being saved.` : "Everything is saved."),
  waiting: (unsaved) => `The sign-in service does not answer; it is tried again by itself. ${count(unsaved)} kept here.`,
  ended: (unsaved) => `Your session has ended. ${count(unsaved)} kept here until you sign in again.`,
};

export const show = {
  status(state, unsaved) {
    section.dataset.state = state;
    section.dataset.unsaved = unsaved;
    const words = WORDS[state](unsaved);
    if (status.firstChild?.textContent !== words) status.replaceChildren(words); // a screen reader says it once
    if (state === "ended" && !document.querySelector("#sign-in-again")) {
      const link = Object.assign(document.createElement("a"), { id: "sign-in-again", href: login() });
      link.textContent = "Sign in again";
      status.after(link);
    }
  },

  notes(notes) {
    const items = notes.map(({ id, text }) => {
      const item = document.createElement("li");
      item.dataset.note = id;
      item.textContent = text;
      return item;
    });
    list.replaceChildren(...items);
  },

  // `add` writes a note with a text.
  form(add) {
    form.addEventListener("submit", async (event) => {
      event.preventDefault();
      const field = form.elements.text;
      const text = field.value.trim();
      field.value = "";
      if (text) await add(text);
    });
    form.hidden = false;
    section.dataset.open = "yes";
  },

  // Whether the user gives up what is not saved; none are counted where his notes are not open yet.
  mayLose(unsaved) {
    const what = unsaved ? `${count(unsaved)} not saved` : "Your notes could not be opened yet: some changes may not be saved";
    dialog.querySelector("p").textContent = `${what}. If you sign out now, they are lost.`;
    dialog.showModal();
    return new Promise((resolve) => {
      dialog.addEventListener("close", () => resolve(dialog.returnValue === "lose"), { once: true });
    });
  },

  blocked() {
    section.dataset.state = "blocked";
    status.textContent = "Notes of an earlier user of this browser could not be deleted yet. Close its other tabs, then load this page again.";
  },
};
