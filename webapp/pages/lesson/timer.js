// Counts down by the clock, so that a page that slept in between is right at once. The browser keeps the time for as
// long as the tab is open: `left` seconds, and, while it counts, since when.

const TICK_MS = 250;
let ticking;

export default function ({ parentElement, data }) {
  clearInterval(ticking);
  const [shown, go, reset] = parentElement.querySelector('.lesson-timer').children;
  const place = `lesson-timer ${data.name}`;
  const fresh = () => ({ left: data.seconds, since: null });
  let state = JSON.parse(sessionStorage.getItem(place) ?? 'null') ?? fresh();
  const left = () => Math.max(0, state.left - (state.since === null ? 0 : (Date.now() - state.since) / 1000));

  const show = () => {
    const seconds = Math.ceil(left());
    const text = seconds ? `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}` : data.over;
    if (shown.textContent !== text) shown.textContent = text;
    shown.classList.toggle('over', !seconds);
    go.textContent = state.since === null ? data.start : data.pause;
    go.disabled = !seconds;
  };
  const change = (next) => {
    state = next;
    sessionStorage.setItem(place, JSON.stringify(state));
    show();
  };
  reset.textContent = data.reset;
  go.onclick = () => change({ left: left(), since: state.since === null ? Date.now() : null });
  reset.onclick = () => change(fresh());
  show();
  ticking = setInterval(show, TICK_MS);
  return () => clearInterval(ticking);
}
