// What a slot says to the person in front of it: tone (colour), sign (shape), word, and what to do next. Pure.

import { t, has, inEnglish, number } from './i18n.js';

// What the station says a person does here (station/live/advice.h), in a word or two and what a hand must do for it.
const acts = {
  wait: ['act.wait'], 'plug-in': ['act.plug', 'plug'], 'plug-next': ['act.next', 'plug'], 'plug-back': ['act.back', 'plug'],
  unplug: ['act.unplug', 'unplug'], 'try-again': ['act.unplug-again', 'unplug'], 'set-aside': ['act.unplug-aside', 'unplug'],
  'get-help': ['act.unplug-call', 'unplug'], 'replug-hub': ['act.hub'],
};
const asked = (slot) => {
  const [key, needs] = acts[slot.advice] ?? [];
  return { act: key ? t(key) : '', needs };
};

export const outcomes = ['passed', 'already', 'failed', 'error', 'cancelled', 'interrupted'];
export const isGood = (outcome) => outcome === 'passed' || outcome === 'already';

export const toneOf = (outcome) =>
  isGood(outcome) ? 'good' : outcome === 'failed' ? 'bad' : outcome === 'error' ? 'odd' : 'stopped';

export const nameOf = (slot) => slot.label || slot.port;

export function faultTitle(fault) {
  const key = 'fault.' + fault.code;
  return has(key) ? t(key) : fault.text || fault.code;
}
export function faultAdvice(fault) {
  const key = 'fault.' + fault.code + '.do';
  return has(key) ? t(key) : fault.text || '';
}

const paused = (line) => line.state !== 'running';
// No unit is started before the next order.
export const isOver = (line) => line.order_wanted || (line.job && line.job.left === 0);

// From so many units in a row on, the station says how many.
export const hintOf = (slot) => slot.failed_in_a_row ? t('slot.in-a-row', { n: slot.failed_in_a_row }) : '';

// A bad verdict is loud until the unit is out of the socket, and after that while something is still to be done with it.
function verdict(slot) {
  const outcome = slot.outcome ?? 'error';
  const fault = slot.last?.fault ?? null;
  const good = isGood(outcome);
  const note = good ? (outcome === 'already' ? t('already.note') : '') : hintOf(slot) || (fault ? faultTitle(fault) : '');
  return {
    tone: toneOf(outcome), sign: 'sign-' + outcome, word: t('outcome.' + outcome),
    loud: slot.present || (!good && slot.advice !== 'plug-next'), note, ...asked(slot),
  };
}

// What somebody typed is theirs; what the station knows by itself, or offered as a choice, has words in each language.
export const skipReasons = ['cable', 'socket', 'cleaning', 'not-needed'];
export function whyNot(slot) {
  const key = 'skipped.' + slot.skipped_by;
  if (has(key)) return t(key);
  const chosen = skipReasons.find((one) => slot.reason === inEnglish('skip.reason.' + one));
  return chosen ? t('skip.reason.' + chosen) : slot.reason ?? '';
}
// What was done about a hub.
export const hubReasons = ['cable', 'supply', 'hub', 'checked'];
// Why a slot is closed.
export const whyClosed = (slot) => slot.closed ? noteText(slot.closed) : slot.reason ?? '';

const slug = (text) => String(text).toLowerCase().replace(/[^a-z0-9]+/g, '-');

// What the station noted beside the attempts: a code and its values, said in the language of this page.
export function noteText(note) {
  const key = 'note.' + note.code;
  if (!has(key)) return '';
  const values = { ...note.values };
  values.n = [values.count, values.limit, values.units].find((one) => typeof one === 'number');
  if (values.fault) values.fault = faultTitle({ code: values.fault });
  if (values.rung) values.rung = t('rung.' + slug(values.rung));
  return t(key, values);
}

// `needs`: what a hand must do here: "unplug", "plug" or nothing.
export function faceOf(slot, line) {
  const face = faceAsAsked(slot, line);
  // Nobody is asked for a unit that would only wait.
  return face.needs === 'plug' && (paused(line) || isOver(line)) ? { ...face, act: '', needs: undefined } : face;
}

function faceAsAsked(slot, line) {
  switch (slot.state) {
    case 'empty':
      return { tone: 'empty', sign: 'sign-empty', word: t('slot.empty'), note: slot.hub_stopped ? t('slot.queued.hub') : hintOf(slot), ...asked(slot) };
    case 'foreign':
      if (line.state === 'commissioning') return { tone: 'muted', sign: 'sign-foreign', word: t('slot.here'), act: '', note: '' };
      if (slot.missed) return { tone: 'muted', sign: 'sign-foreign', word: t('slot.missed'), note: '', ...asked(slot) };
      return { tone: 'muted', sign: 'sign-foreign', word: t('slot.foreign'), act: '', note: slot.reason ?? '' };
    case 'queued':
      return { tone: 'busy', sign: 'sign-queued', word: t('slot.queued'), note: paused(line) ? t('line.paused') : isOver(line) ? t('slot.queued.order') : slot.waits_for === 'hub-stopped' ? t('slot.queued.hub') : t('slot.queued.note'), ...asked(slot) };
    case 'working': {
      const left = slot.left_seconds;
      const slow = slot.stuck_seconds >= 5;
      return {
        tone: 'busy', sign: 'sign-working', word: slot.phase && has('phase.' + slot.phase) ? t('phase.' + slot.phase) : t('phase.open'),
        act: left === null || left === undefined ? t('act.wait') : t('seconds', { n: Math.max(1, Math.ceil(left)) }),
        note: slow ? t('slot.stuck', { n: Math.floor(slot.stuck_seconds) }) : slot.attempt > 1 ? t('slot.attempt', { n: slot.attempt }) : '',
        fraction: slot.fraction ?? 0,
      };
    }
    case 'between':
      return { tone: 'busy', sign: 'sign-between', word: t('slot.between'), note: slot.last?.fault ? faultTitle(slot.last.fault) : '', ...asked(slot) };
    case 'quarantined':
      return { tone: 'muted', sign: 'sign-quarantined', word: t('slot.quarantined'), note: whyClosed(slot), ...asked(slot) };
    case 'skipped':
      return { tone: 'muted', sign: 'sign-skipped', word: t('slot.skipped'), note: whyNot(slot), ...asked(slot) };
    case 'no-hub':
      return { tone: 'muted', sign: 'sign-skipped', word: t('slot.no-hub'), act: '', note: '' };
    case 'verdict':
      return verdict(slot);
  }
  return { tone: 'muted', sign: 'sign-skipped', word: slot.state, act: '', note: '' };
}

// What bounds the line now, as a sentence.
export function boundText(bound) {
  if (!bound) return '';
  const values = { n: bound.slots, name: bound.name, times: number(bound.times_slower ?? 1, 1) };
  const key = 'bound.' + bound.by + (bound.by === 'limit' && bound.name ? '-hub' : '');
  return has(key) ? t(key, values) : '';
}
