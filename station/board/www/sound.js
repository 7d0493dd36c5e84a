// What a verdict sounds like: two rising clear tones for good, three low rough ones for bad. And what else is heard. Browsers keep quiet until
// somebody has touched the page; `blocked` says so, for the page to ask for that touch.

import { keep, kept } from './memory.js';

let context = null;
let waiting = new Set();
let timer = 0;

export const sound = { on: kept('sound', 'on') === 'on' };
const watchers = new Set();
export const onSound = (watch) => watchers.add(watch);
const tell = () => { for (const watch of watchers) watch(); };

export const blocked = () => sound.on && (context === null || context.state !== 'running');

export async function wake() {
  if (navigator.userActivation && !navigator.userActivation.hasBeenActive) return;
  context ??= new AudioContext();
  if (context.state !== 'running') await context.resume().catch(() => {});
  tell();
}

export function setSound(on) {
  sound.on = on;
  keep('sound', on ? 'on' : 'off');
  if (on) wake();
  tell();
}

function tone(from, frequency, length, shape, loudness) {
  const oscillator = context.createOscillator();
  const gain = context.createGain();
  oscillator.type = shape;
  oscillator.frequency.value = frequency;
  gain.gain.setValueAtTime(0, from);
  gain.gain.linearRampToValueAtTime(loudness, from + 0.015);
  gain.gain.setValueAtTime(loudness, from + length - 0.04);
  gain.gain.linearRampToValueAtTime(0, from + length);
  oscillator.connect(gain).connect(context.destination);
  oscillator.start(from);
  oscillator.stop(from + length);
}

// Each returns its length in seconds.
const voices = {
  passed(from) {
    tone(from, 659, 0.14, 'triangle', 0.8);
    tone(from + 0.15, 988, 0.24, 'triangle', 0.8);
    return 0.45;
  },
  failed(from) {
    for (let i = 0; i < 3; i += 1) {
      tone(from + i * 0.27, 147, 0.2, 'sawtooth', 0.6);
      tone(from + i * 0.27, 156, 0.2, 'square', 0.25);
    }
    return 0.95;
  },
  learned(from) {
    tone(from, 880, 0.1, 'triangle', 0.7);
    return 0.15;
  },
  twice(from) {
    tone(from, 330, 0.12, 'triangle', 0.8);
    tone(from + 0.18, 330, 0.12, 'triangle', 0.8);
    return 0.35;
  },
  alarm(from) {
    for (let i = 0; i < 2; i += 1) {
      tone(from + i * 0.6, 784, 0.25, 'square', 0.3);
      tone(from + i * 0.6 + 0.28, 523, 0.25, 'square', 0.3);
    }
    return 1.2;
  },
};

export const played = [];  // what was heard last, newest at the end; for tests and for nobody else

function play() {
  timer = 0;
  const kinds = ['alarm', 'failed', 'passed', 'twice', 'learned'].filter((kind) => waiting.has(kind));  // the bad news first
  waiting = new Set();
  if (!sound.on) return;
  played.push(...kinds);
  played.splice(0, Math.max(0, played.length - 20));
  if (blocked()) return tell();
  let from = context.currentTime + 0.02;
  for (const kind of kinds) from += voices[kind](from) + 0.1;
}

// Many verdicts at once are one sound of each kind.
export function announce(kind) {
  waiting.add(kind);
  timer ||= setTimeout(play, 200);
}

for (const touch of ['pointerdown', 'pointerup', 'keydown']) {
  // Later: to set up sound takes the browser a quarter of a second, and the touch may be the first key of a scan.
  window.addEventListener(touch, () => { if (sound.on && blocked()) setTimeout(wake, 400); }, { capture: true, passive: true });
}
