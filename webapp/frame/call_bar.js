// Asks every few seconds whether the teacher calls, while the page is in sight, and shows it in a bar that lies over the
// page: nothing moves. What came of a call stays in this tab.

const EVERY = 4000; // ms
const CAME = 'mnist-call-came';
const AWAY = 'mnist-call-away';

// Private windows may refuse to keep anything: then this page remembers.
const kept = new Map();
const read = (key) => {
  try {
    return sessionStorage.getItem(key) ?? '';
  } catch {
    return kept.get(key) ?? '';
  }
};
const keep = (key, number) => {
  kept.set(key, String(number));
  try {
    sessionStorage.setItem(key, number);
  } catch {
    // see above
  }
};

// The page's address with what this visitor has chosen for all pages: a new page begins a new session.
const target = ({ base }, address) => {
  const url = new URL(base + address, location.href);
  const language = new URLSearchParams(location.search).get('lang');
  if (language && !url.searchParams.has('lang')) url.searchParams.set('lang', language);
  return url;
};

const isHere = (url) => {
  const here = new URL(location.href);
  return url.pathname === here.pathname && [...url.searchParams].every(([name, value]) => here.searchParams.get(name) === value);
};

const show = (root, { number, address, come, present }) => {
  const part = (name) => root.bar.querySelector(name);
  const calling = present !== undefined;
  if (number && !calling && isHere(target(root.data, address))) keep(CAME, number);
  const over = !number || (!calling && [read(CAME), read(AWAY)].includes(String(number)));
  const page = number ? (root.data.pages[address.split('?')[0]] ?? address) : '';
  const count = present ? root.data.calling.replace('{come}', come).replace('{present}', present) : root.data.alone;
  const words = (calling ? count : root.data.calls).replace('{page}', page);
  if (!over && part('span').textContent !== words) part('span').textContent = words;
  if (over) part('span').textContent = '';
  root.bar.classList.toggle('call-own', calling);
  part('.call-go').hidden = part('.call-away').hidden = calling;
  part('.call-end').hidden = !calling;
  root.bar.hidden = over;
  part('.call-go').onclick = () => {
    keep(CAME, number);
    location.assign(target(root.data, address));
  };
  part('.call-away').onclick = () => {
    keep(AWAY, number);
    root.bar.hidden = true;
  };
  part('.call-end').onclick = () => {
    root.bar.hidden = true;
    root.end(number);
  };
};

const ask = async (root) => {
  clearTimeout(root.timer);
  const drawing = document.querySelector('.st-key-pad')?.pad?.drawing; // nothing comes between pen and page
  if (!document.hidden && !drawing) {
    const response = await fetch(`${root.data.route}?came=${read(CAME)}`).catch(() => undefined);
    const call = response?.ok ? await response.json().catch(() => undefined) : undefined;
    if (call && !root.off.signal.aborted) show(root, call);
  }
  clearTimeout(root.timer); // somebody else has asked meanwhile
  if (!root.off.signal.aborted) root.timer = setTimeout(ask, EVERY, root);
};

export default function ({ parentElement, data, setTriggerValue }) {
  const known = parentElement.call;
  const root = known ?? (parentElement.call = { bar: parentElement.querySelector('.call-bar'), off: new AbortController() });
  const isNews = !known || known.data.made !== data.made;
  root.data = data;
  root.end = (number) => setTriggerValue('ended', number);
  root.bar.querySelector('.call-go').textContent = data.go;
  root.bar.querySelector('.call-end').textContent = data.end;
  root.bar.querySelector('.call-away').setAttribute('aria-label', data.away);
  if (!known) {
    // Nor does anything that is there already lie between pen and page.
    const aside = ({ type, target }) => {
      const draws = type === 'pointerdown' && Boolean(target.closest?.('.st-key-pad'));
      root.bar.classList.toggle('call-aside', draws);
    };
    for (const type of ['pointerdown', 'pointerup', 'pointercancel']) {
      document.addEventListener(type, aside, { signal: root.off.signal, capture: true });
    }
    document.addEventListener('visibilitychange', () => document.hidden || ask(root), { signal: root.off.signal });
  }
  if (isNews) ask(root);
  return () => {
    root.off.abort();
    clearTimeout(root.timer);
    delete parentElement.call;
  };
}
