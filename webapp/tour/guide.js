// A page that shows another training begins with its top: what is below that waits, and may be long in coming.
const MOMENT = 300;
const TRIES = 10;

export default ({ parentElement, data }) => {
  const status = parentElement.querySelector('span');
  const before = status.dataset.reason;
  if (before === data.reason) return;
  status.dataset.reason = data.reason;
  status.textContent = data.said;
  const show = (tries) => {
    if (status.dataset.reason !== data.reason) return;
    const part = data.selector ? document.querySelector(data.selector) : null;
    if (!part && tries) setTimeout(show, MOMENT, tries - 1);
    part?.scrollIntoView({ block: data.comes ? 'start' : 'nearest' });
  };
  if (!data.comes) setTimeout(show, MOMENT, data.selector ? TRIES : 0);
  else requestAnimationFrame(() => {
    document.querySelector('.tour-title')?.focus({ preventScroll: true });
    if (before !== undefined) show(0); // a page that has just opened is at its top
  });
};
