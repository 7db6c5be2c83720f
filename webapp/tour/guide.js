// A new card begins at the top of what it is about; what there is to be seen once it is done may be in sight already.
export default ({ parentElement, data }) => {
  const status = parentElement.querySelector('span');
  if (status.dataset.reason === data.reason) return;
  status.dataset.reason = data.reason;
  status.textContent = data.said;
  requestAnimationFrame(() => {
    document.querySelector(data.selector)?.scrollIntoView({ block: data.said ? 'nearest' : 'start' });
    if (!data.said) document.querySelector('.tour-title')?.focus({ preventScroll: true });
  });
};
