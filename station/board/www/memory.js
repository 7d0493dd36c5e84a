// What this screen remembers between visits: language, light, sound, name. A browser may forbid it; then it forgets.

export function kept(key, otherwise) {
  try {
    return localStorage.getItem('flashline.' + key) ?? otherwise;
  } catch {
    return otherwise;
  }
}

export function keep(key, value) {
  try {
    localStorage.setItem('flashline.' + key, value);
  } catch { /* forgotten */ }
}
