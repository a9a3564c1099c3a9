// The interface of the service.

const KEY = 'spinbpf-token';
const MOST_MILLIS = 8000;

/** An answer that is no data: a status and a sentence. Status 0 is no answer at all. */
export class Refused extends Error {
  constructor(status, message) {
    super(message);
    this.status = status;
  }
}

export function hasToken() {
  return sessionStorage.getItem(KEY) !== null;
}

/** Sets the token for this tab, or forgets it. */
export function setToken(token) {
  if (token === null) {
    sessionStorage.removeItem(KEY);
  } else {
    sessionStorage.setItem(KEY, token);
  }
}

/** Asks for what is at a path below /api/v1. */
export async function ask(path) {
  const token = sessionStorage.getItem(KEY);
  let response;
  try {
    response = await fetch('api/v1/' + path, {
      headers: token === null ? {} : {Authorization: 'Bearer ' + token},
      signal: AbortSignal.timeout(MOST_MILLIS),
    });
    if (response.ok) {
      return await response.json();
    }
  } catch {
    throw new Refused(0, 'The service does not answer');
  }
  const problem = await response.json().catch(() => ({}));
  throw new Refused(response.status, 'The service answers ' + response.status + ': ' + (problem.detail ?? response.statusText));
}
