// The line: the fixture as it is, hub by hub, and above it what a hand must do next. Each tile keeps its elements and
// what it shows, so that an update touches only what changed.

import { can, post } from './api.js';
import { h, icon, setIcon, setText, setAttribute, fill, button } from './dom.js';
import { inEnglish, t, number, percent } from './i18n.js';
import { plan } from './layout.js';
import { live, slotsOf } from './live.js';
import { boundText, faceOf, hubReasons, isGood, isOver, nameOf, noteText } from './words.js';
import { attempt, choose } from './ask.js';
import { workWithoutOrder } from './job.js';

// The places of a hub from its first to its last slot: between them a port without a slot leaves its gap.
export function placesOf(hub) {
  const numbers = hub.slots.map((slot) => Number(/(\d+)$/.exec(slot.port)?.[1] ?? 0));
  const first = Math.min(...numbers);
  const last = Math.max(...numbers);
  if (!(last - first < 32) || new Set(numbers).size !== numbers.length) return hub.slots;
  const places = new Array(last - first + 1).fill(null);
  hub.slots.forEach((slot, i) => { places[numbers[i] - first] = slot; });
  return places;
}

const hubName = (hub) => hub.label || t('hub', { port: hub.port });

// A hub that failed too often goes on when somebody says what was done about it.
async function releaseHub(hub) {
  const reason = await choose(t('hub.release.title', { hub: hub.label || hub.port }), t('hub.release.text'),
    hubReasons.map((one) => ({ text: t('hub.reason.' + one), value: inEnglish('hub.reason.' + one) }))
      .concat([{ text: t('cancel'), value: null, kind: 'quiet' }]));
  if (reason) await attempt(() => post('/api/hubs/' + encodeURIComponent(hub.port) + '/release', { reason }, { supervisor: true }), t('hub.release.done'));
}

// Where, and what.
function noteOf(note) {
  if (!note) return '';
  const text = noteText(note);
  const hub = live.state.hubs.find((one) => one.port === note.about);
  const where = live.slots.has(note.about) ? note.slot || note.about : hub ? hubName(hub) : '';
  return text && where ? t('note.where', { where, text }) : text;
}

export class Tile {
  constructor(slot) {
    this.label = h('span', { class: 'tile-label' });
    this.sign = icon('sign-empty', 'tile-sign');
    this.word = h('span', { class: 'tile-word' });
    this.act = h('span', { class: 'tile-act' });
    this.note = h('span', { class: 'tile-note' });
    this.bar = h('span', { class: 'tile-bar' }, h('span', {}));
    this.element = h('a', { class: 'tile', href: '#/slot/' + encodeURIComponent(slot.port), 'data-port': slot.port },
      h('span', { class: 'tile-top' }, this.label, this.sign), this.word, this.act, this.note, this.bar);
  }

  show(slot, line) {
    const face = faceOf(slot, line);
    setText(this.label, nameOf(slot));
    setAttribute(this.element, 'data-long', nameOf(slot).length > 5 || null);
    setIcon(this.sign, face.sign);
    setText(this.word, face.word);
    setText(this.act, face.act);
    setAttribute(this.element, 'data-wide', face.act.length > 10 || null);
    setText(this.note, face.note);
    setAttribute(this.element, 'data-tone', face.tone);
    setAttribute(this.element, 'data-loud', face.loud ? '' : null);
    setAttribute(this.element, 'data-hint', slot.failed_in_a_row ? '' : null);
    const fraction = face.fraction === undefined ? '' : Math.round(face.fraction * 200) / 200;
    if (fraction !== this.fraction) {
      this.fraction = fraction;
      setAttribute(this.element, 'data-bar', fraction === '' ? null : '');
      if (fraction !== '') this.bar.firstChild.style.setProperty('--done', fraction);
    }
    return face;
  }
}

const figure = (key, tone, sign) => {
  const value = h('span', { class: 'figure-value' }, '–');
  const more = h('span', { class: 'figure-more' });
  const element = h('div', { class: 'figure', 'data-tone': tone }, sign && icon('sign-' + sign, 'figure-sign'),
    h('div', {}, h('div', { class: 'figure-name' }, t(key)), h('div', { class: 'figure-line' }, value, more)));
  return { element, value, more };
};

export function open(root) {
  const figures = {
    good: figure('total.good', 'good', 'passed'),
    bad: figure('total.bad', 'bad', 'failed'),
    odd: figure('total.odd', 'odd', 'error'),
    yield: figure('total.yield'),
    rate: figure('total.rate'),
    job: figure('total.job'),
  };
  const callWord = h('div', { class: 'call-word' });
  const callWhere = h('div', { class: 'call-where' });
  const call = h('section', { class: 'call', 'aria-label': t('call.name') }, callWord, callWhere);
  const jobBar = h('span', { class: 'thin-bar' }, h('span', {}));
  figures.job.element.append(jobBar);
  figures.job.element.classList.add('figure-job');
  const bound = h('p', { class: 'bound' });
  const remark = h('p', { class: 'remark' });
  const pause = button('', () => attempt(() => post('/api/line/' + (live.state.line.state === 'paused' ? 'resume' : 'pause'))),
    { kind: 'quiet pause', iconName: 'icon-pause' });
  const summary = h('section', { class: 'summary', 'aria-label': t('total.name') }, call,
    h('div', { class: 'figures' }, Object.values(figures).map((one) => one.element)),
    h('div', { class: 'summary-foot' }, bound, remark, pause));
  const troubles = h('div', { class: 'troubles' });
  const hubs = h('div', { class: 'hubs' });
  fill(root, h('div', { class: 'screen line-screen' }, h('h1', { class: 'unseen' }, t('nav.line')), summary, troubles, hubs));

  const loads = new Map();
  let tiles = new Map();
  let needs = new Map();
  let cells = [];
  let drawn = '';
  let built = '';

  function arrange() {
    if (cells.length === 0) return;
    const wide = hubs.clientWidth;
    const above = hubs.getBoundingClientRect().top - root.getBoundingClientRect().top + root.scrollTop;
    const high = Math.max(0, root.clientHeight - above - 16);
    const how = plan(wide, high, cells);
    const text = JSON.stringify(how);
    if (text === drawn) return;
    drawn = text;
    hubs.style.setProperty('--tile-width', how.tile_width + 'px');
    hubs.style.setProperty('--tile-height', how.tile_height + 'px');
    [...hubs.querySelectorAll('.hub-slots')].forEach((one, i) => one.style.setProperty('--columns', Math.min(how.columns, cells[i])));
    hubs.style.setProperty('--unit', how.unit.toFixed(1) + 'px');
    setAttribute(hubs, 'data-size', how.unit < 110 ? 'small' : how.unit < 190 ? 'middle' : 'large');
    setAttribute(root, 'data-scrolls', how.scrolls ? '' : null);
  }

  function hubHead(hub) {
    const load = h('span', { class: 'hub-more' });
    loads.set(hub.port, load);
    showLoad(hub);
    return h('h2', { class: 'hub-name' }, h('span', {}, hubName(hub)),
      hub.label && h('span', { class: 'hub-more' }, hub.port), load, hub.missing && h('strong', { class: 'hub-missing' }, t('hub.missing')),
      hub.trouble && h('strong', { class: 'hub-missing' }, t('hub.' + hub.trouble.state)));
  }

  // Hubs that were slowed or stopped: seen whatever else the line does, until somebody releases them.
  let troubled = '';
  function showTroubles() {
    const bad = live.state.hubs.filter((hub) => hub.trouble);
    const key = JSON.stringify([bad.map((hub) => [hub.port, hub.label, hub.trouble]), can('release')]);
    if (key === troubled) return;
    troubled = key;
    fill(troubles, bad.map((hub) => h('section', { class: 'trouble', 'data-state': hub.trouble.state, 'aria-label': hubName(hub) },
      h('strong', {}, hubName(hub) + ' ' + t('hub.' + hub.trouble.state)), h('p', {}, noteText(hub.trouble)),
      can('release') && button(t('hub.release'), () => releaseHub(hub), { kind: 'strong', iconName: 'icon-lock' }))));
  }

  function showLoad(hub) {
    const load = loads.get(hub.port);
    if (load) setText(load, hub.tt !== 'single' ? '' : hub.bus_load ? t('hub.load', { share: percent(hub.bus_load, 0) }) : t('hub.single-tt'));
  }

  function build() {
    const line = live.state.line;
    const structure = JSON.stringify(live.state.hubs.map((hub) => [hub.port, hub.label, hub.tt, hub.missing, hub.trouble?.state, hub.slots.map((slot) => slot.port)]));
    if (structure === built) {
      for (const slot of slotsOf(live.state)) showSlot(slot, line);
      live.state.hubs.forEach(showLoad);
      return;
    }
    built = structure;
    tiles = new Map();
    needs = new Map();
    const used = live.state.hubs.filter((hub) => hub.slots.length > 0);
    cells = used.map((hub) => placesOf(hub).length);
    if (used.length === 0) {
      fill(hubs, h('div', { class: 'nothing' }, icon('icon-commissioning', 'nothing-icon'), h('h2', {}, t('line.no-slots')),
        h('p', {}, t('line.no-slots.do')), can('commissioning') && h('a', { class: 'button strong', href: '#/commissioning' }, t('nav.commissioning'))));
      return;
    }
    fill(hubs, used.map((hub) => h('section', { class: 'hub', 'aria-label': hub.label || hub.port }, hubHead(hub),
      h('div', { class: 'hub-slots', role: 'list' }, placesOf(hub).map((slot) => {
        if (!slot) return h('span', { class: 'gap', 'aria-hidden': 'true' });
        const tile = new Tile(slot);
        tiles.set(slot.port, tile);
        showSlot(slot, line);
        return h('div', { role: 'listitem', class: 'place' }, tile.element);
      })))));
    drawn = '';
    arrange();
  }

  function showSlot(slot, line) {
    const tile = tiles.get(slot.port);
    if (tile) needs.set(slot.port, tile.show(slot, line).needs);
  }

  const withoutOrder = () => can('without-order') ? [{ text: t('job.without'), press: workWithoutOrder }] : [];

  const thatNeed = (what) => slotsOf(live.state).filter((slot) => needs.get(slot.port) === what);

  // One row of the call: what it is about, and as many names as there is room for.
  function nameRow(lead, names, sign) {
    const row = h('div', { class: 'call-row' }, sign && icon(sign, 'call-sign'), lead && h('strong', {}, lead), h('span', { class: 'call-names' }));
    return { element: row, names };
  }

  // Names that have no room are counted: a list that ends without a word looks complete.
  function fitNames({ element, names }) {
    const text = element.lastChild;
    const show = (n) => setText(text, n === names.length ? names.join('  ') : t('call.and-more', { list: names.slice(0, n).join('  '), n: names.length - n }));
    const fits = () => text.scrollWidth <= text.clientWidth;
    show(names.length);
    if (fits()) return;
    let shown = 1;
    for (let none = names.length; none - shown > 1;) {
      const middle = Math.floor((shown + none) / 2);
      show(middle);
      if (fits()) shown = middle;
      else none = middle;
    }
    show(shown);
  }

  let rows = [];
  const fitRows = () => rows.forEach(fitNames);

  // Bad units go another way than good ones: they come first, and one number never counts both.
  function unplugRows(slots) {
    const bad = slots.filter((slot) => slot.state === 'verdict' && !isGood(slot.outcome)).map(nameOf);
    const good = slots.filter((slot) => slot.state === 'verdict' && isGood(slot.outcome)).map(nameOf);
    const others = slots.filter((slot) => slot.state !== 'verdict').map(nameOf);
    const apart = bad.length > 0 || (good.length > 0 && others.length > 0);
    return [
      bad.length > 0 && nameRow(t('call.bad', { n: bad.length }), bad, 'sign-failed'),
      good.length > 0 && nameRow(apart && t('call.good', { n: good.length }), good, apart && 'sign-passed'),
      others.length > 0 && nameRow(apart && t('call.others', { n: others.length }), others),
    ].filter(Boolean);
  }

  // An action is a link, or a button that is pressed; the first is the one that most people want.
  const actionOf = (one, i) => one.href
    ? h('a', { class: 'button ' + (i === 0 ? 'strong' : 'quiet'), href: one.href }, one.text)
    : button(one.text, one.press, { kind: i === 0 ? 'strong' : 'quiet' });

  // `where`: a sentence, or rows of names; or actions instead.
  function setCall(tone, word, where, ...actions) {
    setAttribute(call, 'data-tone', tone);
    setText(callWord, word);
    const acts = actions.length > 0;
    const rowsKey = () => JSON.stringify(where.map((row) => [row.element.textContent, row.names]));
    const key = acts ? actions.map((one) => one.href ?? one.text).join(' ') : Array.isArray(where) ? rowsKey() : '';
    if (key && callWhere.dataset.shown === key) return;
    rows = Array.isArray(where) && !acts ? where : [];
    if (!key) {
      delete callWhere.dataset.shown;
      return setText(callWhere, where);
    }
    callWhere.dataset.shown = key;
    fill(callWhere, acts ? actions.map(actionOf) : rows.map((row) => row.element));
    fitRows();
  }

  // The one thing to do next is the largest thing on the screen.
  function showCall() {
    const line = live.state.line;
    const out = thatNeed('unplug');
    const free = thatNeed('plug').map(nameOf);
    const inWork = isOver(line) ? ['working', 'between'] : ['working', 'queued', 'between'];
    const busy = slotsOf(live.state).filter((slot) => inWork.includes(slot.state)).length;
    const goOn = { text: t('line.resume'), press: () => attempt(() => post('/api/line/resume')) };
    const working = slotsOf(live.state).filter((slot) => slot.state === 'working').length;
    if (line.state === 'stopped' && working > 0) return setCall('stopped', t('call.stopping'), t('call.stopping.do', { n: working }));
    if (line.state === 'stopped') return setCall('stopped', t('call.stopped'), '', goOn);
    const missing = live.state.hubs.filter((hub) => hub.missing).map((hub) => hub.label || hub.port);
    if (line.state === 'stopping' || line.state === 'stopping-now') return setCall('stopped', t('call.stopping'), busy > 0 ? t('call.stopping.do', { n: busy }) : t('call.stopping.soon'));
    if (line.state === 'commissioning') return setCall('stopped', t('call.commissioning'), '', { href: '#/commissioning', text: t('call.commissioning.do') });
    if (line.state === 'paused') return setCall('stopped', t('call.paused'), out.length > 0 ? unplugRows(out) : t('call.paused.do'));
    if (out.length > 0) return setCall('act', t('call.unplug', { n: out.length }), unplugRows(out));
    if (line.job && line.job.left === 0 && busy === 0) return setCall('good', t('call.done'), '', { href: '#/job/' + encodeURIComponent(line.job.id), text: t('call.done.do') });
    if (line.order_wanted) return setCall('act', t('call.no-job'), '', { href: '#/job', text: t('call.no-job.do') }, ...withoutOrder());
    if (free.length > 0 && !(line.job && line.job.left <= busy)) return setCall('plug', t('call.plug', { n: free.length }), [nameRow('', free)]);
    if (busy === 0 && missing.length > 0) return setCall('stopped', t('call.no-hub', { n: missing.length }), [nameRow('', missing)]);
    const stopped = live.state.hubs.filter((hub) => hub.trouble?.state === 'stopped').map((hub) => hub.label || hub.port);
    const behind = slotsOf(live.state).filter((slot) => slot.state === 'queued' && slot.waits_for === 'hub-stopped').length;
    if (busy === behind && stopped.length > 0) return setCall('stopped', t('call.hub-stopped', { n: stopped.length }), [nameRow('', stopped)]);
    if (busy > 0) return setCall('wait', t('call.wait'), t('call.wait.do', { n: busy }));
    if (tiles.size > 0 && !line.job && !line.recipe) return setCall('act', t('call.no-job'), '', { href: '#/job', text: t('call.no-job.do') });
    return setCall('wait', tiles.size === 0 ? t('line.no-slots') : t('call.nothing'), '');
  }

  function showTotals() {
    const line = live.state.line;
    const seen = line.units ?? 0;
    setText(figures.good.value, number((line.passed ?? 0) + (line.already ?? 0)));
    setText(figures.good.more, line.already ? t('total.already', { n: line.already }) : '');
    setText(figures.bad.value, number(line.failed ?? 0));
    setText(figures.odd.value, number(line.error ?? 0));
    setText(figures.odd.more, line.cancelled ? t('total.stopped', { n: line.cancelled }) : '');
    setText(figures.yield.value, line.yield === null || line.yield === undefined ? '–' : percent(line.yield));
    setText(figures.yield.more, seen && line.first_pass !== undefined ? t('total.first', { share: percent(line.first_pass / seen) }) : '');
    setText(figures.rate.value, line.units_per_hour === null || line.units_per_hour === undefined ? '–' : number(line.units_per_hour));
    const job = line.job;
    setText(figures.job.element.querySelector('.figure-name'), job ? t('total.job-left', { order: job.order }) : line.recipe ? line.recipe.name : t('total.job'));
    setText(figures.job.value, job ? number(job.left ?? 0) : line.recipe ? t('total.no-job') : '–');
    setText(figures.job.more, job?.quantity ? t('total.of', { n: job.quantity }) : '');
    setAttribute(figures.job.element, 'data-words', job ? null : '');
    setAttribute(jobBar, 'hidden', job?.quantity ? null : '');
    if (job?.quantity) jobBar.firstChild.style.setProperty('--done', Math.min(1, (job.made ?? 0) / job.quantity).toFixed(3));
    setText(bound, line.bound?.slots > 0 || line.bound?.by === 'order' ? boundText(line.bound) : '');
    setText(remark, noteOf(line.note) || (line.remark ?? ''));
    const isPaused = line.state === 'paused' || line.state === 'stopped';
    setText(pause.lastChild, isPaused ? t('line.resume') : t('line.pause'));
    setIcon(pause.firstChild, isPaused ? 'icon-resume' : 'icon-pause');
    setAttribute(pause, 'disabled', line.state === 'running' || isPaused ? null : '');
  }

  function showAll() {
    showTroubles();
    build();
    showTotals();
    showCall();
    arrange();
  }

  const sizes = new ResizeObserver(() => { arrange(); fitRows(); });
  sizes.observe(root);
  for (const part of summary.children) sizes.observe(part);
  if (live.state) showAll();

  return {
    tiles: () => tiles,
    close() { sizes.disconnect(); root.removeAttribute('data-scrolls'); },
    heard(kind, what) {
      if (kind === 'state') showAll();
      if (kind !== 'delta') return;
      const line = live.state.line;
      // A pause or the end of an order changes what every empty slot asks for.
      const everywhere = what.line && ('state' in what.line || 'job' in what.line || 'order_wanted' in what.line || 'recipe' in what.line);
      for (const slot of everywhere ? slotsOf(live.state) : what.slots) showSlot(live.slots.get(slot.port) ?? slot, line);
      for (const { port } of what.hubs) showLoad(live.state.hubs.find((hub) => hub.port === port) ?? { port });
      if (what.slots.length > 0 || everywhere) showCall();
      showTotals();
    },
  };
}
