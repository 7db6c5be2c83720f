// Copies a text when its button is pressed. Browsers offer navigator.clipboard only to pages that came over https or
// from this computer; a class opens the app over plain http, where the old way by a selected text field still works.

const SHOWN_MS = 2000;

const copyByTextField = (text, button) => {
  const field = document.createElement('textarea');
  field.value = text;
  field.readOnly = true; // no keyboard opens on a phone
  field.style.cssText = 'position: fixed; top: 0; left: 0; opacity: 0;';
  button.after(field); // beside the button: an open popover takes the focus back from anything outside it
  field.select();
  const copied = document.execCommand('copy');
  field.remove();
  button.focus();
  return copied;
};

const copy = async (text, button) => {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return copyByTextField(text, button);
  }
};

export default function ({ parentElement, data }) {
  const button = parentElement.querySelector('.copy-button');
  if (!button.timer) button.textContent = data.label; // else it still says how the last press went
  button.onclick = async () => {
    const copied = await copy(data.text, button);
    clearTimeout(button.timer);
    button.textContent = copied ? data.copied : data.failed;
    button.classList.toggle('copied', copied);
    const reset = () => {
      button.timer = undefined;
      button.textContent = data.label;
      button.classList.remove('copied');
    };
    button.timer = setTimeout(reset, SHOWN_MS);
  };
}
