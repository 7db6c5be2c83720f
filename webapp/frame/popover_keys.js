// A popover stands at the end of the document, behind all that the page has: Tab would only come to it after all of that.
const first = (body) =>
  [...body.querySelectorAll('a[href], button, input, textarea, select, summary, [tabindex="0"]')].find(
    (node) => !node.disabled && node.checkVisibility(),
  );

const lead = (event) => {
  if (event.key !== 'Tab' || event.shiftKey || event.altKey || event.ctrlKey || event.metaKey) return;
  if (!document.activeElement.matches('[data-testid="stPopoverButton"][aria-expanded="true"]')) return;
  const node = [...document.querySelectorAll('[data-testid="stPopoverBody"]')].map(first).find(Boolean);
  if (!node) return;
  event.preventDefault();
  node.focus();
};

export default () => document.addEventListener('keydown', lead); // which changes nothing the second time
