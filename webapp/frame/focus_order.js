// Streamlit hangs popovers and dialogs at the end of the document: Tab would come to them only after all that the page
// has, and whatever had the focus in a popover that gave way to a dialog is gone when that is closed.
const BODY = '[data-testid="stPopoverBody"]';
const BUTTON = '[data-testid="stPopoverButton"]';
const REACHED = 'a[href], button, input, textarea, select, summary, [tabindex="0"]';
let opener;

const stops = (body) =>
  [...body.querySelectorAll(REACHED)].filter((node) => !node.disabled && node.tabIndex >= 0 && node.checkVisibility());

// From the button into what it has opened, from there on to what follows the button, and backwards as well.
const lead = (event) => {
  if (event.key !== 'Tab' || event.altKey || event.ctrlKey || event.metaKey) return;
  const button = document.querySelector(`${BUTTON}[aria-expanded="true"]`);
  const inside = [...document.querySelectorAll(BODY)].map(stops).find((nodes) => nodes.length);
  if (!button || !inside) return;
  const here = document.activeElement;
  if (!event.shiftKey && here === button) {
    event.preventDefault();
    inside[0].focus();
  } else if (event.shiftKey && here === inside[0]) {
    event.preventDefault();
    button.focus();
  } else if (!event.shiftKey && here === inside.at(-1)) {
    button.focus({ preventScroll: true }); // the browser goes on from here
  }
};

const note = ({ target }) => {
  opener = target.closest?.(BUTTON) ?? opener;
};

const giveBack = () => {
  if (document.activeElement === document.body && opener?.isConnected) opener.focus({ preventScroll: true });
};

const closed = new MutationObserver((changes) => {
  const gone = changes.flatMap(({ removedNodes }) => [...removedNodes]);
  if (gone.some((node) => node.dataset?.testid === 'stDialog')) setTimeout(giveBack);
});

export default () => {
  // None of this changes anything the second time.
  document.addEventListener('keydown', lead);
  document.addEventListener('click', note);
  closed.observe(document.body, { childList: true });
};
