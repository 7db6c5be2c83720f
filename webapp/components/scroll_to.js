export default ({ parentElement, data }) => {
  const node = parentElement.querySelector('span');
  if (node.dataset.reason === data.reason) return;
  node.dataset.reason = data.reason;
  requestAnimationFrame(() => document.querySelector(data.selector)?.scrollIntoView({ block: 'center' }));
};
