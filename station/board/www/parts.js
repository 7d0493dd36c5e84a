// Pieces that several screens show the same way.

import { h, icon, fill } from './dom.js';
import { moment, number, seconds, t } from './i18n.js';
import { faultTitle, toneOf } from './words.js';

export const outcomeChip = (outcome) => outcome && outcome !== 'running'
  ? h('span', { class: 'chip', 'data-tone': toneOf(outcome) }, icon('sign-' + outcome, 'chip-sign'), h('span', {}, t('outcome.' + outcome)))
  : h('span', { class: 'chip', 'data-tone': 'busy' }, icon('sign-working', 'chip-sign'), h('span', {}, t('outcome.running')));

export const panel = (title, ...content) => h('section', { class: 'panel' }, title && h('h2', {}, title), content);

// Rows of [name, value]; what has no value is left out.
export const facts = (rows) => h('dl', { class: 'facts' }, rows.filter(([, value]) => value !== null && value !== undefined && value !== '')
  .map(([name, value]) => h('div', {}, h('dt', {}, name), h('dd', {}, value))));

export function table(headings, rows, { label, empty } = {}) {
  if (rows.length === 0) return h('p', { class: 'quiet-text' }, empty ?? t('none'));
  return h('div', { class: 'table-room', tabindex: '0', role: 'region', 'aria-label': label }, h('table', {},
    h('thead', {}, h('tr', {}, headings.map((heading) => h('th', { scope: 'col' }, heading)))),
    h('tbody', {}, rows.map((cells) => h('tr', {}, cells.map((cell, at) => h('td', { 'data-heading': headings[at] }, cell)))))));
}

const endOf = (one) => one.finished ?? one.time ?? one.started ?? '';
export const newestFirst = (attempts) => [...attempts].sort((a, b) => endOf(b).localeCompare(endOf(a)));

export const attemptsTable = (attempts, where = 'slot') => table(
  [t('attempt.time'), t('attempt.outcome'), t(where === 'slot' ? 'attempt.unit' : 'attempt.slot'), t('attempt.why'), t('attempt.seconds')],
  attempts.map((one) => [
    moment(endOf(one)), outcomeChip(one.outcome),
    where === 'slot' ? unitLink(one) : one.slot || one.port,
    one.fault ? faultTitle(one.fault) : '', one.flash_seconds === null || one.flash_seconds === undefined ? '' : seconds(one.flash_seconds)]),
  { label: t('attempts'), empty: t('attempts.none') });

export function unitLink(one) {
  const key = one.key ?? one.label ?? one.unit ?? one.serials?.[0] ?? one.attempt;
  return key ? h('a', { href: '#/units/' + encodeURIComponent(key) }, one.label || one.unit || one.serials?.[0] || t('unit.nameless')) : t('unit.nameless');
}

export const head = (title, ...more) => h('div', { class: 'screen-head' }, h('h1', {}, title), more);

// Somebody writes here: what they wrote is not taken away.
export const isWritten = (element) =>
  [...element.querySelectorAll('input, select')].some((one) => one === document.activeElement || (one.tagName === 'INPUT' && one.value));

// Renders it again and leaves the focus where it was.
function refill(element, content) {
  const controls = () => [...element.querySelectorAll('a, button, summary')];
  const place = controls().indexOf(document.activeElement);
  const words = place < 0 ? '' : document.activeElement.textContent;
  fill(element, content);
  const same = controls()[place];
  if (same && same.textContent === words) same.focus({ preventScroll: true });
}

// Loads what a screen shows; while it loads, what was there stays. `gently`: also where somebody writes.
export async function loadInto(element, load, show, { gently = false } = {}) {
  try {
    const answer = await load();
    if (!gently || !isWritten(element)) refill(element, show(answer));
  } catch (refusal) {
    if (!refusal.code) throw refusal;
    fill(element, h('div', { class: 'notice', 'data-tone': 'odd', role: 'alert' }, icon('sign-error', 'notice-sign'),
      h('div', {}, h('strong', {}, refusal.message), refusal.remedy && h('p', {}, refusal.remedy))));
  }
}

export const share = (value) => number(value * 100, 1) + '\u202f%';
