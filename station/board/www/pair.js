// What a scan means when the screen has no better idea: a slot's label waits for a unit's label, an order goes to its
// page, anything else is looked up among the units.

import { get, post, Refusal } from './api.js';
import { attempt, choose, say } from './ask.js';
import { t } from './i18n.js';
import { live, slotsOf } from './live.js';
import { nameOf } from './words.js';

const patience = 20;  // seconds that a scanned slot waits for its unit's label

let waiting = null;  // { slot } or { label }, and the note that says so

export function slotNamed(text) {
  const wanted = text.trim().toLowerCase();
  return live.state ? slotsOf(live.state).find((slot) => slot.label?.toLowerCase() === wanted || slot.port.toLowerCase() === wanted) ?? null : null;
}

export function forgetPair() {
  waiting?.note.remove();
  clearTimeout(waiting?.timer);
  waiting = null;
}

function waitFor(what, text) {
  forgetPair();
  waiting = { ...what, note: say(text, { seconds: patience }), timer: setTimeout(() => { waiting = null; }, patience * 1000) };
}

export const waitForSlot = (label) => waitFor({ label }, t('pair.scan-slot', { label }));

export async function pair(label, slot) {
  const done = t('pair.done', { label, slot: nameOf(slot) });
  try {
    const answer = await post('/api/labels', { label, slot: slot.port });
    if (answer) say(done, { tone: 'good' });
    return answer;
  } catch (refusal) {
    if (!(refusal instanceof Refusal) || refusal.code !== 'conflict') return attempt(() => { throw refusal; });
    const again = await choose(t('pair.conflict'), refusal.detail, [
      { text: t('pair.again'), value: 'again', kind: 'danger-quiet' }, { text: t('cancel'), value: null, kind: 'strong' }]);
    return again ? attempt(() => post('/api/labels', { label, slot: slot.port, again: true }), done) : null;
  }
}

export async function scanned(text) {
  if (!live.state) return say(t('loading'));  // nobody knows yet whether it is a slot
  const slot = slotNamed(text);
  if (slot && waiting?.label) {
    const { label } = waiting;
    forgetPair();
    return pair(label, slot);
  }
  if (slot) return waitFor({ slot }, t('pair.scan-label', { slot: nameOf(slot) }));
  if (waiting?.slot) {
    const { slot: first } = waiting;
    forgetPair();
    return pair(text, first);
  }
  const jobs = await get('/api/jobs').catch(() => ({ jobs: [] }));
  const job = jobs.jobs.find((one) => one.order === text || one.id === text);
  location.hash = job ? '#/job/' + encodeURIComponent(job.id) : '#/units/find/' + encodeURIComponent(text);
  return null;
}
