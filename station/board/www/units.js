// Units that were here: found by anything that is printed on them or read from them.

import { get, post } from './api.js';
import { attempt, field } from './ask.js';
import { h, icon, fill } from './dom.js';
import { moment, seconds, bytes, t } from './i18n.js';
import { slotNamed, waitForSlot } from './pair.js';
import { attemptsTable, facts, head, loadInto, newestFirst, outcomeChip, panel, table, unitLink } from './parts.js';

const nameOfUnit = (unit) => unit.label || unit.unit || unit.serials?.[0] || unit.key;

function search(root, query = '') {
  const results = h('div', { 'aria-live': 'polite' });
  const input = field('query', t('units.query'), { value: query, hint: t('units.hint'), type: 'search', maxlength: 120 });
  const form = h('form', { class: 'row-form', role: 'search', on: { submit: (event) => {
    event.preventDefault();
    const text = form.elements.query.value.trim();
    location.hash = '#/units/find/' + encodeURIComponent(text);
    if (text === query) look();
  } } }, input, h('button', { class: 'button strong', type: 'submit' }, h('span', {}, t('units.find'))));
  function show({ units }) {
    if (units.length === 1 && query && [units[0].label, units[0].unit, units[0].key].includes(query)) {
      location.replace('#/units/' + encodeURIComponent(units[0].key));
      return null;
    }
    if (units.length === 0 && query) {
      return h('div', { class: 'panel' }, h('h2', {}, t('units.unknown', { query })), h('p', {}, t('units.unknown.do')),
        h('div', { class: 'choices left' }, h('button', { class: 'button strong', type: 'button', on: { click: () => waitForSlot(query) } }, h('span', {}, t('pair.this')))));
    }
    return panel(query ? t('units.found', { n: units.length }) : t('units.recent'), table(
      [t('unit'), t('attempt.outcome'), t('attempt.slot'), t('attempt.time'), t('fact.serial'), t('attempts')],
      units.map((unit) => [unitLink(unit), unit.last ? outcomeChip(unit.last.outcome) : '', unit.last?.slot || unit.last?.port || '', moment(unit.last?.finished ?? unit.last?.time), (unit.serials ?? []).join(' '), String(unit.attempts ?? '')]),
      { label: t('nav.units'), empty: t('units.none') }));
  }
  const look = () => loadInto(results, () => get('/api/units?query=' + encodeURIComponent(query)), show);
  fill(root, h('div', { class: 'screen' }, head(t('nav.units')), h('div', { class: 'panel' }, form), results));
  if (!matchMedia('(pointer: coarse)').matches) form.elements.query.focus();
  look();
}

function disposing(attemptId, done) {
  const form = h('form', { class: 'form', on: { submit: async (event) => {
    event.preventDefault();
    const answer = await attempt(() => post('/api/dispositions', { attempt: attemptId, kind: form.elements.kind.value, reason: form.elements.reason.value.trim() }, { supervisor: true }), t('disposition.done'));
    if (answer) done();
  } } },
  h('div', { class: 'field' }, h('label', { for: 'field-kind' }, t('disposition.kind')), h('select', { id: 'field-kind', name: 'kind' },
    ['rework', 'scrap', 'waiver', 'comment'].map((kind) => h('option', { value: kind }, t('disposition.' + kind))))),
  field('reason', t('disposition.reason'), { required: true, maxlength: 400 }),
  h('div', { class: 'choices left' }, h('button', { class: 'button', type: 'submit' }, icon('icon-lock'), h('span', {}, t('disposition.go')))));
  return form;
}

function stepsOf(one) {
  return table([t('step'), t('step.state'), t('fact.address'), t('step.bytes'), t('attempt.seconds'), t('step.readback')], (one.steps ?? []).map((step) => [
    step.name, step.state ? t('step.' + step.state) : '', step.address ?? '', bytes(step.bytes ?? 0), step.seconds === null || step.seconds === undefined ? '' : seconds(step.seconds),
    step.readback_sha256 ? h('code', { title: step.readback_sha256 }, step.readback_sha256.slice(0, 16)) : '–']), { label: t('slot.steps') });
}

function one(root, key) {
  const content = h('div', {});
  function show(unit) {
    const attempts = Array.isArray(unit.attempts) ? unit.attempts : unit.history ?? [];
    const newest = newestFirst(attempts);
    const last = newest[0] ?? unit.last;
    const labels = unit.labels ?? [];
    const decisions = unit.dispositions ?? [];
    return [
      h('section', { class: 'panel current' }, h('div', { class: 'job-now' }, h('div', {}, h('div', { class: 'job-order' }, nameOfUnit({ key, ...unit })), last && outcomeChip(last.outcome))),
        facts([[t('fact.label'), unit.label], [t('fact.unit'), unit.unit], [t('fact.serial'), (unit.serials ?? []).join(' ')], [t('attempt.slot'), last?.slot || last?.port], [t('attempt.time'), last && moment(last.finished ?? last.time)], [t('job.order'), last?.job], [t('job.recipe'), last?.recipe]]),
        unit.unit && ['passed', 'already'].includes(last?.outcome) && h('div', { class: 'choices left no-print' },
          h('a', { class: 'button', href: '/api/units/' + encodeURIComponent(unit.unit) + '/certificate.html', target: '_blank', rel: 'noopener' }, t('certificate.page')))),
      panel(t('unit.history'), attemptsTable(newest, 'unit')),
      last && panel(t('unit.last-steps'), stepsOf(last)),
      labels.length > 0 && panel(t('unit.labels'), table([t('fact.label'), t('attempt.time'), t('job.operator')], labels.map((label) => [label.label ?? '', moment(label.at ?? label.time), label.operator ?? '']), { label: t('unit.labels') })),
      panel(t('disposition'), decisions.length > 0 && table([t('attempt.time'), t('disposition.kind'), t('disposition.reason'), t('job.operator')],
        decisions.map((made) => [moment(made.at ?? made.time), t('disposition.' + made.kind), made.reason ?? '', made.author ?? made.operator ?? '']), { label: t('disposition') }),
      last?.attempt ? disposing(last.attempt, reload) : null),
    ];
  }
  const reload = () => loadInto(content, () => get('/api/units/' + encodeURIComponent(key)), show);
  fill(root, h('div', { class: 'screen' }, h('a', { class: 'button quiet back', href: '#/units' }, icon('icon-back'), h('span', {}, t('nav.units'))), h('h1', { class: 'unseen' }, t('unit')), content));
  reload();
}

export function open(root, first, second) {
  if (first && first !== 'find') one(root, first);
  else search(root, second ?? '');
  return {
    scanned(text) {
      if (slotNamed(text)) return false;
      if (first === 'find' && second === text) return false;
      return false;
    },
  };
}
