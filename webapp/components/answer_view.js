export default function ({ parentElement, setTriggerValue }) {
  const node = parentElement.querySelector('.answer-view');
  let shown;
  // Called by answer.js; here for the answer that was there first.
  node.show = (html) => {
    if (html === shown) return;
    const focused = node.contains(document.activeElement) ? document.activeElement.dataset.switch : undefined;
    node.innerHTML = shown = html;
    if (focused) node.querySelector(`[data-switch=${focused}]`)?.focus();
  };
  node.onchange = ({ target }) => {
    shown = undefined; // the page decides on its position
    setTriggerValue('switched', target.dataset.switch);
  };
  node.show(document.querySelector('.answer')?.view ?? '');
}
