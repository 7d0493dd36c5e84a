// What a slot says to the person in front of it: tone (colour), sign (shape), word, and what to do next. Pure.

import { t, has, number } from './i18n.js';

// What a person does about a fault, after taking the unit out. Text for each is in lang/*.json as "fault.CODE".
export const remedies = {
  stall: 'again', 'wrong-state': 'again', 'device-error': 'again', 'busy-timeout': 'again', 'no-answer': 'again',
  'read-protected': 'aside', 'map-mismatch': 'aside',
  'erase-failed': 'aside', 'write-failed': 'aside', 'verify-mismatch': 'aside',
  'leave-refused': 'again', 'not-back': 'again', 'back-in-dfu': 'aside', 'safe-mode': 'aside',
  'factory-fallback': 'aside', 'wrong-firmware': 'aside', 'unit-swapped': 'again', 'duplicate-id': 'call',
  'unit-gone': 'again', 'io-error': 'again', 'pulled-before-proof': 'again',
  'image-unfit': 'call',
  'port-suspect': 'call', 'port-quarantined': 'call', 'hub-suspect': 'call', 'hub-power': 'call',
  'access-denied': 'call', 'interface-busy': 'call', 'records-unavailable': 'call',
  cancelled: 'again', interrupted: 'again', internal: 'call',
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
// Nothing is begun before the next order.
export const isOver = (line) => line.order_wanted || (line.job && line.job.left === 0);

// The unit itself is fine, and not finished: it must not leave the line like this.
const wasPulled = (fault) => ['unit-gone', 'pulled-before-proof'].includes(fault?.code);

function verdict(slot) {
  const outcome = slot.outcome ?? 'error';
  const fault = slot.last?.fault ?? null;
  const remedy = fault ? remedies[fault.code] ?? 'call' : 'aside';
  const face = {
    tone: toneOf(outcome), sign: 'sign-' + outcome, word: t('outcome.' + outcome), loud: slot.present,
    note: isGood(outcome) ? (outcome === 'already' ? t('already.note') : '') : fault ? faultTitle(fault) : '',
  };
  if (slot.present) {
    face.act = isGood(outcome) ? t('act.unplug') : t('act.unplug-' + remedy);
    face.needs = 'unplug';
  } else {
    face.act = wasPulled(fault) ? t('act.back') : t('act.next');
    face.needs = 'plug';
  }
  return face;
}

// What somebody typed is theirs; what the station knows by itself has words in each language.
export function whyNot(slot) {
  const key = 'skipped.' + slot.skipped_by;
  return has(key) ? t(key) : slot.reason ?? '';
}

// `needs`: what a hand must do here: "unplug", "plug" or nothing.
export function faceOf(slot, line) {
  switch (slot.state) {
    case 'empty':
      if (paused(line) || isOver(line)) return { tone: 'empty', sign: 'sign-empty', word: t('slot.empty'), act: '', note: '' };
      return { tone: 'empty', sign: 'sign-empty', word: t('slot.empty'), act: t('act.plug'), note: '', needs: 'plug' };
    case 'foreign':
      if (line.state === 'commissioning') return { tone: 'muted', sign: 'sign-foreign', word: t('slot.here'), act: '', note: '' };
      if (slot.missed) return { tone: 'muted', sign: 'sign-foreign', word: t('slot.missed'), act: t('act.unplug'), note: '', needs: 'unplug' };
      return { tone: 'muted', sign: 'sign-foreign', word: t('slot.foreign'), act: '', note: slot.reason ?? '' };
    case 'queued':
      return { tone: 'busy', sign: 'sign-queued', word: t('slot.queued'), act: t('act.wait'), note: paused(line) ? t('line.paused') : isOver(line) ? t('slot.queued.order') : t('slot.queued.note') };
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
      return { tone: 'busy', sign: 'sign-between', word: t('slot.between'), act: t('act.wait'), note: slot.last?.fault ? faultTitle(slot.last.fault) : '' };
    case 'quarantined':
      return { tone: 'muted', sign: 'sign-quarantined', word: t('slot.quarantined'), act: '', note: slot.reason ?? '' };
    case 'skipped':
      return { tone: 'muted', sign: 'sign-skipped', word: t('slot.skipped'), act: '', note: whyNot(slot) };
    case 'verdict':
      if (!slot.present && (paused(line) || isOver(line))) return { ...verdict(slot), act: '', needs: undefined };
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
