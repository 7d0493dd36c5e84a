// Questions to the station and changes of it. A change that needs a person to be known asks for them first and then
// goes on with what was wanted.

import { t, has } from './i18n.js';

export const session = { session: false, operator: null, role: null, csrf: null, pin_required: false, operators: [], can: [] };

// What this station's board offers beyond reading and pausing: "use" of orders, "release" of a slot that was
// closed, "slots" (that, and out of use), "commissioning". The page shows no button that the station has no answer to.
export const can = (what) => (session.can ?? []).includes(what);

export class Refusal extends Error {
  constructor(status, answer) {
    super(has('error.' + answer.error) ? t('error.' + answer.error) : answer.message ?? t('error.unknown', { status }));
    this.status = status;
    this.code = answer.error ?? 'unknown';
    this.detail = answer.message ?? '';
    this.remedy = answer.remedy ?? '';
  }
}

let askWho = async () => false;  // shows the sign-in; true when somebody signed in
export const onWhoIsThere = (ask) => { askWho = ask; };

const watchers = new Set();
export const onSession = (watch) => watchers.add(watch);

async function read(answer) {
  const text = await answer.text();
  let value = {};
  try {
    value = text ? JSON.parse(text) : {};
  } catch {
    value = { message: text.slice(0, 200) };
  }
  if (!answer.ok) throw new Refusal(answer.status, value);
  return value;
}

async function reach(path, options) {
  try {
    return await fetch(path, { cache: 'no-store', ...options });
  } catch {
    throw new Refusal(0, { error: 'offline' });
  }
}

export async function get(path) {
  return read(await reach(path));
}

export async function text(path) {
  const answer = await reach(path);
  if (!answer.ok) return read(answer);
  return answer.text();
}

export async function refreshSession() {
  Object.assign(session, await get('/api/session'));
  for (const watch of watchers) watch(session);
  return session;
}

async function send(path, body) {
  return read(await reach(path, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', 'X-Flashline-Token': session.csrf ?? '' },
    body: JSON.stringify(body ?? {}),
  }));
}

export async function signIn(operator, pin) {
  const answer = await send('/api/session', pin ? { operator, pin } : { operator });
  await refreshSession();
  return answer;
}

export async function signOut() {
  await send('/api/session/end');
  return refreshSession();
}

// null: nobody signed in, nothing was changed.
export async function post(path, body, { supervisor = false } = {}) {
  if (!session.session && !(await askWho({ supervisor }))) return null;
  if (supervisor && session.role !== 'supervisor' && !(await askWho({ supervisor }))) return null;
  try {
    return await send(path, body);
  } catch (refusal) {
    const ours = ['no-session', 'no-token', 'forbidden'].includes(refusal.code);
    if (!ours) throw refusal;
    await refreshSession();
    if (!session.session || refusal.code === 'forbidden') {
      if (!(await askWho({ supervisor: refusal.code === 'forbidden' || supervisor }))) return null;
    }
    return send(path, body);
  }
}
