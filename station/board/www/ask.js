// What the page asks a person: who they are, whether they mean it; and what it says in passing. Dialogs are the
// browser's own, so that keyboard, focus and Escape work as people know them.

import { session, signIn, Refusal } from './api.js';
import { h, fill, button, icon } from './dom.js';
import { t } from './i18n.js';
import { keep, kept } from './memory.js';

function show(kind, title, content) {
  const heading = h('h2', { id: 'dialog-title' }, title);
  const dialog = h('dialog', { class: 'dialog ' + kind, 'aria-labelledby': 'dialog-title' }, heading, content);
  document.body.append(dialog);
  dialog.addEventListener('close', () => dialog.remove());
  dialog.showModal();
  return dialog;
}

// Resolves to the value of the choice, or null where the dialog was left.
export function choose(title, text, choices, kind = '') {
  return new Promise((resolve) => {
    let chosen = null;
    const buttons = choices.map((choice) => button(choice.text, () => {
      chosen = choice.value;
      dialog.close();
    }, { kind: choice.kind ?? '', iconName: choice.icon, 'data-choice': choice.value ?? 'none' }));
    const dialog = show(kind, title, [text && h('p', {}, text), h('div', { class: 'choices' }, buttons)].filter(Boolean));
    dialog.addEventListener('close', () => resolve(chosen));
    buttons.at(-1).focus();
  });
}

export function field(name, label, { value = '', type = 'text', hint = '', ...more } = {}) {
  const id = 'field-' + name;
  return h('div', { class: 'field' }, h('label', { for: id }, label),
    h('input', { id, name, type, value, autocomplete: 'off', spellcheck: 'false', autocapitalize: 'off', 'aria-describedby': hint ? id + '-hint' : null, ...more }),
    hint && h('span', { class: 'hint', id: id + '-hint' }, hint));
}

// Names that signed in at this screen, the last one first: nobody types in gloves what was typed here before.
const most_names = 8;
export const namesHere = () => {
  try {
    const names = JSON.parse(kept('names', '[]'));
    return Array.isArray(names) ? names.filter((one) => typeof one === 'string') : [];
  } catch {
    return [];
  }
};
const remember = (name) => keep('names', JSON.stringify([name, ...namesHere().filter((one) => one !== name)].slice(0, most_names)));

let open_sign_in = null;

// True when somebody is signed in afterwards who may do it.
export function askWho({ supervisor = false } = {}) {
  open_sign_in ??= new Promise((resolve) => {
    let done = false;
    const here = namesHere();
    const known = [...new Set([...here, ...(session.operators ?? [])])];
    const needs_pin = session.pin_required;
    const error = h('p', { class: 'form-error', role: 'alert' });
    const name = field('operator', t('sign-in.name'), { value: supervisor ? '' : kept('operator', ''), required: true, maxlength: 40, list: 'names' });
    const take = (one) => {
      form.elements.operator.value = one;
      (form.elements.pin ?? form.querySelector('[type=submit]')).focus();
    };
    const chips = here.length > 0 && h('div', { class: 'choices left names', role: 'group', 'aria-label': t('sign-in.here') },
      here.map((one) => button(one, () => take(one), { kind: 'quiet' })));
    const pin = needs_pin && field('pin', t('sign-in.pin'), { type: 'password', inputmode: 'numeric', required: true });
    const refuse = (text) => {
      fill(error, text);
      if (!form.elements.pin) return;
      form.elements.pin.value = '';
      form.elements.pin.focus();
    };
    const form = h('form', { class: 'form', on: { submit: (event) => {
      event.preventDefault();
      const operator = form.elements.operator.value.trim();
      if (!operator) return;
      fill(error);
      signIn(operator, form.elements.pin?.value).then(() => {
        if (supervisor && session.role !== 'supervisor') return refuse(t('error.forbidden'));
        keep('operator', operator);
        remember(operator);
        done = true;
        dialog.close();
      }).catch((refusal) => refuse(refusal.message));
    } } },
    h('p', {}, supervisor ? t('sign-in.supervisor') : t('sign-in.why')), chips, name, pin, error,
    h('datalist', { id: 'names' }, known.map((one) => h('option', { value: one }))),
    h('div', { class: 'choices' }, button(t('cancel'), () => dialog.close()),
      h('button', { class: 'button strong', type: 'submit' }, h('span', {}, t('sign-in.go')))));
    const dialog = show('sign-in', t('sign-in'), form);
    (form.elements.operator.value && form.elements.pin ? form.elements.pin : form.elements.operator).focus();
    dialog.addEventListener('close', () => {
      open_sign_in = null;
      resolve(done);
    });
  });
  return open_sign_in;
}

export function say(text, { tone = 'plain', detail = '', seconds = 6 } = {}) {
  const toast = h('div', { class: 'toast', 'data-tone': tone }, icon(tone === 'bad' ? 'sign-error' : tone === 'good' ? 'sign-passed' : 'icon-line', 'toast-sign'),
    h('div', {}, h('div', {}, text), detail && h('div', { class: 'toast-detail' }, detail)),
    h('button', { type: 'button', class: 'toast-close', 'aria-label': t('close'), on: { click: () => toast.remove() } }, '×'));
  document.getElementById('toasts').append(toast);
  if (seconds > 0) setTimeout(() => toast.remove(), seconds * 1000);
  return toast;
}

// Carries out a change; a refusal is said where the person looks. `null` when it was not done.
export async function attempt(change, done) {
  try {
    const answer = await change();
    if (answer !== null && done) say(done, { tone: 'good' });
    return answer;
  } catch (refusal) {
    if (!(refusal instanceof Refusal)) throw refusal;
    const detail = [refusal.detail !== refusal.message ? refusal.detail : '', refusal.remedy].filter(Boolean).join(' ');
    say(refusal.message, { tone: 'bad', detail, seconds: 12 });
    return null;
  }
}
