// One slot: what happened here in words a person can act on, step by step; the log folded away; who was here before.

import { can, get, post } from './api.js';
import { attempt, choose, field } from './ask.js';
import { h, icon, setIcon, setText, setAttribute, fill, button } from './dom.js';
import { bytes, has, inEnglish, seconds, t } from './i18n.js';
import { live } from './live.js';
import { pair } from './pair.js';
import { attemptsTable, facts, newestFirst, panel } from './parts.js';
import { faceOf, faultAdvice, faultTitle, hintOf, isGood, isOver, nameOf, skipReasons, whyClosed, whyNot } from './words.js';

const stepSigns = {
  done: 'sign-passed', already: 'sign-already', running: 'sign-working', failed: 'sign-failed', stopped: 'sign-cancelled',
  written: 'sign-cancelled', 'worked-on': 'sign-working', 'not-reached': 'sign-skipped', waiting: 'sign-queued',
};

function stepRow(step) {
  const phase = has('phase.' + step.state) ? t('phase.' + step.state) : '';  // what is done with it now
  const state = phase ? 'running' : step.state in stepSigns ? step.state : 'waiting';
  return h('li', { class: 'step', 'data-state': state }, icon(stepSigns[state], 'step-sign'),
    h('span', { class: 'step-name' }, step.name), h('span', { class: 'step-state' }, phase || t('step.' + state)),
    h('span', { class: 'step-more' }, [step.address, step.bytes ? bytes(step.bytes) : '', step.seconds ? seconds(step.seconds) : ''].filter(Boolean).join('  ·  ')));
}

// As the tile says it: one advice, and for the unit that is still in the socket what its fault asks for.
function afterFault(slot, fault, line) {
  if (slot.advice === 'replug-hub') return t('story.hub.do');
  if (slot.advice === 'plug-back' && slot.taken_out) return t('story.back.do');
  if (slot.advice === 'plug-next') return t(isOver(line) ? 'story.taken.order' : 'story.taken.do');
  return faultAdvice(fault);
}

// What happened, and what to do: the two sentences a person came here for.
function story(slot, line) {
  const fault = slot.last?.fault;
  if (slot.state === 'quarantined') return [t('story.quarantined'), slot.present ? t('story.quarantined.unplug') : t('story.quarantined.do')];
  if (slot.state === 'no-hub') return [t('story.no-hub', { hub: slot.port.replace(/[.][0-9]+$/, '') }), t('story.no-hub.do')];
  if (slot.state === 'skipped') return [t('story.skipped'), slot.present ? t('story.skipped.unplug') : t('story.skipped.do')];
  if (slot.state === 'foreign' && slot.missed) return [t('story.missed'), t('story.missed.do')];
  if (slot.state === 'foreign') return [t('story.foreign'), t('story.foreign.do')];
  if (slot.state === 'verdict' && isGood(slot.outcome)) return [t('story.good.' + slot.outcome), slot.present ? t('story.good.do') : isOver(line) ? t('story.gone.order') : t('story.gone.do')];
  if (slot.state === 'verdict' && fault) return [t('sentence', { text: faultTitle(fault) }), afterFault(slot, fault, line)];
  if (slot.state === 'verdict') return [t('sentence', { text: t('outcome.' + slot.outcome) }), t('story.unknown.do')];
  if (slot.state === 'between') return [t('story.between'), slot.advice === 'plug-back' ? t('story.back.do') : t('story.working.do')];
  if (slot.state === 'queued' && slot.waits_for === 'hub-stopped') return [t('story.queued.hub'), t('story.hub-stopped.do')];
  if (slot.state === 'queued') return [t('story.queued'), isOver(line) ? t('bound.order') : t('story.working.do')];
  if (slot.state === 'working') return [t('story.working'), t('story.working.do')];
  if (slot.hub_stopped) return [t('story.empty.hub'), t('story.hub-stopped.do')];
  return [t('story.empty'), isOver(line) ? t('bound.order') : t('story.empty.do')];
}

export function open(root, port) {
  const label = h('span', { class: 'now-label' });
  const sign = icon('sign-empty', 'now-sign');
  const word = h('span', { class: 'now-word' });
  const act = h('span', { class: 'now-act' });
  const bar = h('span', { class: 'tile-bar' }, h('span', {}));
  const now = h('section', { class: 'now' }, h('div', { class: 'now-top' }, label, sign), word, act, bar);
  const what = h('p', { class: 'story-what' });
  const todo = h('p', { class: 'story-do' });
  const tools = h('div', { class: 'choices left' });
  const more = h('div', { class: 'slot-more' });
  fill(root, h('div', { class: 'screen' },
    h('a', { class: 'button quiet back', href: '#/line' }, icon('icon-back'), h('span', {}, t('nav.line'))),
    h('h1', { class: 'unseen' }, t('nav.slot')),
    h('div', { class: 'two' }, now, h('section', { class: 'panel story' }, what, todo, tools)), more));

  // The address may name its label, as people type it.
  const slotNow = () => live.slots.get(port) ?? [...live.slots.values()].find((slot) => nameOf(slot) === port);
  let shown = '';
  let loaded = '';
  let timer = 0;

  async function release() {
    const sure = await choose(t('release.title', { slot: nameOf(slotNow()) }), t('release.text'), [
      { text: t('cancel'), value: null }, { text: t('release'), value: 'yes', kind: 'strong' }]);
    if (sure) await attempt(() => post('/api/slots/' + encodeURIComponent(port) + '/release', {}, { supervisor: true }), t('release.done'));
  }

  async function skip(wanted) {
    let reason = '';
    if (wanted) {
      reason = await choose(t('skip.title', { slot: nameOf(slotNow()) }), t('skip.text'),
        skipReasons.map((one) => ({ text: t('skip.reason.' + one), value: inEnglish('skip.reason.' + one) }))
          .concat([{ text: t('cancel'), value: null, kind: 'quiet' }]));
      if (!reason) return;
    }
    await attempt(() => post('/api/slots/' + encodeURIComponent(port) + '/skip', { skip: wanted, reason }), t(wanted ? 'skip.done' : 'skip.undone'));
  }

  function toolsFor(slot) {
    const list = [];
    if (slot.state === 'quarantined' && (can('release') || can('slots'))) list.push(button(t('release'), release, { kind: 'strong', iconName: 'icon-lock' }));
    if (!can('slots')) return list;
    if (slot.skipped_by === 'board') list.push(button(t('slot.use'), () => skip(false), { kind: 'strong' }));
    if (!slot.skipped_by && slot.state !== 'quarantined') list.push(button(t('slot.skip'), () => skip(true), { kind: 'quiet' }));
    return list;
  }

  function labelForm(slot) {
    const form = h('form', { class: 'row-form', on: { submit: (event) => {
      event.preventDefault();
      const text = form.elements.label.value.trim();
      if (text) pair(text, slotNow()).then((answer) => answer && load());
    } } }, field('label', t('pair.label'), { hint: t('pair.hint'), maxlength: 80 }),
    h('button', { class: 'button', type: 'submit' }, h('span', {}, t('pair'))));
    return form;
  }

  function details(slot) {
    const fault = slot.last?.fault;
    return h('details', { class: 'panel fold' }, h('summary', {}, t('slot.details')),
      facts([[t('fact.port'), slot.port], [t('fact.unit'), slot.unit], [t('fact.serial'), slot.serial], [t('fact.label'), slot.label_of_unit],
        [t('fact.visit'), slot.visit], [t('fact.fault'), fault?.code], [t('fact.step'), fault?.step], [t('fact.operation'), fault?.operation],
        [t('fact.address'), fault?.address], [t('fact.block'), fault?.block?.toString()], [t('fact.text'), fault?.text]]),
      h('h3', {}, t('slot.log')), slot.log?.length ? h('pre', { class: 'log', tabindex: '0' }, slot.log.join('\n')) : h('p', { class: 'quiet-text' }, t('slot.log.none')));
  }

  async function load() {
    let slot;
    try {
      slot = await get('/api/slots/' + encodeURIComponent(port));
    } catch (refusal) {
      if (!more.firstChild) fill(more, h('p', { class: 'quiet-text' }, refusal.message));
      return;
    }
    // Typing a label or reading the log is not disturbed.
    const typing = more.querySelector('input')?.value;
    const was_open = more.querySelector('details')?.open;
    if (typing && more.contains(document.activeElement)) return;
    const steps = slot.steps ?? [];
    fill(more,
      h('div', { class: 'two' },
        panel(t('slot.steps'), steps.length > 0 ? h('ol', { class: 'steps' }, steps.map(stepRow)) : h('p', { class: 'quiet-text' }, t('slot.steps.none'))),
        panel(t('pair.title'), labelForm(slot), slot.label_of_unit && h('p', {}, t('pair.is', { label: slot.label_of_unit })))),
      panel(t('slot.history'), attemptsTable(newestFirst(slot.attempts ?? []))), details(slot));
    if (was_open) more.querySelector('details').open = true;
  }

  function show() {
    const slot = slotNow();
    if (!slot) {
      setText(what, live.state ? t('slot.unknown', { port }) : '');
      return;
    }
    const face = faceOf(slot, live.state.line);
    setText(label, nameOf(slot));
    setIcon(sign, face.sign);
    setText(word, face.word);
    setText(act, face.act);
    setAttribute(now, 'data-tone', face.tone);
    setAttribute(now, 'data-loud', face.loud ? '' : null);
    setAttribute(now, 'data-bar', face.fraction === undefined ? null : '');
    if (face.fraction !== undefined) bar.firstChild.style.setProperty('--done', face.fraction.toFixed(3));
    const [happened, next] = story(slot, live.state.line);
    const reason = slot.state === 'skipped' ? whyNot(slot) : slot.state === 'quarantined' ? whyClosed(slot) : slot.state === 'verdict' ? hintOf(slot) : '';
    setText(what, reason ? happened + ' ' + t('sentence', { text: reason.replace(/[.。]$/, '') }) : happened);
    setText(todo, slot.skipped_by && slot.state !== 'skipped' ? next + ' ' + t('story.last-unit') : next);
    const state = [slot.state, slot.outcome, slot.skipped_by].join();
    if (state !== shown) {
      shown = state;
      fill(tools, toolsFor(slot));
    }
    const version = [slot.state, slot.visit, slot.attempt, slot.step, slot.outcome, slot.label_of_unit].join();
    if (version !== loaded && !timer) {
      loaded = version;
      timer = setTimeout(() => { timer = 0; load(); }, more.firstChild ? 400 : 0);
    }
  }

  show();
  if (!live.state) load();
  return {
    close() { clearTimeout(timer); },
    heard(kind) { if (kind === 'state' || kind === 'delta') show(); },
    scanned(text) {
      const slot = slotNow();
      if (!slot || ['empty', 'quarantined', 'skipped', 'foreign', 'no-hub'].includes(slot.state)) return false;
      if (text.toLowerCase() === nameOf(slot).toLowerCase()) return false;
      pair(text, slot).then((answer) => answer && load());
      return true;
    },
  };
}
