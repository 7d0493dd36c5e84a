// Which socket is which: a person plugs one unit after the other, the page draws the fixture as it is learned. Also
// where it says that a socket is not where it was.

import { get, post } from './api.js';
import { attempt, choose, field } from './ask.js';
import { h, icon, fill, button, setAttribute, setText } from './dom.js';
import { t } from './i18n.js';
import { placesOf } from './line.js';
import { live, slotsOf } from './live.js';
import { head, table } from './parts.js';
import { announce } from './sound.js';

const change = (verb, body, done) => attempt(() => post('/api/commissioning/' + verb, body ?? {}), done);

// Each hub with the places of its sockets in their order; a gap where there is none.
function hubsOf({ hubs, learned }) {
  const labels = new Map(live.state ? live.state.hubs.map((hub) => [hub.port, hub.label]) : []);
  const known = (hubs ?? []).map((hub) => ({ port: hub.port, label: labels.get(hub.port), places: placesOf({ slots: hub.ports.map((port) => ({ port })) }).map((place) => place?.port) }));
  const there = new Set(known.flatMap((hub) => hub.places));
  const elsewhere = learned.map((one) => one.port).filter((port) => !there.has(port));
  return elsewhere.length > 0 ? [...known, { port: '', label: t('commissioning.elsewhere'), places: elsewhere }] : known;
}

// While names are learned only those count; before and after, those of the station file.
function fixture(answer) {
  const learned = new Map(answer.learned.map((one) => [one.port, one.label]));
  const given = new Map(live.state ? slotsOf(live.state).map((slot) => [slot.port, slot.label]) : []);
  const newest = answer.learned.at(-1)?.port;
  const socket = (port) => {
    const name = learned.get(port) ?? (answer.active ? '' : given.get(port));
    return h('li', { class: 'socket', 'data-port': port, 'data-learned': learned.has(port) ? '' : null, 'data-newest': port === newest ? '' : null,
      'data-twice': answer.twice?.port === port ? '' : null },
    learned.has(port) && icon('sign-passed', 'socket-sign'), h('strong', {}, name || '·'), h('span', {}, port));
  };
  return h('div', { class: 'fixture' }, hubsOf(answer).filter((hub) => hub.places.length > 0).map((hub) => h('section', { class: 'fixture-hub' },
    h('h2', {}, hub.label || t('hub', { port: hub.port })),
    h('ul', { class: 'sockets' }, hub.places.map((port) => (port ? socket(port) : h('li', { class: 'gap', 'aria-hidden': 'true' })))))));
}

// Nothing, where every socket is where it was.
export function changesNotice(changed) {
  return changed.length > 0 && h('section', { class: 'notice changes', 'data-tone': 'odd', role: 'alert' }, icon('sign-error', 'notice-sign'),
    h('div', {}, h('strong', {}, t('changed', { n: changed.length })), h('p', {}, t('changed.do')),
      table([t('attempt.slot'), t('changed.was'), t('changed.is')], changed.map((one) => [one.label, one.was ?? '–', one.is ?? t('changed.gone')]), { label: t('changed', { n: changed.length }) })));
}

// The screen while names are learned. Its controls stay as they are, so that a person who types or uses the keyboard is not
// disturbed by what is plugged in.
function guide(load) {
  const word = h('p', { class: 'guide-word' });
  const next = h('strong', { class: 'guide-label' });
  const news = h('p', { class: 'guide-news' });
  const hint = h('p', { class: 'quiet-text' });
  const again = async (verb, body, done) => { if (await change(verb, body, done)) load(); };
  const skip = button('', () => again('skip'), { kind: 'quiet' });
  const back = button('', () => again('skip', { back: true }), { kind: 'quiet' });
  const finish = button(t('commissioning.finish'), () => again('finish', {}, t('commissioning.finished')), { kind: 'strong' });
  const cancel = button(t('commissioning.cancel'), () => again('cancel'), { kind: 'quiet' });
  const form = h('form', { class: 'row-form', on: { submit: async (event) => {
    event.preventDefault();
    const to = form.elements.to.value.trim();
    if (to && await change('skip', { to })) {
      form.elements.to.value = '';
      load();
    }
  } } }, field('to', t('commissioning.name'), { hint: t('commissioning.name.hint'), maxlength: 40 }), h('button', { class: 'button', type: 'submit' }, h('span', {}, t('commissioning.name.go'))));
  const room = h('div', {});
  const element = h('div', { class: 'guide-screen' }, h('section', { class: 'panel guide' }, icon('sign-empty', 'guide-sign'),
    h('div', {}, h('div', { 'aria-live': 'polite' }, word, next, news), hint, h('div', { class: 'choices left' }, finish, skip, back, cancel))),
  room, h('section', { class: 'panel' }, form));

  let plugs = null;
  function sounds({ plugs: now, twice }) {
    if (plugs !== null && now > plugs) announce(twice ? 'twice' : 'learned');
    plugs = now;
  }

  return { element, show(answer) {
    const { expect, learned, twice, wanted } = answer;
    const last = learned.at(-1);
    sounds(answer);
    setText(word, t('commissioning.plug'));
    setText(next, expect);
    setText(news, twice ? t('commissioning.twice', { label: twice.label, port: twice.port })
      : last ? t('commissioning.learned', { n: learned.length, label: last.label, port: last.port }) : '');
    setAttribute(news, 'data-tone', twice ? 'bad' : last ? 'good' : null);
    const here = live.state ? slotsOf(live.state).filter((slot) => slot.present && !learned.some((one) => one.port === slot.port)) : [];
    setText(hint, here.length > 0 ? t('commissioning.occupied', { list: here.map((slot) => slot.port.replace('-', '\u2011')).join('  ') })
      : wanted > 0 && learned.length >= wanted ? t('commissioning.all', { n: wanted }) : t('commissioning.first'));
    setText(skip.lastChild, t('commissioning.skip', { label: expect }));
    setText(back.lastChild, last ? t('commissioning.back', { label: last.label }) : '');
    setAttribute(back, 'hidden', last ? null : '');
    setAttribute(finish, 'disabled', learned.length === 0 ? '' : null);
    fill(room, fixture(answer));
  } };
}

export function open(root) {
  const content = h('div', { class: 'commissioning' });
  fill(root, h('div', { class: 'screen' }, head(t('nav.commissioning')), content));
  let timer = 0;
  let shown = '';
  let guided = null;
  let closed = false;

  async function begin() {
    const sure = await choose(t('commissioning.start'), t('commissioning.start.text'), [
      { text: t('cancel'), value: null }, { text: t('commissioning.start'), value: 'yes', kind: 'strong' }]);
    if (sure && await change('start', {})) load();
  }

  const whatItIs = (answer) => h('section', { class: 'panel' }, h('p', { class: 'big-text' }, t('commissioning.what')), answer.station_file === null
    ? h('div', { class: 'notice', 'data-tone': 'stopped' }, icon('sign-cancelled', 'notice-sign'),
      h('div', {}, h('strong', {}, t('commissioning.no-file')), h('p', {}, t('commissioning.no-file.do')), h('pre', { class: 'log', tabindex: '0' }, 'flashline run … --station line.toml')))
    : [h('ol', { class: 'plain-steps' }, ['one', 'two', 'three'].map((step) => h('li', {}, t('commissioning.step.' + step)))),
      h('div', { class: 'choices left' }, button(t('commissioning.start'), begin, { kind: 'strong', iconName: 'icon-lock' }))]);

  function show(answer) {
    if (answer.active && guided) return guided.show(answer);
    if (answer.active) {
      guided = guide(load);
      guided.show(answer);
      return fill(content, guided.element);
    }
    guided = null;
    return fill(content, changesNotice(answer.changed ?? []), whatItIs(answer), fixture(answer));
  }

  async function load() {
    clearTimeout(timer);
    const answer = await get('/api/commissioning').catch((refusal) => ({ refusal }));
    if (closed) return;
    if (answer.refusal) {
      if (!shown) fill(content, h('p', { class: 'quiet-text' }, answer.refusal.message));
    } else {
      const text = JSON.stringify([answer, (live.state ? slotsOf(live.state) : []).map((slot) => [slot.port, slot.label, slot.present])]);
      if (text !== shown) show(answer);
      shown = text;
    }
    timer = setTimeout(load, answer.active ? 500 : 5000);
  }

  load();
  return {
    close() { closed = true; clearTimeout(timer); },
    heard(kind) { if (kind === 'state') load(); },
    // The label that is stuck on the socket says which one is next.
    scanned(text) {
      if (!guided) return false;
      change('skip', { to: text }).then((answer) => { if (answer && !closed) load(); });
      return true;
    },
  };
}
