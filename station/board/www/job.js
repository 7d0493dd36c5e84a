// The order that is made now, the ones that can be made, and what proves them afterwards.

import { can, get, post, session } from './api.js';
import { attempt, choose, field, say } from './ask.js';
import { h, icon, fill, button, setAttribute } from './dom.js';
import { moment, number, t } from './i18n.js';
import { live } from './live.js';
import { facts, head, loadInto, panel, table } from './parts.js';

const at = (id) => '/api/jobs/' + encodeURIComponent(id);
const stateChip = (job, current) => h('span', { class: 'chip', 'data-tone': job.state === 'closed' ? 'good' : current ? 'busy' : 'plain' },
  t(job.state === 'closed' ? 'job.closed' : current ? 'job.current' : 'job.open'));

function progress(job) {
  const bar = h('span', { class: 'thin-bar large', role: 'progressbar', 'aria-valuemin': 0, 'aria-valuemax': job.quantity ?? 0, 'aria-valuenow': job.made ?? 0, 'aria-label': t('job.made') }, h('span', {}));
  bar.firstChild.style.setProperty('--done', job.quantity ? Math.min(1, (job.made ?? 0) / job.quantity).toFixed(3) : 0);
  return bar;
}

async function use(job) {
  const answer = await attempt(() => post(at(job.id) + '/use', {}), t('job.used', { order: job.order }));
  if (answer) location.hash = '#/line';
  return answer;
}

async function close(job, again) {
  const short = job.left > 0 ? t('job.close.short', { n: job.left }) : t('job.close.text');
  const sure = await choose(t('job.close.title', { order: job.order }), short, [
    { text: t('cancel'), value: null }, { text: t('job.close'), value: 'yes', kind: 'strong' }]);
  if (!sure) return;
  const answer = await attempt(() => post(at(job.id) + '/close', {}, { supervisor: true }), t('job.close.done', { order: job.order }));
  if (answer) again();
}

// Units are flashed as they come, until somebody starts an order. A supervisor says so, and it is on record.
export async function workWithoutOrder() {
  const sure = await choose(t('job.without'), t('job.without.text'), [
    { text: t('cancel'), value: null }, { text: t('job.without'), value: 'yes', kind: 'strong' }]);
  if (sure) await attempt(() => post('/api/line/without-order', {}, { supervisor: true }), t('job.without.done'));
}

// The one whose units they are. Another one who takes over the line says so, at the change of the shift for one.
function takeOver(job, again) {
  if (!can('use') || !session.session || live.state?.line.operator === session.operator) return null;
  return button(t('job.take-over', { operator: session.operator }), async () => { if (await use(job) !== null) again(); }, { kind: 'quiet', iconName: 'icon-person' });
}

// Nothing is said of the line before it has told its state: "no order" would be a guess.
const asking = () => h('section', { class: 'panel current', 'aria-busy': 'true' }, h('p', { class: 'quiet-text' }, t('loading')));

function pauseButton() {
  const paused = ['paused', 'stopped'].includes(live.state?.line.state);
  return button(t(paused ? 'line.resume' : 'line.pause'), () => attempt(() => post('/api/line/' + (paused ? 'resume' : 'pause'))),
    { iconName: paused ? 'icon-resume' : 'icon-pause' });
}

function opening(recipes, again) {
  const form = h('form', { class: 'form', on: { submit: async (event) => {
    event.preventDefault();
    const value = (name) => form.elements[name]?.value.trim() || undefined;
    const order = { order: value('order'), product: value('product'), recipe: value('recipe'), lot: value('lot'), quantity: Number(value('quantity')),
      valid_until: value('valid_until') && new Date(value('valid_until')).toISOString() };
    const job = await attempt(() => post('/api/jobs', order, { supervisor: true }), t('job.opened', { order: order.order }));
    if (!job) return;
    const id = job.id ?? job.job?.id;
    if (!can('use') || (live.state?.line.job && live.state.line.job.left > 0)) location.hash = '#/job/' + encodeURIComponent(id);  // not over another's head
    else if (await use({ id, order: order.order }) === null) again();
  } } },
  field('order', t('job.order'), { required: true, maxlength: 80, hint: t('job.order.hint') }),
  field('quantity', t('job.quantity'), { type: 'number', min: 1, max: 1000000, required: true, inputmode: 'numeric' }),
  h('div', { class: 'field' }, h('label', { for: 'field-recipe' }, t('job.recipe')),
    h('select', { id: 'field-recipe', name: 'recipe' }, recipes.length !== 1 && h('option', { value: '' }, t('job.recipe.any')),
      recipes.map((one) => h('option', { value: one.name }, one.revision ? t('job.recipe.one', { name: one.name, revision: one.revision }) : one.name)))),
  field('product', t('job.product'), { maxlength: 80, hint: t('optional') }), field('lot', t('job.lot'), { maxlength: 80, hint: t('optional') }),
  field('valid_until', t('job.valid'), { type: 'datetime-local', hint: t('optional') }),
  h('div', { class: 'choices left' }, h('button', { class: 'button strong', type: 'submit' }, icon('icon-resume'), h('span', {}, t(can('use') ? 'job.start' : 'job.open-it')))));
  return form;
}

function list(root, screen) {
  const content = h('div', {});
  const create = (recipes) => {
    const box = h('details', { class: 'panel fold', open: live.state !== null && !live.state.line.job }, h('summary', {}, t('job.new')), opening(recipes, reload));
    return box;
  };

  function show({ jobs, recipes }) {
    const current = live.state?.line.job ?? null;
    screen.jobs = jobs;
    const now = current && (jobs.find((one) => one.id === current.id) ?? current);
    const open_jobs = jobs.filter((one) => one.state !== 'closed' && one.id !== current?.id);
    const closed = jobs.filter((one) => one.state === 'closed');
    return [
      now ? h('section', { class: 'panel current' }, h('h2', {}, t('job.now')), h('div', { class: 'job-now' },
        h('div', {}, h('div', { class: 'job-order' }, now.order), h('div', { class: 'quiet-text' }, [now.product, now.lot && t('job.lot.is', { lot: now.lot }), now.recipe].filter(Boolean).join('  ·  '))),
        h('div', { class: 'job-left' }, h('strong', {}, number(now.left ?? 0)), h('span', {}, t('job.left', { quantity: now.quantity ?? 0 })))), progress(now),
      facts([[t('job.operator'), live.state?.line.operator ?? now.operator], [t('job.since'), now.opened && moment(now.opened)]]),
      h('div', { class: 'choices left' }, now.left > 0 && pauseButton(), now.left > 0 && takeOver(now, reload),
        button(t('job.close'), () => close(now, reload), { kind: now.left > 0 ? 'quiet' : 'strong', iconName: 'icon-lock' }),
        h('a', { class: 'button quiet', href: '#/job/' + encodeURIComponent(now.id) }, t('job.details'))))
        : !live.state ? asking()
        : h('section', { class: 'panel current' }, h('h2', {}, t(live.state?.line.without_order ? 'job.without.now' : 'job.none')), h('p', { class: 'big-text' }, t(can('use') ? 'job.none.do' : 'job.none.open')),
          live.state?.line.order_wanted && can('without-order') && [h('p', {}, t('job.without.hint')),
            h('div', { class: 'choices left' }, button(t('job.without'), workWithoutOrder, { kind: 'quiet', iconName: 'icon-resume' }))]),
      create(recipes ?? []),
      live.state && panel(t('job.waiting'), open_jobs.length === 0 ? h('p', { class: 'quiet-text' }, t('job.waiting.none'))
        : h('ul', { class: 'cards' }, open_jobs.map((one) => h('li', { class: 'card' },
          h('div', {}, h('strong', { class: 'card-title' }, one.order), h('div', { class: 'quiet-text' }, [one.product, t('job.of', { made: one.made ?? 0, quantity: one.quantity })].filter(Boolean).join('  ·  ')), progress(one)),
          h('div', { class: 'choices' }, h('a', { class: 'button quiet', href: '#/job/' + encodeURIComponent(one.id) }, t('job.details')), can('use') && button(t('job.use'), () => use(one), { kind: 'strong' })))))),
      closed.length > 0 && panel(t('job.done'), table([t('job.order'), t('job.product'), t('job.made'), t('job.closed.at'), ''], closed.map((one) => [
        h('a', { href: '#/job/' + encodeURIComponent(one.id) }, one.order), one.product ?? '', t('job.of', { made: one.made ?? 0, quantity: one.quantity }), moment(one.closed),
        h('a', { href: '#/job/' + encodeURIComponent(one.id) }, t('certificate'))]), { label: t('job.done') })),
      h('div', {}, h('p', { class: 'quiet-text' }, t('report.today')), reports('day=' + today())),
    ];
  }
  const reload = (how) => loadInto(content, () => get('/api/jobs'), show, how);
  fill(root, h('div', { class: 'screen' }, head(t('nav.job'), h('p', { class: 'quiet-text' }, t('job.scan'))), content));
  reload();
  return reload;
}

// To look at, and to take along.
function reports(what) {
  const link = (format) => h('a', { class: 'button quiet', href: '/api/report?format=' + format + '&' + what, target: '_blank', rel: 'noopener' }, t('report.' + format));
  return h('section', { class: 'panel no-print' }, h('h2', {}, t('report')), h('div', { class: 'choices left' }, ['summary', 'html', 'xlsx', 'csv'].map(link)));
}

// As the station's day begins and ends where this page is read.
const today = () => new Date(Date.now() - new Date().getTimezoneOffset() * 60000).toISOString().slice(0, 10);

function detail(root, id) {
  const content = h('div', {});
  function show(job) {
    const current = live.state?.line.job?.id === job.id;
    const idle = live.state !== null && !current && job.state !== 'closed';
    const counts = job.counts ?? job.units ?? {};
    return [
      h('section', { class: 'panel current' }, h('div', { class: 'job-now' },
        h('div', {}, h('div', { class: 'job-order' }, job.order), stateChip(job, current)),
        h('div', { class: 'job-left' }, h('strong', {}, t('job.of', { made: job.made ?? 0, quantity: job.quantity })), h('span', {}, t('job.made')))), progress(job),
      facts([[t('job.product'), job.product], [t('job.lot'), job.lot], [t('job.recipe'), job.recipe], [t('job.operator'), job.operator], [t('job.since'), moment(job.opened)],
        [t('job.closed.at'), job.closed && moment(job.closed)], [t('job.valid'), job.valid_until && moment(job.valid_until)]]
        .concat(Object.entries(counts).filter(([, n]) => typeof n === 'number').map(([key, n]) => [t('outcome.' + key), number(n)]))),
      h('div', { class: 'choices left' }, idle && can('use') && button(t('job.use'), () => use(job), { kind: 'strong' }),
        job.state !== 'closed' && button(t('job.close'), () => close(job, reload), { kind: job.left > 0 ? 'quiet' : 'strong', iconName: 'icon-lock' }))),
      idle && !can('use') && h('p', { class: 'big-text' }, t('job.start-with', { order: job.order })),
      job.certificate ? h('section', { class: 'panel certificate' }, h('h2', {}, t('certificate')), h('p', { class: 'quiet-text no-print' }, t('certificate.what')),
        h('div', { class: 'choices left no-print' }, h('a', { class: 'button strong', href: at(id) + '/certificate.html', target: '_blank', rel: 'noopener' }, t('certificate.page')),
          h('a', { class: 'button', href: at(id) + '/certificate', download: job.order + '.certificate' }, t('download')),
          h('a', { class: 'button quiet', href: at(id) + '/certificate.minisig', download: job.order + '.certificate.minisig' }, t('download.signature'))),
        h('pre', { class: 'paper', tabindex: '0' }, job.certificate))
        : job.state !== 'closed' && panel(t('certificate'), h('p', {}, t('certificate.none'))),
      reports('job=' + encodeURIComponent(job.order)),
    ];
  }
  const reload = (how) => loadInto(content, () => get(at(id)), show, how);
  fill(root, h('div', { class: 'screen' }, h('a', { class: 'button quiet back no-print', href: '#/job' }, icon('icon-back'), h('span', {}, t('nav.job'))), h('h1', { class: 'unseen' }, t('nav.job')), content));
  reload();
  return reload;
}

export function open(root, id) {
  const screen = { jobs: [] };
  const reload = id ? detail(root, id) : list(root, screen);
  let seen = '';
  let timer = 0;
  return {
    close() { clearTimeout(timer); },
    heard(kind) {
      if (kind !== 'state' && kind !== 'delta') return;
      const line = live.state.line;
      const now = JSON.stringify([line.state, line.job?.id, line.job?.made, line.job?.left, line.operator, line.without_order, line.order_wanted]);
      const first = seen === '';
      if (now === seen) return;
      seen = now;
      if (first && kind === 'delta') return;
      clearTimeout(timer);
      timer = setTimeout(reload, 300, { gently: true });
    },
    scanned(text) {
      if (id) return false;
      const job = screen.jobs.find((one) => one.order === text || one.id === text);
      if (job && job.state === 'closed') location.hash = '#/job/' + encodeURIComponent(job.id);
      else if (job && can('use')) use(job);
      else if (job) location.hash = '#/job/' + encodeURIComponent(job.id);
      else {
        const field = root.querySelector('#field-order');
        if (!field) return false;
        field.closest('details').open = true;
        field.value = text;
        root.querySelector('#field-quantity').focus();
        say(t('job.scanned', { order: text }));
      }
      return true;
    },
  };
}
