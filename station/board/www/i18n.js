// Words in the language of the person who stands there. One file a language (lang/*.json): keys are flat, a value is
// text with {names}, or an object by plural category where the number changes the words.

let code = 'en';
let words = {};
let english = {};
let plural = new Intl.PluralRules('en');

const read = async (language) => (await fetch('lang/' + language + '.json')).json();

export async function useLanguage(language) {
  if (Object.keys(english).length === 0) english = await read('en');
  words = language === 'en' ? english : await read(language);
  code = language;
  plural = new Intl.PluralRules(language);
  document.documentElement.lang = language;
}

export const language = () => code;
// The words of the first language: what the record keeps of a choice.
export const inEnglish = (key) => english[key] ?? key;
export const has = (key) => key in words || key in english;

export function t(key, values = {}) {
  let text = words[key] ?? english[key] ?? key;
  if (typeof text === 'object') text = text[plural.select(values.n ?? 0)] ?? text.other;
  return text.replace(/\{(\w+)\}/g, (whole, name) => {
    const value = values[name];
    if (value === undefined || value === null) return '';
    return typeof value === 'number' ? number(value) : String(value);
  });
}

export const number = (value, digits = 0) =>
  new Intl.NumberFormat(code, { maximumFractionDigits: digits, minimumFractionDigits: digits }).format(value);

export const percent = (share, digits = 1) =>
  new Intl.NumberFormat(code, { style: 'percent', maximumFractionDigits: share === 1 ? 0 : digits }).format(share);

export const seconds = (value) => t('seconds', { n: value < 10 ? number(value, 1) : number(value) });

export function duration(total) {
  const hours = Math.floor(total / 3600);
  const minutes = Math.floor((total % 3600) / 60);
  if (hours > 0) return t('hours-minutes', { h: hours, m: minutes });
  return minutes > 0 ? t('minutes', { m: minutes }) : t('seconds', { n: number(total) });
}

export function moment(time) {
  if (!time) return '–';
  const date = new Date(time);
  return Number.isNaN(date.getTime()) ? time
    : date.toLocaleString(code, { month: 'short', day: 'numeric', hour: '2-digit', minute: '2-digit', second: '2-digit', hour12: false });
}

export function bytes(count) {
  const units = ['B', 'kB', 'MB', 'GB', 'TB'];
  let power = 0;
  while (count >= 1000 && power < units.length - 1) {
    count /= 1000;
    power += 1;
  }
  return number(count, power > 0 && count < 10 ? 1 : 0) + '\u202f' + units[power];
}
