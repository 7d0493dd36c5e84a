// The line as the station tells it: one stream of events, read with fetch so that its heartbeats (comments) count as
// a sign of life and a refusal shows its status. Lost connections come back by themselves, and then with the whole
// state, so nothing that was missed matters.

const silence = 12000;  // ms without a sign of life until the line counts as out of sight; the station beats every 5 s
const longest_wait = 15000;

export const live = {
  state: null,       // the whole snapshot
  link: 'starting',  // online, offline, refused
  retry_at: 0,
  slots: new Map(),  // by port
};

const listeners = new Set();
let wait = 1000;
let abort = null;
let watchdog = 0;
let timer = 0;

export function listen(listener) {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

const tell = (kind, what) => { for (const listener of [...listeners]) listener(kind, what); };

function setLink(link) {
  if (live.link === link) return;
  live.link = link;
  document.body.dataset.link = link;
  tell('link', link);
}

export function slotsOf(state) {
  return state.hubs.flatMap((hub) => hub.slots);
}

function take(state) {
  live.state = state;
  live.slots = new Map(slotsOf(state).map((slot) => [slot.port, slot]));
}

function heard(event, data) {
  if (event === 'state') {
    const fresh = live.link !== 'online';
    take(data);
    wait = 1000;
    setLink('online');
    tell('state', { fresh });
  } else if (event === 'replaced') {
    wait = longest_wait;  // this screen has more windows open than the station shows: they take turns, slowly
  } else if (event === 'delta' && live.state) {
    live.state.n = data.n;
    live.state.time = data.time ?? live.state.time;
    Object.assign(live.state.line, data.line);
    for (const { port, bus_load } of data.hubs ?? []) {
      const hub = live.state.hubs.find((one) => one.port === port);
      if (hub) hub.bus_load = bus_load;
    }
    for (const slot of data.slots ?? []) Object.assign(live.slots.get(slot.port) ?? {}, slot);
    tell('delta', { line: data.line, hubs: data.hubs ?? [], slots: data.slots ?? [] });
  }
}

// Lines of an event stream, in whatever pieces they come.
export function eventReader(onEvent) {
  let rest = '';
  let event = 'message';
  let data = [];
  return (text) => {
    const lines = (rest + text).split('\n');
    rest = lines.pop();
    for (const raw of lines) {
      const line = raw.endsWith('\r') ? raw.slice(0, -1) : raw;
      if (line === '') {
        if (data.length > 0) onEvent(event, data.join('\n'));
        event = 'message';
        data = [];
      } else if (line.startsWith('event:')) {
        event = line.slice(6).trim();
      } else if (line.startsWith('data:')) {
        data.push(line.slice(5).trimStart());
      }
    }
  };
}

function alive() {
  clearTimeout(watchdog);
  watchdog = setTimeout(() => abort?.abort(), silence);
}

async function follow() {
  abort = new AbortController();
  alive();
  const answer = await fetch('/api/events', { signal: abort.signal, headers: { Accept: 'text/event-stream' }, cache: 'no-store' });
  if (answer.status === 401 || answer.status === 403) return 'refused';
  if (!answer.ok) return 'offline';
  const read = eventReader((event, data) => heard(event, JSON.parse(data)));
  const decoder = new TextDecoder();
  const reader = answer.body.getReader();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return 'offline';
    alive();
    read(decoder.decode(value, { stream: true }));
  }
}

export async function connect() {
  clearTimeout(timer);
  abort?.abort();
  const mine = {};
  connect.current = mine;
  const end = await follow().catch((error) => {
    if (error.name !== 'AbortError' && error.name !== 'TypeError') console.error(error);
    return 'offline';
  });
  if (connect.current !== mine) return;
  clearTimeout(watchdog);
  abort?.abort();
  live.retry_at = end === 'refused' ? 0 : Date.now() + wait;
  setLink(end);
  if (end === 'refused') return;  // until somebody signs in
  tell('retry', live.retry_at);
  timer = setTimeout(connect, wait);
  wait = Math.min(longest_wait, wait * 1.7 + Math.random() * 300);
}

// A page that comes out of the background or gets its network back does not wait.
window.addEventListener('online', () => { if (live.link === 'offline') connect(); });
document.addEventListener('visibilitychange', () => {
  if (!document.hidden && live.link === 'offline') connect();
});
