export default function ({ parentElement, data, setTriggerValue }) {
  const node = parentElement.querySelector('.live-html');
  if (node.shown !== data.html) {
    const focused = node.contains(document.activeElement) ? document.activeElement.dataset.switch : undefined;
    node.innerHTML = node.shown = data.html;
    if (focused) node.querySelector(`[data-switch=${focused}]`)?.focus();
  }
  node.onchange = ({ target }) => {
    node.shown = undefined; // the page decides on its position
    setTriggerValue('switched', target.dataset.switch);
  };
}
