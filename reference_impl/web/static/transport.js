// How the page's requests travel: here by fetch, with the session's cookie. The desktop shell has a module of its own in
// this one's place.

export const request = (path, options) => fetch(path, options);

// Where one signs in; `notice` says why one comes there.
export const login = (notice) => (notice ? `/login?notice=${notice}` : "/login");
