// How the station itself is: slots, hubs and recipes compared, what to suspect, and what keeps the record safe.

import { can, get } from './api.js';
import { changesNotice } from './commissioning.js';
import { h, icon, fill } from './dom.js';
import { bytes, duration, moment, number, percent, t } from './i18n.js';
import { head, loadInto } from './parts.js';

// Yield with the range in which it lies in truth; few units make a wide one. The scale begins at `from`.
function range(row, from) {
  const on_scale = (share) => Math.max(0, (share - from) / (1 - from));
  const bar = h('span', { class: 'range', 'aria-hidden': 'true' }, h('span', { class: 'range-span' }), h('span', { class: 'range-dot' }));
  bar.style.setProperty('--low', on_scale(row.low ?? 0));
  bar.style.setProperty('--high', on_scale(row.high ?? 1));
  bar.style.setProperty('--value', on_scale(row.yield ?? 0));
  return bar;
}

function compared(title, rows, name, called = (row) => [row.label || row.port, row.label && row.port]) {
  const room = h('section', { class: 'panel' }, h('h2', {}, title));
  if (!rows || rows.length === 0) {
    room.append(h('p', { class: 'quiet-text' }, t('health.no-units')));
    return room;
  }
  const from = Math.min(.9, Math.floor(Math.min(...rows.map((row) => row.low ?? 0)) * 10) / 10);
  const sorted = [...rows].sort((a, b) => Number(b.suspect ?? false) - Number(a.suspect ?? false) || (a.yield ?? 2) - (b.yield ?? 2));
  room.append(h('div', { class: 'table-room', tabindex: '0', role: 'region', 'aria-label': title }, h('table', { class: 'compare' },
    h('thead', {}, h('tr', {}, [name, t('health.units'), t('health.failed'), t('health.yield'), from > 0 ? t('health.range.from', { low: percent(from, 0) }) : t('health.range'), ''].map((text) => h('th', { scope: 'col' }, text)))),
    h('tbody', {}, sorted.map((row) => h('tr', { 'data-suspect': row.suspect ? '' : null },
      h('th', { scope: 'row' }, called(row)[0] || '–', called(row)[1] && h('span', { class: 'hub-more' }, called(row)[1])),
      h('td', {}, number(row.units ?? 0)), h('td', {}, number(row.failed ?? 0)), h('td', {}, row.yield === null || row.yield === undefined ? '–' : percent(row.yield)),
      h('td', { class: 'range-cell' }, range(row, from)),
      h('td', {}, row.suspect ? h('span', { class: 'chip', 'data-tone': 'odd' }, icon('sign-error', 'chip-sign'), h('span', {}, t('health.suspect'))) : '')))))));
  return room;
}

function state(name, good, value, more) {
  return h('section', { class: 'state', 'data-tone': good === null ? 'plain' : good ? 'good' : 'odd' }, icon(good === null ? 'sign-skipped' : good ? 'sign-passed' : 'sign-error', 'state-sign'),
    h('div', {}, h('h2', {}, name), h('div', { class: 'state-value' }, value), more && h('div', { class: 'quiet-text' }, more)));
}

const day = 86400000;

function show(health) {
  const { disk, clock, database, station } = health;
  const free = disk?.total_bytes ? disk.free_bytes / disk.total_bytes : null;
  const backup = database?.last_backup ? Date.now() - new Date(database.last_backup) < 7 * day : null;  // null: nobody knows
  const suspects = [...(health.slots ?? []), ...(health.hubs ?? []), ...(health.recipes ?? [])].filter((row) => row.suspect).length;
  return [
    changesNotice(health.changed),
    suspects > 0 && h('div', { class: 'notice', 'data-tone': 'odd' }, icon('sign-error', 'notice-sign'), h('div', {}, h('strong', {}, t('health.suspects', { n: suspects })), h('p', {}, t('health.suspects.do')))),
    h('div', { class: 'states' },
      disk && state(t('health.disk'), free === null ? null : free > 0.1, t('health.free', { bytes: bytes(disk.free_bytes) }), free !== null && t('health.of', { bytes: bytes(disk.total_bytes), share: percent(free, 0) })),
      clock && state(t('health.clock'), clock.synchronised ?? null, t(clock.synchronised === null || clock.synchronised === undefined ? 'health.clock.unknown' : clock.synchronised ? 'health.clock.good' : 'health.clock.bad'), clock.synchronised === false ? t('health.clock.do') : clock.steps ? t('health.clock.steps', { n: clock.steps }) : ''),
      database && state(t('health.database'), true, t('health.rows', { n: database.rows ?? 0 }), [bytes(database.bytes ?? 0), database.last_commit_ms !== undefined && database.last_commit_ms !== null ? t('health.commit', { ms: number(database.last_commit_ms, 1) }) : ''].filter(Boolean).join('  ·  ')),
      database && state(t('health.backup'), backup, database.last_backup ? moment(database.last_backup) : t('health.backup.never'), backup ? '' : t('health.backup.do')),
      station && state(t('health.station'), null, [station.name, station.version].filter(Boolean).join('  ·  '), [station.host, station.uptime_seconds !== undefined ? t('health.uptime', { time: duration(station.uptime_seconds) }) : ''].filter(Boolean).join('  ·  '))),
    compared(t('health.slots'), health.slots, t('attempt.slot')),
    h('div', { class: 'two' }, compared(t('health.hubs'), health.hubs, t('health.hub')), compared(t('health.recipes'), health.recipes, t('job.recipe'), (row) => [row.name ?? row.port, row.label])),
  ];
}

export function open(root) {
  const content = h('div', {});
  fill(root, h('div', { class: 'screen' }, head(t('nav.health')), content));
  const both = async () => {
    const [health, sockets] = await Promise.all([get('/api/health'), can('commissioning') ? get('/api/commissioning') : { changed: [] }]);
    return { ...health, changed: sockets.changed };
  };
  const load = () => loadInto(content, both, show);
  load();
  const timer = setInterval(() => { if (!document.hidden && document.body.dataset.link === 'online') load(); }, 15000);
  return { close() { clearInterval(timer); } };
}
