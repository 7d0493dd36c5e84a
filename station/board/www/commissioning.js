// Which socket is which: a person plugs one unit after the other, the page draws the fixture as it is learned. Also
// where it says that a socket is not where it was.

import { get, post } from './api.js';
import { attempt, choose } from './ask.js';
import { h, icon, fill, button } from './dom.js';
import { t } from './i18n.js';
import { placesOf } from './line.js';
import { live } from './live.js';
import { head, table } from './parts.js';

const change = (verb, body, done) => attempt(() => post('/api/commissioning/' + verb, body ?? {}, { supervisor: true }), done);

function fixture(learned) {
  const by_port = new Map(learned.map((one) => [one.port, one.label]));
  const hubs = (live.state?.hubs ?? []).filter((hub) => hub.slots.length > 0);
  const known = new Set(hubs.flatMap((hub) => hub.slots.map((slot) => slot.port)));
  const strangers = learned.filter((one) => !known.has(one.port));
  const newest = learned.at(-1)?.port;
  const socket = (port, label) => h('span', { class: 'socket', 'data-learned': by_port.has(port) ? '' : null, 'data-newest': port === newest ? '' : null },
    h('strong', {}, by_port.get(port) ?? label ?? '·'), h('span', {}, port));
  return h('div', { class: 'fixture' }, hubs.map((hub) => h('section', { class: 'fixture-hub' }, h('h3', {}, hub.label || t('hub', { port: hub.port })),
    h('div', { class: 'sockets' }, placesOf(hub).map((slot) => (slot ? socket(slot.port, by_port.size > 0 ? undefined : slot.label) : h('span', { class: 'gap' })))))),
  strangers.length > 0 && h('section', { class: 'fixture-hub' }, h('h3', {}, t('commissioning.elsewhere')), h('div', { class: 'sockets' }, strangers.map((one) => socket(one.port)))));
}

export function open(root) {
  const content = h('div', {});
  fill(root, h('div', { class: 'screen' }, head(t('nav.commissioning')), content));
  let timer = 0;
  let shown = '';
  let closed = false;

  async function begin() {
    const sure = await choose(t('commissioning.start'), t('commissioning.start.text'), [
      { text: t('cancel'), value: null }, { text: t('commissioning.start'), value: 'yes', kind: 'strong' }]);
    if (sure && await change('start', {})) load();
  }

  function changes(changed) {
    return changed.length > 0 && h('section', { class: 'notice', 'data-tone': 'odd', role: 'alert' }, icon('sign-error', 'notice-sign'),
      h('div', {}, h('strong', {}, t('changed', { n: changed.length })), h('p', {}, t('changed.do')),
        table([t('attempt.slot'), t('changed.was'), t('changed.is')], changed.map((one) => [one.label, one.was ?? '–', one.is ?? t('changed.gone')]), { label: t('changed', { n: changed.length }) })));
  }

  function show({ active, expect, learned = [], changed = [] }) {
    if (active) {
      return [h('section', { class: 'panel guide', 'aria-live': 'polite' }, icon('sign-empty', 'guide-sign'),
        h('div', {}, h('p', { class: 'guide-word' }, expect ? t('commissioning.plug', { label: expect }) : t('commissioning.all')),
          h('p', { class: 'quiet-text' }, learned.length > 0 ? t('commissioning.learned', { n: learned.length, label: learned.at(-1).label, port: learned.at(-1).port }) : t('commissioning.first')),
          h('div', { class: 'choices left' }, expect && button(t('commissioning.skip', { label: expect }), async () => { await change('skip'); load(); }, { kind: 'quiet' }),
            button(t('commissioning.finish'), async () => { if (await change('finish', {}, t('commissioning.finished'))) load(); }, { kind: 'strong', disabled: learned.length === 0 }),
            button(t('commissioning.cancel'), async () => { await change('cancel'); load(); }, { kind: 'quiet' })))), fixture(learned), changes(changed)];
    }
    return [changes(changed), h('section', { class: 'panel' }, h('p', { class: 'big-text' }, t('commissioning.what')), h('ol', { class: 'plain-steps' },
      ['one', 'two', 'three'].map((step) => h('li', {}, t('commissioning.step.' + step)))),
    h('div', { class: 'choices left' }, button(t('commissioning.start'), begin, { kind: 'strong', iconName: 'icon-lock' }))), fixture(learned)];
  }

  async function load() {
    clearTimeout(timer);
    const answer = await get('/api/commissioning').catch((refusal) => ({ refusal }));
    if (closed) return;
    if (answer.refusal) {
      if (!shown) fill(content, h('p', { class: 'quiet-text' }, answer.refusal.message));
    } else {
      const text = JSON.stringify([answer, (live.state?.hubs ?? []).map((hub) => [hub.port, hub.label, hub.slots.map((slot) => [slot.port, slot.label])])]);
      if (text !== shown) fill(content, show(answer));
      shown = text;
    }
    timer = setTimeout(load, answer.active ? 700 : 5000);
  }

  load();
  return {
    close() { closed = true; clearTimeout(timer); },
    heard(kind) { if (kind === 'state') load(); },
  };
}
