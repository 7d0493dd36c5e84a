// The frame around the screens: who is there, where one can go, what is wrong with the link, and "stop" at hand.

import { can, get, onSession, onWhoIsThere, post, refreshSession, session, signOut } from './api.js';
import { askWho, attempt, choose, say } from './ask.js';
import { h, icon, setIcon, setText, setAttribute, fill, button } from './dom.js';
import { language, t, useLanguage } from './i18n.js';
import { connect, listen, live, slotsOf } from './live.js';
import { keep, kept } from './memory.js';
import { onScan } from './scan.js';
import { announce, blocked, onSound, setSound, sound, wake } from './sound.js';
import { faceOf, faultTitle, isGood, nameOf } from './words.js';
import { scanned, forgetPair } from './pair.js';
import * as line from './line.js';
import * as slot from './slot.js';
import * as job from './job.js';
import * as units from './units.js';
import * as health from './health.js';
import * as commissioning from './commissioning.js';

const screens = { line, slot, job, units, health, commissioning };
const tabs = () => ['line', 'job', 'units', 'health', 'commissioning'].filter(isThere);
const isThere = (name) => name !== 'commissioning' || can('commissioning');
const main = document.getElementById('main');
const header = document.getElementById('header');
const banners = document.getElementById('banners');
const parts = {};  // of the frame
let languages = ['en'];
let screen = null;
let offered = '';  // what the frame was built for
let changed = [];  // sockets that are not where they were
let alarmed = '';  // of these, what is shown as an alarm

// ---- where we are

function place() {
  const [name, ...rest] = location.hash.replace(/^#\/?/, '').split('/').map(decodeURIComponent);
  const known = name in screens;
  return { name: known && isThere(name) ? name : 'line', rest, lost: name !== '' && !known };
}

function go() {
  const { name, rest, lost } = place();
  if (lost) say(t('nav.lost', { address: location.hash }), { tone: 'bad' });
  screen?.close?.();
  main.dataset.screen = name;
  main.scrollTop = 0;
  screen = screens[name].open(main, ...rest);
  const title = t('nav.' + name) + (name === 'slot' && rest[0] ? ' ' + nameOf(live.slots.get(rest[0]) ?? { port: rest[0] }) : '');
  document.title = title + ' – Flashline';
  for (const link of document.querySelectorAll('[data-tab]')) {
    const here = link.dataset.tab === name || (name === 'slot' && link.dataset.tab === 'line');
    setAttribute(link, 'aria-current', here ? 'page' : null);
  }
}

// ---- the frame

const tabLinks = (kind) => tabs().map((name) =>
  h('a', { class: kind, href: '#/' + name, 'data-tab': name }, icon('icon-' + name), h('span', {}, t('nav.' + name))));

function cycleLight() {
  const order = ['auto', 'light', 'dark'];
  keep('light', order[(order.indexOf(kept('light', 'auto')) + 1) % 3]);
  showLight();
}

const dark = matchMedia('(prefers-color-scheme: dark)');
dark.addEventListener('change', showLight);

function showLight() {
  const wish = kept('light', 'auto');
  document.documentElement.dataset.theme = wish === 'auto' ? (dark.matches ? 'dark' : 'light') : wish;
  if (!parts.light) return;
  setIcon(parts.light.firstChild, 'icon-' + wish);
  setAttribute(parts.light, 'aria-label', t('light.' + wish));
  setAttribute(parts.light, 'title', t('light.' + wish));
}

function showSound() {
  if (!parts.sound) return;
  setIcon(parts.sound.firstChild, sound.on ? 'icon-sound' : 'icon-mute');
  setAttribute(parts.sound, 'aria-pressed', String(sound.on));
  setAttribute(parts.sound, 'title', sound.on ? t('sound.on') : t('sound.off'));
  setAttribute(parts.sound, 'aria-label', t('sound'));
  setAttribute(parts.hint, 'hidden', blocked() ? null : '');
}

function showWho() {
  if (!parts.who) return;
  setText(parts.who.lastChild, session.session ? session.operator : t('sign-in'));
  setAttribute(parts.who, 'data-role', session.session ? session.role : null);
  setAttribute(parts.who, 'title', session.session ? t('role.' + session.role) : t('sign-in'));
}

async function whoPressed() {
  if (!session.session) return askWho();
  const what = await choose(session.operator, t('role.' + session.role), [
    { text: t('sign-out'), value: 'out' }, { text: t('sign-in.other'), value: 'other' }, { text: t('close'), value: null }]);
  if (what === 'out' && await attempt(signOut) !== null) connect();  // elsewhere than on the station itself the line is out of sight now
  if (what === 'other') await askWho();
}

async function stopPressed() {
  const kind = await choose(t('stop.title'), t('stop.text'), [
    { text: t('stop.safe'), value: 'safe', kind: 'danger', icon: 'icon-stop' },
    { text: t('stop.now'), value: 'now', kind: 'danger-quiet' },
    { text: t('stop.no'), value: null, kind: 'strong' }], 'stop');
  if (kind) await attempt(() => post('/api/line/stop', { kind }), t('stop.done'));
}

function buildFrame() {
  parts.hint = button(t('sound.hint'), wake, { kind: 'hint', iconName: 'icon-sound' });
  parts.sound = h('button', { type: 'button', class: 'tool', on: { click: () => setSound(!sound.on) } }, icon('icon-sound'));
  parts.light = h('button', { type: 'button', class: 'tool', on: { click: cycleLight } }, icon('icon-auto'));
  parts.who = h('button', { type: 'button', class: 'tool who', on: { click: whoPressed } }, icon('icon-person'), h('span', {}, ''));
  parts.language = h('select', { class: 'tool', 'aria-label': t('language'), on: { change: (event) => speak(event.target.value) } },
    languages.map((code) => h('option', { value: code, selected: code === language() }, nameOfLanguage(code))));
  parts.station = h('span', { class: 'station' }, live.state?.station ?? '');
  parts.stop = button(t('stop'), stopPressed, { kind: 'danger stop-all', iconName: 'icon-stop' });
  fill(header, h('a', { class: 'brand', href: '#/line', 'aria-label': 'Flashline' }, h('img', { src: 'icon.svg', alt: '' }), parts.station),
    h('nav', { class: 'top-tabs', 'aria-label': t('nav') }, tabLinks('top-tab')),
    h('div', { class: 'tools' }, parts.hint, parts.sound, parts.light, parts.language, parts.who), parts.stop);
  const bottom = document.getElementById('tabs');
  bottom.setAttribute('aria-label', t('nav'));
  fill(bottom, tabLinks('tab'));
  setText(document.getElementById('skip'), t('skip'));
  showLight();
  showSound();
  showWho();
}

// In its own words: "English", "中文".
const nameOfLanguage = (code) => {
  const name = new Intl.DisplayNames([code], { type: 'language' }).of(code.split('-')[0]);
  return name.charAt(0).toLocaleUpperCase(code) + name.slice(1);
};

// ---- banners

let countdown = 0;

function banner(id, tone, content) {
  const old = document.getElementById(id);
  if (!content) return old?.remove();
  const fresh = h('div', { id, class: 'banner', role: 'alert', 'data-tone': tone }, content);
  if (old) old.replaceWith(fresh);
  else banners.append(fresh);
}

function showLink() {
  clearInterval(countdown);
  banner('refused', 'odd', live.link === 'refused' && [icon('icon-lock'), h('strong', {}, t('link.refused')),
    button(t('sign-in'), () => askWho(), { kind: 'strong' })]);
  if (live.link !== 'offline') return banner('offline', 'bad', null);
  const when = h('span', { class: 'banner-more', 'aria-hidden': 'true' });
  const meant = live.state?.line.state.startsWith('stopping');
  banner('offline', 'bad', [icon('sign-error', 'banner-sign'), h('strong', {}, t(meant ? 'link.stopped' : 'link.offline')),
    h('span', {}, t(meant ? 'link.stopped.do' : 'link.offline.do')), when, button(t('link.now'), connect, { kind: 'strong' })]);
  const count = () => setText(when, t('link.again', { n: Math.max(0, Math.ceil((live.retry_at - Date.now()) / 1000)) }));
  count();
  countdown = setInterval(count, 500);
}

// It can be dismissed; the next change shows it again.
function showChanges() {
  const text = JSON.stringify(changed);
  const show = changed.length > 0 && kept('changes-seen', '') !== text;
  if (show && text !== alarmed) announce('alarm');
  alarmed = show ? text : '';
  banner('changed', 'bad', show && [icon('sign-error', 'banner-sign'), h('strong', {}, t('changed', { n: changed.length })),
    h('span', { class: 'banner-text' }, changed.slice(0, 4).map((one) => one.is ? t('changed.one', one) : t('changed.lost', one)).join('  ') + (changed.length > 4 ? ' …' : '') + ' ' + t('changed.do')),
    h('span', { class: 'banner-choices' }, h('a', { class: 'button', href: '#/commissioning' }, t('nav.commissioning')),
      button(t('changed.seen'), () => { keep('changes-seen', text); showChanges(); }))]);
}

async function lookForChanges() {
  if (!can('commissioning')) return;
  changed = await get('/api/commissioning').then((answer) => answer.changed ?? []).catch(() => changed);
  if (changed.length === 0) keep('changes-seen', '');
  showChanges();
}

// A screen on the wall does not go dark while there is a line to see; where the browser does not allow that, it does.
async function stayAwake() {
  if (document.hidden || !navigator.wakeLock) return;
  await navigator.wakeLock.request('screen').catch(() => {});
}
document.addEventListener('visibilitychange', stayAwake);

// ---- verdicts are heard and read out, once each

const spoken = document.getElementById('spoken');
let to_say = [];
let talk = 0;

function speakVerdicts() {
  talk = 0;
  const text = to_say.length <= 4 ? to_say.join(' ') : t('spoken.many', { n: to_say.length });
  to_say = [];
  spoken.append(h('p', {}, text));
  while (spoken.childElementCount > 5) spoken.firstChild.remove();
}

function verdictReached(slotNow) {
  announce(isGood(slotNow.outcome) ? 'passed' : 'failed');
  const why = slotNow.last?.fault && !isGood(slotNow.outcome) ? t('sentence', { text: faultTitle(slotNow.last.fault) }) : '';
  to_say.push(t('spoken.one', { slot: nameOf(slotNow), outcome: t('outcome.' + slotNow.outcome), why }).trim());
  talk ||= setTimeout(speakVerdicts, 800);
}

const known = new Map();  // port -> visit and state that was announced

function hearVerdicts(slots, quiet) {
  for (const now of slots) {
    const key = now.state === 'verdict' ? [now.visit, now.attempt, now.outcome].join('|') : '';
    if (known.get(now.port) === key) continue;
    known.set(now.port, key);
    if (key && !quiet) verdictReached(now);
  }
}

// Another program may have come back under this address.
function showOffer() {
  if (offered === String(session.can)) return;
  offered = String(session.can);
  buildFrame();
  go();
}

// ---- what comes in

listen((kind, what) => {
  if (kind === 'state') {
    hearVerdicts(slotsOf(live.state), what.fresh);
    setText(parts.station, live.state.station);
    lookForChanges();
  }
  if (kind === 'delta') hearVerdicts(what.slots, false);
  if (kind === 'delta' && 'changed_slots' in (what.line ?? {})) lookForChanges();
  if (kind === 'link' || kind === 'retry') showLink();
  if (kind === 'link' && live.link === 'online') refreshSession().then(showOffer).catch(() => {});
  if (kind === 'state' || kind === 'delta') {
    const state = live.state.line.state;
    setAttribute(parts.stop, 'disabled', state.startsWith('stopping') ? '' : null);
    if (document.body.dataset.line !== state) document.body.dataset.line = state;
  }
  if (kind === 'state' && what.fresh && screen?.stale) go();
  else screen?.heard?.(kind, what);
});

async function speak(code) {
  await useLanguage(code);
  keep('language', code);
  buildFrame();
  go();
  showLink();
  showChanges();
}

function wished() {
  const wish = kept('language', null);
  if (languages.includes(wish)) return wish;
  for (const code of navigator.languages ?? []) {
    const match = languages.find((one) => one === code) ?? languages.find((one) => one.split('-')[0] === code.split('-')[0]);
    if (match) return match;
  }
  return languages[0];
}

async function start() {
  showLight();
  languages = await get('/api/languages').then((answer) => answer.languages).catch(() => ['en']);
  languages.sort((a, b) => (a === 'en' ? -1 : b === 'en' ? 1 : a.localeCompare(b)));
  await useLanguage(wished());
  onWhoIsThere(askWho);
  onSession(showWho);
  onSession(() => { if (session.session && live.link === 'refused') connect(); });
  onSound(showSound);
  await refreshSession().catch(() => {});
  offered = String(session.can);
  buildFrame();
  window.addEventListener('hashchange', () => {
    main.focus({ preventScroll: true });  // who reads by ear or walks by keyboard goes on in the new screen
    go();
  });
  onScan((text) => {
    if (document.querySelector('dialog[open]')) return;
    if (!(screen?.scanned?.(text))) scanned(text);
  });
  window.addEventListener('keydown', (event) => { if (event.key === 'Escape') forgetPair(); });
  go();
  connect();
  stayAwake();
}

start();
