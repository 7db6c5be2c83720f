// The large code is a modal dialog of the browser's own: it lies above everything, Escape closes it, and it stays when
// the page behind it is drawn anew.

export default function ({ parentElement, data }) {
  const button = parentElement.querySelector('.qr-code');
  const dialog = parentElement.querySelector('.qr-large');
  for (const picture of parentElement.querySelectorAll('img')) picture.src = data.picture;
  button.setAttribute('aria-label', data.label);
  button.title = data.label;
  dialog.setAttribute('aria-label', data.address);
  dialog.querySelector('p').textContent = data.address;
  button.onclick = () => dialog.showModal();
  dialog.onclick = () => dialog.close();
}
